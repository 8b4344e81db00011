"""Deep models in Flax NNX and optax, their training engine, and the probe of JAX.

Search spaces are those of the papers that the models come from; where a paper draws a rate that is
0 half of the time, the range from 0 stands here.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import bench

HOOK_API = 2

_PRELOAD = ("jax", "jax.numpy", "flax.nnx", "optax", "sklearn.base", "sklearn.utils.validation")

_DEVICES = ("cpu", "gpu", "tpu")
_TABLES = (("classification", "tabular"), ("regression", "tabular"))
_FIT_PARAMS = ("sample_weight", "groups", "time")
_REVISITING = "https://arxiv.org/abs/2106.11959"


def _for(*modalities: str) -> tuple[tuple[str, str], ...]:
    return tuple(
        (task, modality) for modality in modalities for task in ("classification", "regression")
    )


def _raw(
    name: str, module: str, function: str, modalities: tuple[str, ...], **others: Any
) -> bench.ModelSpec:
    """Return the record of a model for raw data."""
    return bench.ModelSpec(
        name=name,
        family="deep",
        does=_for(*modalities),
        factory=f"bench_jax.{module}:{function}",
        devices=_DEVICES,
        fit_params=_FIT_PARAMS,
        preload=(*_PRELOAD, f"bench_jax.{module}"),
        **others,
    )


def _recurrent(name: str, summary: str, reference: str) -> bench.ModelSpec:
    return _raw(
        name,
        "recurrent_network",
        f"make_{name}",
        ("text", "series", "audio"),
        summary=summary,
        params={"hidden": 64, "layers": 1, "bidirectional": True},
        search_space={
            "hidden": [32, 64, 128],
            "layers": [1, 2],
            "dropout": {"low": 0.0, "high": 0.5},
            "learning_rate": _logarithmic(3e-4, 1e-2),
        },
        reference=reference,
    )


def _logarithmic(low: float, high: float) -> Mapping[str, Any]:
    return {"low": low, "high": high, "log": True}


_RAW = (
    _raw(
        "cnn",
        "cnn",
        "make_cnn",
        ("image", "series", "audio"),
        version="3",
        summary="Convolutions, pools and a fully connected layer.",
        params={"hidden": [128]},
        search_space={
            "filters": [[16, 32], [32, 64], [32, 64, 128]],
            "dropout": {"low": 0.0, "high": 0.5},
            "learning_rate": _logarithmic(3e-4, 3e-3),
        },
        reference="https://doi.org/10.1109/5.726791",
    ),
    _raw(
        "resnet",
        "resnet",
        "make_resnet",
        ("image", "series", "audio"),
        summary="Residual network of convolutions.",
        params={"n_blocks": 1},
        search_space={
            "n_blocks": [1, 2, 3],
            "norm": ["group", "layer"],
            "learning_rate": _logarithmic(3e-4, 3e-3),
        },
        reference="https://arxiv.org/abs/1512.03385",
    ),
    _raw(
        "fcn",
        "resnet",
        "make_fcn",
        ("series",),
        summary="Fully convolutional network for series.",
        params={"filters": [128, 256, 128]},
        search_space={
            "filters": [[64, 128, 64], [128, 256, 128]],
            "norm": ["group", "layer"],
            "learning_rate": _logarithmic(3e-4, 3e-3),
        },
        reference="https://arxiv.org/abs/1611.06455",
    ),
    _recurrent(
        "rnn", "Recurrent network with plain cells.", "https://doi.org/10.1207/s15516709cog1402_1"
    ),
    _recurrent(
        "lstm",
        "Recurrent network with long short-term memory.",
        "https://doi.org/10.1162/neco.1997.9.8.1735",
    ),
    _recurrent("gru", "Recurrent network with gated units.", "https://arxiv.org/abs/1406.1078"),
    _raw(
        "transformer",
        "transformer",
        "make_transformer",
        ("text", "image", "series", "audio"),
        summary="Transformer's encoder over tokens, patches or steps.",
        params={"width": 64, "n_blocks": 2},
        search_space={
            "width": [32, 64, 128],
            "n_blocks": [1, 2, 4],
            "dropout": {"low": 0.0, "high": 0.3},
            "learning_rate": _logarithmic(1e-4, 3e-3),
        },
        reference="https://arxiv.org/abs/1706.03762",
    ),
    _raw(
        "text-cnn",
        "text_cnn",
        "make_text_cnn",
        ("text",),
        summary="One layer of convolutions over words.",
        params={"filters": 100, "dropout": 0.5},
        search_space={
            "filters": [50, 100, 200],
            "dropout": {"low": 0.0, "high": 0.5},
            "learning_rate": _logarithmic(3e-4, 3e-3),
        },
        reference="https://arxiv.org/abs/1408.5882",
    ),
)


@bench.hookimpl
def bench_models() -> Iterator[bench.ModelSpec]:
    """Yield the models."""
    yield bench.ModelSpec(
        name="mlp",
        family="deep",
        does=(*_TABLES, ("classification", "image")),
        factory="bench_jax.mlp:make_mlp",
        params={"hidden": [256, 256]},
        version="2",
        summary="Multilayer perceptron with AdamW and early stopping.",
        devices=_DEVICES,
        fit_params=_FIT_PARAMS,
        streams=True,
        # Gorishniy et al. (2021), appendix, "MLP hyperparameter space": 1 to 8 layers of 1 to 512.
        search_space={
            "hidden": [[width] * n for n in (1, 2, 4, 8) for width in (64, 128, 256, 512)],
            "dropout": {"low": 0.0, "high": 0.5},
            "learning_rate": _logarithmic(1e-5, 1e-2),
            "weight_decay": _logarithmic(1e-6, 1e-3),
        },
        preload=(*_PRELOAD, "bench_jax.mlp"),
        reference=_REVISITING,
    )
    yield bench.ModelSpec(
        name="resnet-tabular",
        family="deep",
        does=_TABLES,
        factory="bench_jax.resnet_tabular:make_resnet",
        summary="Residual network for tables.",
        devices=_DEVICES,
        fit_params=_FIT_PARAMS,
        streams=True,
        # Gorishniy et al. (2021), appendix, "ResNet hyperparameter space".
        search_space={
            "n_blocks": {"low": 1, "high": 8, "int": True},
            "width": {"low": 64, "high": 512, "int": True},
            "hidden_factor": {"low": 1.0, "high": 4.0},
            "dropout": {"low": 0.0, "high": 0.5},
            "residual_dropout": {"low": 0.0, "high": 0.5},
            "learning_rate": _logarithmic(1e-5, 1e-2),
            "weight_decay": _logarithmic(1e-6, 1e-3),
        },
        preload=(*_PRELOAD, "bench_jax.resnet_tabular"),
        reference=_REVISITING,
    )
    yield bench.ModelSpec(
        name="ft-transformer",
        family="deep",
        does=_TABLES,
        factory="bench_jax.ft_transformer:make_ft_transformer",
        summary="Transformer whose tokens are the columns of a table.",
        devices=_DEVICES,
        fit_params=_FIT_PARAMS,
        streams=True,
        # Gorishniy et al. (2021), appendix, "FT-Transformer hyperparameter space"; widths are
        # multiples of the eight heads.
        search_space={
            "n_blocks": {"low": 1, "high": 4, "int": True},
            "width": list(range(64, 513, 64)),
            "hidden_factor": {"low": 2 / 3, "high": 8 / 3},
            "attention_dropout": {"low": 0.0, "high": 0.5},
            "dropout": {"low": 0.0, "high": 0.5},
            "residual_dropout": {"low": 0.0, "high": 0.2},
            "learning_rate": _logarithmic(1e-5, 1e-3),
            "weight_decay": _logarithmic(1e-6, 1e-3),
        },
        preload=(*_PRELOAD, "bench_jax.ft_transformer"),
        reference=_REVISITING,
    )
    yield bench.ModelSpec(
        name="realmlp",
        family="deep",
        does=_TABLES,
        factory="bench_jax.realmlp:make_realmlp",
        summary="RealMLP: a perceptron with tuned defaults, periodic embeddings and its own start.",
        devices=_DEVICES,
        fit_params=_FIT_PARAMS,
        streams=True,
        # Holzmüller et al. (2024), appendix, the search space of RealMLP-HPO.
        search_space={
            "number_width": [1, 4],
            "hidden": [[256, 256, 256], [64, 64, 64, 64, 64], [512]],
            "activation": ["relu", "selu", "mish"],
            "learning_rate": _logarithmic(2e-2, 3e-1),
            "dropout": [0.0, 0.15, 0.3],
            "weight_decay": [0.0, 2e-2],
            "frequency": _logarithmic(0.05, 0.5),
            "label_smoothing": [0.0, 0.1],
        },
        preload=(*_PRELOAD, "bench_jax.realmlp"),
        reference="https://arxiv.org/abs/2407.04491",
    )
    yield bench.ModelSpec(
        name="tabm",
        family="deep",
        does=_TABLES,
        factory="bench_jax.tabm:make_tabm",
        summary="TabM: an ensemble of perceptrons that share most of their weights.",
        devices=_DEVICES,
        fit_params=_FIT_PARAMS,
        streams=True,
        # Gorishniy et al. (2024), appendix, the search space of TabM with piecewise-linear
        # embeddings: 1 to 4 layers of 64 to 1024; wider than 512 is left out.
        search_space={
            "hidden": [[width] * n for n in (1, 2, 3, 4) for width in (64, 128, 256, 512)],
            "dropout": {"low": 0.0, "high": 0.5},
            "learning_rate": _logarithmic(1e-4, 5e-3),
            "weight_decay": _logarithmic(1e-4, 1e-1),
            "n_bins": {"low": 2, "high": 128, "int": True},
            "number_width": [8, 12, 16, 20, 24, 28, 32],
        },
        preload=(*_PRELOAD, "bench_jax.tabm"),
        reference="https://arxiv.org/abs/2410.24210",
    )
    yield from _RAW


@bench.hookimpl
def bench_probes() -> Iterator[bench.ProbeSpec]:
    """Yield the probe."""
    yield bench.ProbeSpec(
        name="jax",
        factory="bench_jax.probe:CompileProbe",
        modules=("jax",),
        summary="What JAX spends on compiling, and the memory of its device.",
    )
