"""A run that is gone on with says what of its rows is not as the suite now says it."""

import dataclasses
import json
from types import MappingProxyType, SimpleNamespace

import pytest

from bench.execution import asking
from bench.execution.opening import open_session
from bench.execution.resuming import differences
from bench.execution.session import Session
from bench.planning import describing
from bench.planning.plan import make_plan
from bench.planning.suite import parse
from bench.planning.wanted import Wanted
from bench.registry.lookup import discover
from bench.results import store
from bench.results.journal import Journal
from bench.spec.errors import ResultsError, SuiteError
from bench.spec.outcome import Outcome, Score

SUITE = """
[suite]
name = "mine"
[protocol]
sizes = [32]
outer_seeds = 2
[[models]]
name = "dummy"
[[models]]
name = "gaussian-nb"
[[datasets]]
name = "iris"
"""


@pytest.fixture(scope="module")
def registry():
    return discover()


@pytest.fixture(scope="module")
def plan_of(registry, tmp_path_factory):
    """Return a function from a suite's text to its plan."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BENCH_CACHE", str(tmp_path_factory.mktemp("cache")))

        def plan(text):
            suite = parse(text, "x")
            protocol = suite.protocol.splits()
            return make_plan(
                suite, registry, lambda s, tasks: describing.describe(s, tasks, protocol)
            )

        yield plan


@pytest.fixture
def run(tmp_path, plan_of):
    """The folder of a finished run of the suite; predictions or not, its scores are all ones."""
    folder = tmp_path / "results" / "mine"
    plan = plan_of(SUITE)
    info = store.create_run(folder, "mine", SUITE, [])
    (subject,) = plan.subjects.values()
    with Journal.open(folder, info.run_id, "machine") as journal:
        for trial in plan.trials:
            scores = tuple(Score("test", "", m, 1.0, 15) for m in plan.metrics_of(subject))
            journal.append(trial, Outcome(trial_id=trial.trial_id, status="ok", scores=scores))
    return folder


def test_a_run_of_the_same_suite_has_nothing_to_say(run, plan_of):
    """No sentence where nothing has changed, nor where there is more to do."""
    assert list(differences(run, plan_of(SUITE))) == []
    assert (
        list(differences(run, plan_of(SUITE.replace("outer_seeds = 2", "outer_seeds = 3")))) == []
    )


def test_a_metric_that_finished_trials_lack_is_named_with_the_trials(run, plan_of):
    """The suite asks for more than was scored: which trials lack it, and how to get it."""
    plan = plan_of(SUITE)
    table = plan.suite.suite.model_copy(update={"metrics": ("own",)})
    plan = dataclasses.replace(plan, suite=plan.suite.model_copy(update={"suite": table}))
    for in_full in (True, False):  # a suite with metrics of its own is always looked through
        (said,) = differences(run, plan, in_full=in_full)
        assert said == (
            "4 finished trials have no 'own', which the suite asks for now: 2 of dummy on iris, "
            "2 of gaussian-nb on iris. They stay as they are; --fresh measures all anew, beside "
            "this run."
        )


def test_another_label_of_the_same_trials_is_named(run, plan_of):
    """Rows keep the label that they have: both are said."""
    text = SUITE.replace('"gaussian-nb"', '"gaussian-nb"\nlabel = "bayes"').replace(
        '"iris"', '"iris"\nlabel = "flowers"'
    )
    bayes, flowers = differences(run, plan_of(text))
    assert bayes.startswith("'bayes' is what 2 finished trials of this run show as 'gaussian-nb'")
    assert flowers.startswith("'flowers' is what 4 finished trials of this run show as 'iris'")


def test_two_labels_of_one_identity_are_both_reported(plan_of):
    """The second is left out, and it is said of which the trials are."""
    more = '[[models]]\nname = "gaussian-nb"\nlabel = "bayes"\n[[datasets]]'
    plan = plan_of(SUITE.replace("[[datasets]]", more))
    assert len(plan.trials) == 4
    assert [(entry.what, entry.why) for entry in plan.left_out] == [
        ("bayes on iris", "the very trials of gaussian-nb on iris: shown as these")
    ]


def test_rows_of_an_older_fingerprint_are_kept_and_named(run, plan_of):
    """What an earlier bench said of the same content is known."""
    plan = plan_of(SUITE)
    (subject,) = plan.subjects.values()
    before = subject.facts.fingerprint
    facts = dataclasses.replace(
        subject.facts, fingerprint="new", older_fingerprints=(before, "none")
    )
    subjects = MappingProxyType({"iris": dataclasses.replace(subject, facts=facts)})
    (said,) = differences(run, dataclasses.replace(plan, subjects=subjects))
    assert said.startswith("4 finished trials of iris carry an older fingerprint")


def test_another_suite_into_a_runs_folder_is_refused_unless_asked(run, registry):
    """The message names both suites, and how to do it all the same."""
    other = SUITE.replace('"mine"', '"other"')

    engine = SimpleNamespace(prepare=lambda needs: None)

    def opened(**wanted):
        return open_session(other, "x", registry, Wanted(**wanted), command=[], engine=engine)

    with pytest.raises(SuiteError, match="a run of the suite 'mine', and this is 'other'") as error:
        opened(output=run)
    assert f"--into {run}" in str(error.value)
    assert opened(into=run).folder == run
    assert opened(output=run.parent / "new").folder == run.parent / "new"
    assert opened(output=run, fresh=True).folder == run.parent / "mine-2"
    with pytest.raises(ResultsError, match="No run"):
        opened(into=run.parent / "nowhere")
    with pytest.raises(SuiteError, match="leave out --output and --fresh"):
        opened(into=run, fresh=True)


def test_a_run_that_another_session_begins_meanwhile_is_left_to_it(tmp_path, registry, monkeypatch):
    """Two that begin at once do not write to one folder: one is told, and changes nothing."""
    engine = SimpleNamespace(prepare=lambda needs: None, start=lambda: None)
    folder = tmp_path / "mine"
    wanted = Wanted(output=folder)
    session = open_session(SUITE, "x", registry, wanted, command=["second"], engine=engine)

    def begin_another(plan, engine, todo):
        store.create_run(folder, "mine", SUITE, ["first"])

    monkeypatch.setattr(asking, "check_params", begin_another)
    monkeypatch.setattr(Session, "plan", SimpleNamespace())
    monkeypatch.setattr(Session, "todo", lambda self: [1])
    with pytest.raises(ResultsError, match="another session has begun it meanwhile"):
        session.run(SimpleNamespace())
    assert store.open_run(folder).argv == ("first",)


def test_the_suite_in_the_folder_is_the_one_last_run(tmp_path, command):
    """Those before it are kept beside it, with when they were replaced."""
    file = tmp_path / "mine.toml"
    small = SUITE.replace("outer_seeds = 2", "outer_seeds = 1")
    folder = tmp_path / "results" / "mine"
    file.write_text(small)
    assert command("run", "./mine.toml", cwd=tmp_path).returncode == 0
    changed = small.replace('"gaussian-nb"', '"gaussian-nb"\nlabel = "bayes"')
    file.write_text(changed)
    again = command("run", "./mine.toml", cwd=tmp_path)
    assert again.returncode == 0
    assert "'bayes' is what 1 finished trial of this run show" in again.stdout
    assert (folder / "suite.toml").read_text() == changed
    earlier = (folder / "suite-1.toml").read_text()
    assert earlier.endswith(small)
    assert earlier.startswith("# The suite of this run until 20")
    assert command("run", "./mine.toml", cwd=tmp_path).returncode == 0
    assert not (folder / "suite-2.toml").exists()
    other = tmp_path / "other.toml"
    other.write_text(small.replace('"mine"', '"other"').replace('"dummy"', '"decision-tree"'))
    refused = command("run", "./other.toml", "--output", "results/mine", cwd=tmp_path)
    assert refused.returncode == 2
    assert command("run", "./other.toml", "--into", "results/mine", cwd=tmp_path).returncode == 0
    suites = {row["suite"] for row in store.load(folder).trials.to_pylist()}
    assert suites == {"mine", "other"}
    assert json.loads((folder / "run.json").read_text())["suite"] == "mine"
