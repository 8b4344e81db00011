"""Its task cannot be written in a suite."""

from planted_good import Sorting

import bench

HOOK_API = 2


class Shouting(Sorting):
    name = "PLANTED SORTING"
    summary = "Which comes first?"


@bench.hookimpl
def bench_tasks():
    yield Shouting()
