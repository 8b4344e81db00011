"""The core as a plugin of its own: its tasks, metrics and suites come through the hooks, too."""

from collections.abc import Iterable
from pathlib import Path

from bench.spec import Change, Metric, Task
from bench.spec.hooks import hookimpl

HOOK_API = 2


@hookimpl
def bench_tasks() -> Iterable[Task]:
    """Yield the tasks that are built in."""
    from bench.tasks import TASKS

    yield from TASKS


@hookimpl
def bench_metrics() -> Iterable[Metric]:
    """Yield the metrics that are built in."""
    from bench.tasks.metrics import METRICS

    yield from METRICS


@hookimpl
def bench_conditions() -> Iterable[Change]:
    """Yield the conditions that are built in."""
    from bench.tasks.changes import CHANGES

    yield from CHANGES


@hookimpl
def bench_suites() -> Iterable[Path]:
    """Yield the folder of suites: inside a wheel, or beside the package in a checkout."""
    package = Path(__file__).parent
    for folder in (package / "suites", package.parent / "suites"):
        if folder.is_dir():
            yield folder
            return
