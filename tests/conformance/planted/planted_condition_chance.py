"""It draws from everybody's chance."""

import dataclasses

import numpy as np

import bench

HOOK_API = 2


@bench.hookimpl
def bench_conditions():
    yield bench.Change(
        key="planted-chance",
        label="chance",
        default=0.0,
        ge=0,
        changes="X",
        apply="planted_condition_chance:apply",
        objection="planted_condition_chance:no_table",
    )


def apply(parts, chance, scale, amount):
    X = parts.test.X + amount * np.random.standard_normal(parts.test.X.shape)
    return dataclasses.replace(parts, test=dataclasses.replace(parts.test, X=X))


def no_table(facts):
    return None if facts.modality == "tabular" else "it is for tables"
