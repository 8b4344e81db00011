"""In order: a model for two classes, for tables of numbers, and for sixty rows or more."""

import planted_estimators
import planted_parts

import bench

HOOK_API = 2
bench_models = planted_parts.model(__name__, targets=("binary",), least_rows=60, numbers_only=True)


def make(context):
    if context.target.kind != "binary" or context.n_train < 60:
        raise ValueError("it was told of more than its record says that it is for")
    if any(column.kind != "number" for column in context.columns):
        raise ValueError("it was given more than numbers")
    if context.has_missing:
        raise bench.Skip("no missing values")
    return planted_estimators.Centroid()
