"""It changes what it is given."""

import numpy as np

import bench

HOOK_API = 2


@bench.hookimpl
def bench_conditions():
    yield bench.Change(
        key="planted-input",
        label="input",
        default=0.0,
        ge=0,
        changes="X",
        apply="planted_condition_input:apply",
        objection="planted_condition_input:no_table",
    )


def apply(parts, chance, scale, amount):
    parts.test.X[:] += amount * chance.normal(column=1)[parts.test.rows, np.newaxis]
    return parts


def no_table(facts):
    return None if facts.modality == "tabular" else "it is for tables"
