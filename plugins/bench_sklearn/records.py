"""How the record of a model is made; imports no numerical library."""

from collections.abc import Mapping
from typing import Any

from bench import ModelSpec
from bench_sklearn.spaces import SPACES

PACKAGE = "bench_sklearn"
GUIDE = "https://scikit-learn.org/stable/modules/"
WEIGHTS = ("sample_weight",)


def model(
    home: str,
    name: str,
    does: tuple[tuple[str, str], ...],
    summary: str,
    reference: str,
    *modules: str,
    params: Mapping[str, Any],
    fit_params: tuple[str, ...] = WEIGHTS,
    version: str = "1",
    aliases: tuple[str, ...] = (),
    streams: bool = False,
    features: str = "",
) -> ModelSpec:
    """Return the record of a model; its factory in `home` has its name, with underscores."""
    return ModelSpec(
        name=name,
        family="classical",
        does=does,
        factory=f"{PACKAGE}.{home}:{name.replace('-', '_')}",
        params=params,
        version=version,
        summary=summary,
        fit_params=fit_params,
        search_space=SPACES[name],
        preload=(f"{PACKAGE}.{home}", f"{PACKAGE}.preload", "sklearn.pipeline", *modules),
        aliases=aliases,
        streams=streams,
        features=features,
        reference=reference,
    )
