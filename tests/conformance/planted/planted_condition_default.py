"""With its default, it does something, too."""

import dataclasses

import bench

HOOK_API = 2


@bench.hookimpl
def bench_conditions():
    yield bench.Change(
        key="planted-moved",
        label="shift",
        default=0.0,
        changes="X",
        apply="planted_condition_default:shift",
        objection="planted_condition_default:no_table",
    )


def shift(parts, chance, scale, amount):
    test = dataclasses.replace(parts.test, X=parts.test.X + amount + 1)
    return dataclasses.replace(parts, test=test)


def no_table(facts):
    return None if facts.modality == "tabular" else "it is for tables"
