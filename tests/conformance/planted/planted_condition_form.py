"""It takes columns away."""

import dataclasses

import bench

HOOK_API = 2


@bench.hookimpl
def bench_conditions():
    yield bench.Change(
        key="planted-form",
        label="form",
        default=0.0,
        ge=0,
        changes="X",
        apply="planted_condition_form:apply",
        objection="planted_condition_form:no_table",
    )


def apply(parts, chance, scale, amount):
    def fewer(part):
        return part and dataclasses.replace(part, X=part.X[:, 1:] if amount else part.X)

    return dataclasses.replace(
        parts, train=fewer(parts.train), validation=fewer(parts.validation), test=fewer(parts.test)
    )


def no_table(facts):
    return None if facts.modality == "tabular" else "it is for tables"
