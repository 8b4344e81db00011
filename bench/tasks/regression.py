"""Regression: what number, or which numbers, belong to a row."""

from __future__ import annotations

from typing import ClassVar

from bench.tasks.row_task import RowTask


class Regression(RowTask):
    """`fit` sees X and numbers; `predict` is asked for (n,), or (n, n_outputs) for several."""

    name: ClassVar[str] = "regression"
    summary: ClassVar[str] = "What number belongs to a row?"
    metrics: ClassVar[tuple[str, ...]] = ("rmse", "mse", "mae", "r2")
    targets: ClassVar[tuple[str, ...]] = ("continuous", "multioutput")


REGRESSION = Regression()
