"""The hooks: everything that a plugin can add to bench, on one page.

A plugin is a module named by an entry point of the group ``bench``::

    [project.entry-points.bench]
    acme = "bench_acme"

It defines any of the functions below, marked with ``@bench.hookimpl``, and yields records. Records
name functions by ``"package.module:function"`` strings, so that importing the plugin stays cheap.
"""

from collections.abc import Iterable
from pathlib import Path

import pluggy

from bench.spec import Change, DatasetSpec, Metric, ModelSpec, ProbeSpec, Task

PROJECT = "bench"

HOOK_API = 2
"""Version of what plugins build on: these hooks, and what ``bench`` and ``bench.testing`` export.

A plugin may state the one that it was written for, as a module attribute ``HOOK_API = 2``.

- **It stays** when a plugin goes on working as it is: a new hook, name, optional field, value that
  a field may have, attribute of `bench.ModelContext`, or method of `bench.Task` with a default.
- **It is raised** when a plugin may have to change: something is taken away or renamed, becomes
  necessary, is called otherwise, or has another meaning or default.
- **A field is renamed** in two steps. Its old name works as before, in all releases of this
  HOOK_API and of the next one at least, and warns `BenchDeprecationWarning` with the new name and
  the HOOK_API in which the old one goes; ``bench list plugins`` shows that. Then it is unknown.
- **A plugin for an older HOOK_API**, or one that states none, is read all the same, with a warning.
  What no longer fits is a finding that names the record; the rest of the plugin works.
- **A plugin for a newer HOOK_API** is left out, with the reason: upgrade crossover-bench.

Of HOOK_API 1, models, datasets, probes and suites go on as they are. Tasks and metrics are refused
by name: since HOOK_API 2 a task asks and reads in two steps, and analysis rests on what a metric
says of itself.
"""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def bench_models() -> Iterable[ModelSpec]:  # type: ignore[empty-body]
    """Yield models::

    @bench.hookimpl
    def bench_models():
        yield bench.ModelSpec(
            name="acme-forest",
            family="classical",
            does=(("classification", "tabular"),),
            factory="bench_acme.models:make_forest",
            params={"n_trees": 300},
            summary="Acme's forest.",
        )
    """


@hookspec
def bench_datasets() -> Iterable[DatasetSpec]:  # type: ignore[empty-body]
    """Yield datasets::

    @bench.hookimpl
    def bench_datasets():
        yield bench.DatasetSpec(
            name="acme-churn",
            tasks=("classification",),
            modality="tabular",
            loader="bench_acme.data:load_churn",
            summary="Who left Acme.",
            license="CC0-1.0",
        )
    """


@hookspec
def bench_tasks() -> Iterable[Task]:  # type: ignore[empty-body]
    """Yield tasks, instances of subclasses of `bench.Task`::

    @bench.hookimpl
    def bench_tasks():
        yield AcmeRanking()
    """


@hookspec
def bench_metrics() -> Iterable[Metric]:  # type: ignore[empty-body]
    """Yield metrics::

    @bench.hookimpl
    def bench_metrics():
        yield bench.Metric(
            name="acme-cost",
            direction="lower",
            ideal=0.0,
            needs="labels",
            function="bench_acme.metrics:cost",
        )
    """


@hookspec
def bench_conditions() -> Iterable[Change]:  # type: ignore[empty-body]
    """Yield conditions, which a suite has measured beside the clean data::

    @bench.hookimpl
    def bench_conditions():
        yield bench.Change(
            key="blur",  # [[conditions]] blur = 1.5
            label="blur",
            default=0.0,
            ge=0,
            changes="X",
            apply="bench_acme.conditions:blur",
            objection="bench_acme.conditions:no_image",
            summary="Width of a Gaussian blur, in pixels, in all parts.",
        )
    """


@hookspec
def bench_probes() -> Iterable[ProbeSpec]:  # type: ignore[empty-body]
    """Yield probes::

    @bench.hookimpl
    def bench_probes():
        yield bench.ProbeSpec(name="acme-energy", factory="bench_acme.energy:EnergyProbe")
    """


@hookspec
def bench_suites() -> Iterable[Path]:  # type: ignore[empty-body]
    """Yield folders of suites (``*.toml``)::

    @bench.hookimpl
    def bench_suites():
        yield pathlib.Path(__file__).parent / "suites"
    """
