"""A perceptron in PyTorch as a plugin of bench, to compare frameworks rather than models."""

from collections.abc import Iterator
from pathlib import Path

import bench

HOOK_API = 2


@bench.hookimpl
def bench_models() -> Iterator[bench.ModelSpec]:
    """Yield the model."""
    yield bench.ModelSpec(
        name="torch-mlp",
        family="deep",
        does=(("classification", "tabular"), ("regression", "tabular")),
        factory="bench_torch.model:make",
        params={"hidden": [256, 256]},
        summary="Multilayer perceptron in PyTorch, as bench's mlp.",
        devices=("cpu", "gpu"),
        fit_params=("sample_weight",),
        # Gorishniy et al. (2021), appendix, "MLP hyperparameter space".
        search_space={
            "hidden": [[width] * n for n in (1, 2, 4, 8) for width in (64, 128, 256, 512)],
            "learning_rate": {"low": 1e-5, "high": 1e-2, "log": True},
            "weight_decay": {"low": 1e-6, "high": 1e-3, "log": True},
        },
        preload=("bench_torch.model",),
        reference="https://arxiv.org/abs/2106.11959",
    )


@bench.hookimpl
def bench_suites() -> Iterator[Path]:
    """Yield the folder of the suite ``torch``."""
    yield Path(__file__).parent / "suites"
