"""Regression: what number, or which numbers, belong to a row."""

from __future__ import annotations

from typing import Any, ClassVar

from bench.spec import Output, Part
from bench.tasks.row_task import RowsOutput, RowTask, answer_of
from bench.tasks.views import answers


class Regression(RowTask):
    """`fit` sees X and numbers; `predict` is asked for (n,), or (n, n_outputs) for several."""

    name: ClassVar[str] = "regression"
    summary: ClassVar[str] = "What number belongs to a row?"
    metrics: ClassVar[tuple[str, ...]] = ("rmse", "mse", "mae", "r2")
    targets: ClassVar[tuple[str, ...]] = ("continuous", "multioutput")

    def ask(self, estimator: Any, part: Part) -> Output:
        """Ask for numbers; (n, 1) is taken as (n,)."""
        import numpy as np

        given, fault = answer_of(part, answers(estimator.predict, part.X), "predictions")
        if fault is None and given.dtype.kind not in "biuf":
            fault = f"predictions of the type {given.dtype}; numbers are needed"
        if fault is not None:
            return RowsOutput(np.full(len(part), np.nan), len(part), {}, fault)
        numbers = given.astype(np.float64)
        return RowsOutput(numbers, len(part), {"predictions": numbers})


REGRESSION = Regression()
