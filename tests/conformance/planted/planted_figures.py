"""In order: what scores the planted tasks."""

import bench

HOOK_API = 2


@bench.hookimpl
def bench_metrics():
    yield bench.Metric(
        name="planted-distance",
        direction="lower",
        ideal=0.0,
        needs="predictions",
        function="planted_figures:distance",
    )
    yield bench.Metric(name="planted-gain", direction="higher", ideal=None)
    yield bench.Metric(
        name="planted-return",
        direction="higher",
        ideal=None,
        needs="returns",
        function="planted_figures:mean",
    )


def distance(part, predicted):
    return float(abs(part.y - predicted).mean())


def mean(part, returns):
    return float(returns.mean())
