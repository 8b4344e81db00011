"""An engine that compiles nothing: least squares in place of training, for checks of conventions.

What scikit-learn checks of an estimator hangs on its parameters and on the shell of all tables;
compiling a network for each of the many shapes that it tries would cost minutes.
"""

from types import SimpleNamespace

import numpy as np


def train(design, recipe, training, held=None):
    """Fit linear functions of the inputs to targets, or to indicators of classes."""
    rows = slice(len(training))
    A, y = _features(design.network, _cut(training.X, rows)), training.y[rows]
    if design.loss == "cross-entropy":
        y = np.eye(design.network.n_outputs)[y]
    if design.loss != "squared-error":
        y = 8 * y - 4
    root = np.sqrt(training.weight[rows])[:, None]
    solution = np.linalg.lstsq(A * root, y * root, rcond=1e-6)[0]
    return SimpleNamespace(
        parameters=(solution.astype(np.float32),),
        given=(),
        n_parameters=solution.size,
        loss_curve=[0.0],
        validation_curve=[0.0],
        n_epochs=1,
        stop_reason="max_epochs",
    )


def predict(design, trained, X):
    """Return (n, n_outputs)."""
    return (_features(design.network, X) @ trained.parameters[0]).astype(np.float32)


def _cut(X, rows):
    return tuple(part[rows] for part in X) if isinstance(X, tuple) else X[rows]


def _features(network, X):
    values, codes = X if isinstance(X, tuple) else (X, np.zeros((len(X), 0)))
    blocks = [values, np.square(values), np.ones((len(values), 1))]
    return np.hstack([*blocks, *((codes == level) * 1.0 for level in range(8))])
