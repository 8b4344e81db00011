"""What a factory is told of data."""

import numpy as np

import bench
from bench.spec import Part, Parts
from bench.trial.context import model_context


def test_no_factory_is_told_what_tells_the_rows_apart():
    """Slices label all rows of a dataset, the test rows among them: by class, say."""
    y = np.arange(6) % 2
    extra = {"slices": {"class": y}, "season": 12}
    part = Part(np.zeros((3, 1)), y[:3], range(3))
    context = model_context(
        bench.Dataset(np.zeros((6, 1)), y, extra=extra),
        Parts(part, None, part),
        task="classification",
        modality="tabular",
        n_train=3,
        n_train_max=3,
        has_missing=False,
        metric="accuracy",
        seed=1,
    )
    assert dict(context.extra) == {"season": 12}
