"""Deep models in Flax NNX and optax, their training engine, and the probe of JAX."""

from collections.abc import Iterator

import bench

HOOK_API = 1

_PRELOAD = ("jax", "jax.numpy", "flax.nnx", "optax", "sklearn.base", "sklearn.utils.validation")


@bench.hookimpl
def bench_models() -> Iterator[bench.ModelSpec]:
    """Yield the models."""
    yield bench.ModelSpec(
        name="mlp",
        family="deep",
        does=(
            ("classification", "tabular"),
            ("regression", "tabular"),
            ("classification", "image"),
        ),
        factory="bench_jax.mlp:make_mlp",
        params={"hidden": [256, 256]},
        summary="Multilayer perceptron with AdamW and early stopping.",
        devices=("cpu", "gpu", "tpu"),
        search_space={
            "hidden": [[128, 128], [256, 256], [512, 512], [256, 256, 256]],
            "learning_rate": [3e-4, 1e-3, 3e-3],
            "weight_decay": [1e-4, 1e-2, 1e-1],
            "dropout": [0.0, 0.15, 0.3],
        },
        preload=(*_PRELOAD, "bench_jax.mlp"),
        reference="https://arxiv.org/abs/1711.05101",
    )
    yield bench.ModelSpec(
        name="cnn",
        family="deep",
        does=(("classification", "image"),),
        factory="bench_jax.cnn:make_cnn",
        params={"filters": [16, 32], "hidden": [128]},
        summary="Small convolutional network with AdamW and early stopping.",
        devices=("cpu", "gpu", "tpu"),
        search_space={
            "filters": [[16, 32], [32, 64]],
            "learning_rate": [3e-4, 1e-3, 3e-3],
            "dropout": [0.0, 0.25],
        },
        preload=(*_PRELOAD, "bench_jax.cnn"),
        reference="https://doi.org/10.1109/5.726791",
    )


@bench.hookimpl
def bench_probes() -> Iterator[bench.ProbeSpec]:
    """Yield the probe."""
    yield bench.ProbeSpec(
        name="jax",
        factory="bench_jax.probe:CompileProbe",
        modules=("jax",),
        summary="What JAX spends on compiling, and the memory of its device.",
    )
