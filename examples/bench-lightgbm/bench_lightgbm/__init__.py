"""LightGBM as a plugin of bench."""

from collections.abc import Iterator
from pathlib import Path

import bench

HOOK_API = 2


@bench.hookimpl
def bench_models() -> Iterator[bench.ModelSpec]:
    """Yield the model."""
    yield bench.ModelSpec(
        name="lightgbm",
        family="classical",
        does=(("classification", "tabular"), ("regression", "tabular")),
        factory="bench_lightgbm.model:make",
        params={"n_estimators": 200, "learning_rate": 0.05},
        summary="Gradient boosting of leaf-wise trees on histograms.",
        fit_params=("sample_weight",),
        # What the page "Parameters Tuning" of LightGBM's documentation names for accuracy and
        # against overfitting.
        search_space={
            "n_estimators": {"low": 50, "high": 1000, "log": True, "int": True},
            "learning_rate": {"low": 0.01, "high": 0.3, "log": True},
            "num_leaves": {"low": 4, "high": 255, "log": True, "int": True},
            "min_child_samples": {"low": 2, "high": 100, "log": True, "int": True},
            "subsample": {"low": 0.5, "high": 1.0},
            "colsample_bytree": {"low": 0.4, "high": 1.0},
            "reg_lambda": {"low": 1e-3, "high": 100.0, "log": True},
        },
        preload=("bench_lightgbm.model",),
        reference="https://papers.nips.cc/paper/6907-lightgbm",
    )


@bench.hookimpl
def bench_suites() -> Iterator[Path]:
    """Yield the folder of the suite ``lightgbm``."""
    yield Path(__file__).parent / "suites"
