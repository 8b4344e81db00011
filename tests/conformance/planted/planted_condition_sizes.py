"""It draws for the rows that are there, and not for all that there could be."""

import dataclasses

import bench

HOOK_API = 2


@bench.hookimpl
def bench_conditions():
    yield bench.Change(
        key="planted-sizes",
        label="sizes",
        default=0.0,
        ge=0,
        changes="X",
        apply="planted_condition_sizes:apply",
        objection="planted_condition_sizes:no_table",
    )


def apply(parts, chance, scale, amount):
    noise = chance.stream().standard_normal(parts.train.X.shape[::-1]).T
    train = dataclasses.replace(parts.train, X=parts.train.X + amount * noise)
    return dataclasses.replace(parts, train=train)


def no_table(facts):
    return None if facts.modality == "tabular" else "it is for tables"
