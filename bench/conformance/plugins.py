"""What a plugin promises as a whole, and what its suites, metrics and probes do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.conformance.plugin_case import PluginCase
from bench.conformance.promise import Broken, Declared, Inapplicable, first_line, promise
from bench.planning import suite as suites
from bench.planning.selection import expand
from bench.registry.discovery.judging import old_api
from bench.registry.lookup import resolve
from bench.spec import PHASES, Metric, Part, Probe, ProbeSpec, Target
from bench.spec.errors import BenchError
from bench.spec.hooks import HOOK_API

if TYPE_CHECKING:
    from bench.registry.lookup import Registry, SuiteFile

HEAVY = frozenset((
    "catboost", "cuml", "cv2", "dask", "datasets", "fastai", "flax", "gluonts", "jax", "keras",
    "lightgbm", "matplotlib", "mxnet", "networkx", "nltk", "numba", "numpy", "optax", "pandas",
    "polars", "pyarrow", "pyspark", "pytorch_lightning", "ray", "scipy", "seaborn", "shap",
    "skimage", "sklearn", "sktime", "spacy", "statsmodels", "tensorflow", "timm", "torch",
    "torchvision", "transformers", "tsfresh", "xgboost",
))  # fmt: skip
"""Libraries whose import takes from a tenth of a second to several."""

_IMPORT_SECONDS = 1.0


# --- the plugin ----------------------------------------------------------------------------------


@promise(
    "plugin",
    why="What does not import offers nothing.",
    mend="Mend the error; libraries that may be missing are imported inside factories and loaders.",
)
def imports(case: PluginCase) -> None:
    """The module that the entry point names can be imported."""
    info = case.info
    for reason in info.reasons:
        if reason.startswith(("Importing ", "Its entry point ", "It was written for HOOK_API ")):
            raise Broken(reason)


@promise(
    "plugin",
    why="A record that is wrong is left out, and suites that name it fail.",
    mend="Correct the field that the message names.",
)
def records_are_well_formed(case: PluginCase) -> None:
    """Every hook is one that bench calls, and every record that it yields is accepted."""
    _needs_import(case)
    others = [reason for reason in case.info.reasons if not _is_clash(reason, case.registry)]
    if others:
        raise Broken("; ".join(others))


@promise(
    "plugin",
    why="A name that two plugins offer can be used by nobody.",
    mend="Begin names with the plugin's own, as in 'acme-forest'.",
)
def names_are_its_own(case: PluginCase) -> None:
    """No other plugin offers a name that it offers."""
    clashes = [reason for reason in case.info.reasons if _is_clash(reason, case.registry)]
    if clashes:
        raise Broken("; ".join(clashes))


@promise(
    "plugin",
    why="A plugin that offers nothing is most likely one whose hooks are not found.",
    mend="Define a hook, such as `bench_models`, in the module that the entry point names, marked "
    "with `@bench.hookimpl`.",
)
def offers_something(case: PluginCase) -> None:
    """It yields at least one record."""
    _needs_import(case)
    if not case.info.offers:
        raise Broken(f"{case.info.module!r} yields no record")


@promise(
    "plugin",
    why="A bench that is older than the plugin can say so, and not fail in its midst.",
    mend=f"Write `HOOK_API = {HOOK_API}` into the module that the entry point names.",
)
def states_its_hook_api(case: PluginCase) -> None:
    """The module says which version of the hooks it was written for."""
    _needs_import(case)
    if case.info.hook_api is None:
        raise Broken(f"{case.info.module!r} has no HOOK_API")


@promise(
    "plugin",
    why="A later version of the hooks takes away what is deprecated.",
    mend="Write what the warning names instead.",
)
def uses_nothing_deprecated(case: PluginCase) -> None:
    """It was written for this version of the hooks, and no record uses a field that goes."""
    told = [one for one in case.info.warnings if one != old_api(None)]
    if told:
        raise Broken("; ".join(told))


@promise(
    "plugin",
    why="`bench list` imports every plugin, and each run does: seconds of one are seconds for all.",
    mend="Name factories and loaders as strings, keep them in modules of their own, and import "
    "libraries there or inside functions.",
)
def imports_lazily(case: PluginCase) -> None:
    """Importing it and reading its records imports no library that computes, and takes less than a
    second.
    """
    heavy = HEAVY.intersection(case.imported.modules)
    if heavy:
        raise Broken(f"importing {case.info.module!r} imports {', '.join(sorted(heavy))}")
    if case.imported.seconds > _IMPORT_SECONDS:
        raise Broken(f"importing {case.info.module!r} takes {case.imported.seconds:.1f} seconds")


@promise(
    "plugin",
    why="Whoever lists or runs anything imports it, and sees what it prints.",
    mend="Print and warn nothing while the module is imported.",
)
def imports_silently(case: PluginCase) -> None:
    """Importing it prints nothing and warns of nothing."""
    printed = case.imported.printed
    if printed:
        raise Broken(f"it prints {printed[:100]!r}")


@promise(
    "plugin",
    why="A process with a second thread cannot be forked, which makes every trial start slowly; a "
    "variable that is set changes what other plugins measure.",
    mend="Start threads and set variables in factories, not while the module is imported.",
)
def imports_without_effects(case: PluginCase) -> None:
    """Importing it starts no thread and sets no environment variable."""
    heavy = HEAVY.intersection(case.imported.modules)
    if heavy:
        raise Inapplicable("the libraries that it imports may do so: see imports-lazily")
    done = [f"the thread {name!r}" for name in case.imported.threads]
    done += [f"the variable {name}" for name in case.imported.variables]
    if done:
        raise Broken(f"importing {case.info.module!r} leaves {', '.join(done)}")


def _needs_import(case: PluginCase) -> None:
    try:
        imports.look(case)
    except Broken as broken:
        raise Inapplicable("it cannot be imported: see imports") from broken


def _is_clash(reason: str, registry: Registry) -> bool:
    return any(
        reason.startswith(f"The {kind.removesuffix('s')} {name!r} is offered by ")
        for kind, names in registry.clashes.items()
        for name in names
    )


# --- suites, metrics, probes ---------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A suite, a metric or a probe under examination: its record, and who knows names."""

    record: Any
    registry: Registry
    scratch: Path


@promise(
    "suite",
    why="`bench run` refuses a suite with a wrong key or value.",
    mend="Correct what the message names; `bench list suites --schema` helps editors to.",
)
def suite_can_be_read(case: Case) -> None:
    """The file is a suite: valid TOML with keys and values that are allowed."""
    file: SuiteFile = case.record
    try:
        suites.read(file.path, case.registry)
    except BenchError as error:
        raise Broken(first_line(error)) from error


@promise(
    "suite",
    why="`bench run` refuses a suite that names what is not installed.",
    mend="Correct the name, or make the distribution that offers it one of the plugin's "
    "dependencies.",
)
def suite_names_what_exists(case: Case) -> None:
    """Every model, dataset and task that the suite names is installed."""
    file: SuiteFile = case.record
    try:
        suite = suites.read(file.path, case.registry)
    except BenchError as error:
        raise Inapplicable("it cannot be read: see suite-can-be-read") from error
    faults = list(_unknown(suite, case.registry))
    if faults:
        raise Broken("; ".join(faults))


def _unknown(suite: suites.Suite, registry: Registry) -> Iterator[str]:
    try:
        suite = expand(suite, registry)
    except BenchError as error:
        yield first_line(error)
        return
    for model in suite.models:
        try:
            registry.model(model.name)
        except BenchError as error:
            yield first_line(error)
    for dataset in suite.datasets:
        try:
            registry.dataset(dataset.name)
            if dataset.task:
                registry.task(dataset.task)
        except BenchError as error:
            yield first_line(error)


@promise(
    "metric",
    why="Skill and every ranking rest on what the metric says is perfect, and which way is better.",
    mend="Correct `direction`, `ideal` or the function.",
)
def metric_is_ideal_where_all_is_right(case: Case) -> None:
    """A perfect answer gets the ideal value, and a wrong one is worse."""
    metric: Metric = case.record
    if not metric.function:
        raise Declared("`Task.across` gives its values")
    try:
        function = resolve(metric.function)
    except BenchError as error:
        raise Broken(first_line(error)) from error
    part, perfect, wrong = _answers(metric.needs)
    best, worse = float(function(part, perfect)), float(function(part, wrong))
    ideal = metric.ideal
    if ideal is not None and abs(best - ideal) > 1e-6 * max(1.0, abs(ideal)):
        raise Broken(f"a perfect answer gets {best:g}, and ideal is {ideal:g}")
    if not (worse < best if metric.direction == "higher" else worse > best):
        raise Broken(
            f"direction is {metric.direction!r}; a perfect answer gets {best:g} and a wrong one "
            f"{worse:g}"
        )


def _answers(needs: str) -> tuple[Part, Any, Any]:
    """Return a part, a perfect answer of the kind that a metric needs, and a wrong one."""
    import numpy as np

    from bench.tasks.row_task import RowsPart

    y = np.array([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])
    turned = (y + 1) % 3
    X = np.column_stack([10.0 * y, 1e-9 * np.arange(12)])  # rows of a class are as good as one
    target = Target("multiclass", classes=("a", "b", "c"))
    if needs == "predictions":
        numbers = np.linspace(1.0, 4.0, 12)
        part = RowsPart(X, numbers, np.arange(12), target=Target("continuous"))
        return part, numbers, numbers + np.array([1.0, -2.0] * 6)
    part = RowsPart(X, y, np.arange(12), target=target)
    if needs == "labels":
        return part, y, turned
    if needs in ("probabilities", "scores"):
        return part, np.eye(3)[y], np.eye(3)[turned]
    if needs == "clusters":
        return part, y, np.arange(12) // 4
    raise Inapplicable(f"it needs {needs!r}, of which there is no perfect answer here")


@promise(
    "probe",
    why="A probe that fails is dropped in the midst of a trial, and its measures are missing.",
    mend="`start(phase)` begins, `stop(phase)` returns `{name: (value, unit)}`, for each of the "
    f"phases {', '.join(PHASES)}.",
)
def probe_measures_every_phase(case: Case) -> None:
    """It can be made, started and stopped around every phase, and says numbers with their units."""
    spec: ProbeSpec = case.record
    try:
        probe = resolve(spec.factory)()
    except BenchError as error:
        raise Broken(first_line(error)) from error
    if not isinstance(probe, Probe):
        raise Broken(f"it is an object of type {type(probe).__name__} without `start` and `stop`")
    for phase in PHASES:
        probe.start(phase)
        told = probe.stop(phase)
        try:
            for name, (value, unit) in dict(told).items():
                _ = str(name), float(value), str(unit)
        except (TypeError, ValueError) as error:
            raise Broken(f"stop({phase!r}) returns {told!r}: {error}") from error


PROMISES = (
    imports,
    records_are_well_formed,
    names_are_its_own,
    offers_something,
    states_its_hook_api,
    uses_nothing_deprecated,
    imports_lazily,
    imports_silently,
    imports_without_effects,
    suite_can_be_read,
    suite_names_what_exists,
    metric_is_ideal_where_all_is_right,
    probe_measures_every_phase,
)
