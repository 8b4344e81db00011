"""Faults planted in plugins, one each: each is found by the check that is named for it alone."""

import contextlib
import re
from pathlib import Path

import pytest

from bench.conformance.catalogue import promise_of, promises_of, subjects
from bench.conformance.runner import Runner
from bench.conformance.targets import find
from bench.execution.engines import make_engine
from bench.registry.lookup import discover

PLANTED = Path(__file__).parent / "planted"

IN_PLUGINS = {
    "heavy-import": "imports-lazily",
    "loud-import": "imports-silently",
    "effects-at-import": "imports-without-effects",
    "no-hook-api": "states-its-hook-api",
    "bad-record": "records-are-well-formed",
    "taken-name-one": "names-are-its-own",
    "offers-nothing": "offers-something",
    "does-not-import": "imports",
    "exits-at-import": "imports",
    "deprecated": "uses-nothing-deprecated",
}
IN_FACTORIES = {
    "factory-params": "factory-takes-its-params",
    "bad-default": "defaults-can-be-made",
    "bad-candidate": "candidates-can-be-made",
    "device": "devices-can-be-made",
    "reads-metric": "says-that-it-uses-the-metric",
    "refuses-all": "does-what-it-claims",
    "no-target": "does-what-it-claims",
    "refuses-most": "can-be-checked",
}
IN_FITTED = {
    "fit-fails": "fits-and-answers",
    "fit-crashes": "fits-and-answers",
    "fit-exits": "fits-and-answers",
    "returns-nothing": "fit-returns-the-estimator",
    "wrong-shape": "answers-can-be-scored",
    "unknown-class": "answers-can-be-scored",
    "changes-x": "leaves-its-input-alone",
    "changes-x-asked": "leaves-its-input-alone",
    "global-chance": "same-seed-same-result",
    "small-seeds": "takes-any-seed",
    "turns-answers": "keeps-the-order",
    "one-row": "answers-one-row",
    "looks-around": "answers-one-row",
    "other-scale": "answers-on-the-scale-of-y",
    "all-threads": "keeps-to-its-threads",
    "no-end": "stops-in-time",
}
IN_DATA_TAKEN = {
    "two-classes": "takes-two-classes",
    "many-classes": "takes-many-classes",
    "absent-classes": "takes-absent-classes",
    "constant-columns": "takes-constant-columns",
    "missing-values": "takes-missing-values",
    "mixed-columns": "takes-mixed-columns",
    "colour": "takes-other-forms",
    "several-outputs": "refuses-several-outputs",
    "few-rows": "refuses-too-few-rows",
    "fit-params": "takes-its-fit-params",
    "streams": "streams-its-rows",
}
IN_TRACES = {
    "leaves-process": "leaves-no-process",
    "leaves-thread": "leaves-no-thread",
    "leaves-file": "leaves-no-file",
    "leaves-variable": "leaves-variables-alone",
    "leaves-errors": "leaves-the-process-alone",
    "leaves-filters": "leaves-the-process-alone",
    "warns": "warns-of-nothing",
    "prints": "prints-little",
}
IN_DATASETS = {
    "no-license": "has-a-license",
    "no-source": "has-a-source",
    "unknown-task": "names-what-exists",
    "loader-params": "loader-takes-its-params",
    "load-fails": "loads",
    "lengths": "has-a-valid-form",
    "modality": "fits-its-modality",
    "wrong-task": "fits-its-tasks",
    "unstable": "fingerprint-is-stable",
    "shared-rows": "official-parts-are-apart",
    "shared-groups": "official-parts-keep-groups-whole",
    "back-in-time": "official-parts-follow-time",
    "dataset-thread": "leaves-no-thread",
}
IN_OTHERS = {
    "suite-key": "suite-can-be-read",
    "suite-names": "suite-names-what-exists",
    "task-name": "task-is-named",
    "task-metric": "task-names-what-exists",
    "metric-direction": "metric-is-ideal-where-all-is-right",
    "probe-fails": "probe-measures-every-phase",
    "condition-form": "can-be-applied",
    "condition-default": "default-does-nothing",
    "condition-chance": "same-chance-same-result",
    "condition-sizes": "smaller-sizes-are-beginnings",
    "condition-input": "leaves-what-it-is-given",
}
IN_TASKS = {
    "shared-units": "parts-share-nothing",
    "shared-future": "parts-share-nothing",
    "shared-seeds": "parts-share-nothing",
    "moving-test": "sizes-are-nested",
    "other-data": "prepares-the-same",
    "whole-parts": "shortens-parts",
    "short-slices": "slices-have-one-label-a-unit",
    "undivided": "divides-apart",
    "tells-truth": "keeps-the-truth",
    "tells-answers": "keeps-the-truth",
    "timed-reading": "reads-what-was-answered",
    "reads-anything": "refuses-what-cannot-be-scored",
    "crashes-reading": "refuses-what-cannot-be-scored",
    "other-primary": "primary-is-one-of-its-metrics",
    "unneeded-metric": "metrics-can-be-computed",
    "no-budget": "budget-is-enforced",
}
IN_MODELS = IN_FACTORIES | IN_FITTED | IN_DATA_TAKEN | IN_TRACES
SLOW = "fingerprint-is-stable"
"""It starts a program each time: for faults of other kinds it is looked for in `planted-good`."""


@pytest.fixture(scope="module")
def registry():
    """What is installed, the planted plugins among it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(PLANTED))
        yield discover()


@pytest.fixture(scope="module")
def runner(registry):
    """One runner for all faults."""
    with contextlib.closing(make_engine()) as engine:
        yield Runner(registry, [], engine=engine)


def failed(registry, runner, plugin, kinds, spared=()):
    """Return the names of the promises that a planted plugin's subjects of these kinds break."""
    (info,) = find(registry, f"planted-{plugin}")
    wanted = [
        (subject, [promise for promise in promises_of(subject) if promise.name not in spared])
        for subject in subjects(registry, info)
        if subject.kind in kinds
    ]
    assert wanted
    return {
        finding.promise
        for result in runner.run(wanted)
        for finding in result.findings
        if finding.outcome == "failed"
    }


@pytest.mark.parametrize(("plugin", "check"), IN_PLUGINS.items())
def test_a_fault_of_a_plugin(registry, runner, plugin, check):
    """What is wrong with a plugin as a whole is found by its check, and by no other."""
    assert failed(registry, runner, plugin, {"plugin"}) == {check}


@pytest.mark.parametrize(("plugin", "check"), IN_MODELS.items())
def test_a_fault_of_a_model(registry, runner, plugin, check):
    """What is wrong with a model is found by its check, and by no other."""
    assert failed(registry, runner, plugin, {"model"}) == {check}


@pytest.mark.parametrize(("plugin", "check"), IN_DATASETS.items())
def test_a_fault_of_a_dataset(registry, runner, plugin, check):
    """What is wrong with a dataset is found by its check, and by no other."""
    spared = () if check == SLOW else (SLOW,)
    assert failed(registry, runner, plugin, {"dataset"}, spared) == {check}


@pytest.mark.parametrize(("plugin", "check"), IN_OTHERS.items())
def test_a_fault_of_anything_else(registry, runner, plugin, check):
    """What is wrong with a suite, task, metric, condition or probe is found by its check alone."""
    kinds = {"suite", "task", "metric", "condition", "probe"}
    assert failed(registry, runner, plugin, kinds) == {check}


def test_metrics_that_a_task_gives_across_trials_are_no_fault(registry, runner):
    """A metric without a function, or without an ideal value, breaks no promise."""
    assert failed(registry, runner, "figures", {"plugin", "metric"}) == set()


@pytest.mark.parametrize(("plugin", "check"), IN_TASKS.items())
def test_a_fault_of_a_task(registry, runner, plugin, check):
    """What is wrong with a task of any base is found by its check, and by no other."""
    assert failed(registry, runner, plugin, {"task"}) == {check}


def test_a_hang_is_ended(registry):
    """A model that never returns fails the check that it hangs in; the others go on."""
    (info,) = find(registry, "planted-fit-hangs")
    model = next(one for one in subjects(registry, info) if one.kind == "model")
    for seconds in (2, 8, 32, 128):  # a busy machine needs longer to come to the fit
        with contextlib.closing(make_engine()) as engine:
            runner = Runner(registry, [], engine=engine, seconds=seconds)
            (result,) = runner.run([(model, list(promises_of(model)))])
        outcomes = {finding.promise: finding.outcome for finding in result.findings}
        if outcomes["defaults-can-be-made"] == "passed":
            break
    assert outcomes["defaults-can-be-made"] == "passed"
    assert outcomes["fits-and-answers"] == "failed"
    assert outcomes["keeps-the-order"] == "skipped"
    (seen,) = (one.seen for one in result.findings if one.promise == "fits-and-answers")
    assert seen == f"it took more than {seconds} seconds, and was ended"


def test_a_good_plugin_keeps_everything(registry, runner):
    """A plugin in order, beside all that are not, breaks no promise, and few say nothing."""
    (info,) = find(registry, "planted-good")
    wanted = [(one, list(promises_of(one))) for one in subjects(registry, info)]
    results = list(runner.run(wanted))
    assert {result.subject.kind for result in results} == {
        "plugin", "suite", "task", "metric", "condition", "probe", "dataset", "model",
    }  # fmt: skip
    assert not [
        (str(result.subject), finding)
        for result in results
        for finding in result.findings
        if finding.outcome == "failed"
    ]
    for result in results:
        assert result.count("passed") > result.count("skipped")


def test_what_is_skipped_for_no_reason_in_the_record_is_told(registry, runner):
    """A model that refuses all but large data fails, with how much was skipped, what, and why."""
    (info,) = find(registry, "planted-refuses-most")
    (model,) = (one for one in subjects(registry, info) if one.kind == "model")
    (result,) = runner.run([(model, [promise_of("model", "can-be-checked")])])
    (finding,) = result.findings
    assert finding.outcome == "failed"
    match = re.match(
        r"(\d+) of (\d+) checks were skipped for what its record does not say: "
        r"defaults-can-be-made, [a-z-]+, [a-z-]+ and \d+ more: "
        r"refused: a thousand rows at least",
        finding.seen,
    )
    assert match
    n_skipped, n_counted = map(int, match.groups())
    assert n_skipped > n_counted / 2


def test_a_model_is_checked_within_what_it_is_for(registry, runner):
    """A model for two classes, numbers and sixty rows passes; what it is not for is declared."""
    (info,) = find(registry, "planted-binary-only")
    (model,) = (one for one in subjects(registry, info) if one.kind == "model")
    (result,) = runner.run([(model, list(promises_of(model)))])
    by_outcome = {outcome: set() for outcome in ("passed", "failed", "skipped")}
    for finding in result.findings:
        by_outcome[finding.outcome].add(finding.promise)
    assert not by_outcome["failed"]
    assert {"can-be-checked", "takes-two-classes", "fits-and-answers"} <= by_outcome["passed"]
    declared = {finding.promise for finding in result.findings if finding.is_declared}
    assert declared == {
        "takes-many-classes",
        "takes-absent-classes",
        "takes-mixed-columns",
        "refuses-several-outputs",
        "candidates-can-be-made",
        "takes-its-fit-params",
        "streams-its-rows",
    }


def test_every_promise_has_a_fault():
    """Each promise is broken by at least one planted plugin."""
    from bench.conformance.catalogue import PROMISES

    planted = (IN_PLUGINS, IN_MODELS, IN_DATASETS, IN_TASKS, IN_OTHERS)
    found = {check for faults in planted for check in faults.values()}
    assert {promise.name for promise in PROMISES} <= found
