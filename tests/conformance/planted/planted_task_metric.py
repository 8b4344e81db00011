"""Its task is scored by a metric that does not exist."""

from planted_good import Sorting

import bench

HOOK_API = 2


class Scoreless(Sorting):
    name = "planted-scoreless"
    metrics = ("planted-nothing",)


@bench.hookimpl
def bench_tasks():
    yield Scoreless()
