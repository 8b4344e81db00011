"""What answers are scored by: direction, ideal value and region of every built-in metric."""

from __future__ import annotations

from typing import Any

from bench.spec import Metric

_MODULES = {
    "labels": "class_metrics",
    "probabilities": "class_metrics",
    "scores": "class_metrics",
    "predictions": "number_metrics",
    "clusters": "cluster_metrics",
}
"""Where the functions are, by what they are computed from."""


def _metric(
    name: str,
    needs: str,
    summary: str,
    *,
    direction: Any = "higher",
    ideal: float = 1.0,
    region: float | str = 0.01,
    unit: str = "",
) -> Metric:
    return Metric(
        name=name,
        direction=direction,
        ideal=ideal,
        needs=needs,
        function=f"bench.tasks.{_MODULES[needs]}:{name.replace('-', '_')}",
        region=region,
        unit=unit,
        summary=summary,
    )


_LOSS: dict[str, Any] = {"direction": "lower", "ideal": 0.0, "region": "2% of value"}
_TARGET = "target units"

METRICS: tuple[Metric, ...] = (
    _metric("balanced-accuracy", "labels", "Mean recall over the classes."),
    _metric("accuracy", "labels", "Share of rows that are right."),
    _metric("precision", "labels", "Mean precision over the classes."),
    _metric("recall", "labels", "Mean recall over true and given classes."),
    _metric("f1", "labels", "Mean over classes of precision and recall in one."),
    _metric("log-loss", "probabilities", "Mean surprise at the true class.", unit="nats", **_LOSS),
    _metric(
        "roc-auc", "scores", "Chance to rank a true row above another.", region="0.005, 10% of gap"
    ),
    _metric(
        "calibration-error",
        "probabilities",
        "Confidence against accuracy.",
        # A share: of one that is nearly 0, two in a hundred would be nothing.
        **(_LOSS | {"region": 0.01}),
    ),
    _metric("rmse", "predictions", "Root of the mean squared error.", unit=_TARGET, **_LOSS),
    _metric("mse", "predictions", "Mean squared error.", unit=f"{_TARGET} squared", **_LOSS),
    _metric("mae", "predictions", "Mean absolute error.", unit=_TARGET, **_LOSS),
    _metric("r2", "predictions", "Share of the variance that is explained."),
    _metric("adjusted-rand", "clusters", "Agreement with the true classes."),
    _metric("nmi", "clusters", "Information shared with the true classes."),
    _metric("silhouette", "clusters", "How apart the clusters are."),
)
