"""It calls better what is worse."""

import bench

HOOK_API = 2


@bench.hookimpl
def bench_metrics():
    yield bench.Metric(
        name="planted-hits",
        direction="lower",
        ideal=1.0,
        needs="labels",
        function="planted_metric_direction:hits",
    )


def hits(part, labels):
    return float((part.y == labels).mean())
