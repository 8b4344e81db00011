"""What bench knew of its own metrics and tasks when tables did not say it yet: schema 1 and 2.

It is written down once and never changed: a metric that is another one today was this one then.
What plugins offered is not known.
"""

from __future__ import annotations

PRIMARY_METRICS = {
    "classification": "balanced-accuracy",
    "regression": "rmse",
    "clustering": "adjusted-rand",
}
"""By task: the metric that led."""

METRICS: tuple[tuple[str, str, float], ...] = (
    ("balanced-accuracy", "higher", 1.0),
    ("accuracy", "higher", 1.0),
    ("precision", "higher", 1.0),
    ("recall", "higher", 1.0),
    ("f1", "higher", 1.0),
    ("log-loss", "lower", 0.0),
    ("roc-auc", "higher", 1.0),
    ("calibration-error", "lower", 0.0),
    ("rmse", "lower", 0.0),
    ("mse", "lower", 0.0),
    ("mae", "lower", 0.0),
    ("r2", "higher", 1.0),
    ("adjusted-rand", "higher", 1.0),
    ("nmi", "higher", 1.0),
    ("silhouette", "higher", 1.0),
)
"""Name, direction and ideal; all of version 1."""
