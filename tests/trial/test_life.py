"""One trial from loading to scores, in this process, with models that tell what they saw."""

import json
import random
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import bench
from bench.execution import calls
from bench.planning.loading import load
from bench.planning.source import Source
from bench.registry.lookup import Entry, Registry, discover
from bench.spec.errors import ParameterError, PluginError
from bench.spec.outcome import Trial
from bench.spec.tasks import SCORED_TRAIN_UNITS
from bench.trial import life, time_left
from bench.trial.asking import Asking
from bench.trial.checking import check_params
from bench.trial.job import Job
from bench.trial.life import run, shorten
from bench.trial.time_left import TimeLeft

N_ROWS = 100
PROTOCOL = bench.SplitProtocol(outer_seeds=(0,))
PHASES = ["load", "split", "init", "warm-up", "fit", "predict", "score"]
log = []


def load_data(n=N_ROWS):
    X = np.random.default_rng(0).normal(size=(n, 2))
    y = np.where(X[:, 0] > 0, "up", "down")
    return bench.Dataset(X, y, sample_weight=np.linspace(1, 2, n), groups=None)


def load_broken():
    raise OSError("no such server")


class Teller(GaussianNB):
    """Naive Bayes that notes what it is asked to do, and draws from the global generators."""

    def fit(self, X, y, **fit_params):
        log.append(("fit", len(X), fit_params.keys()))
        self.drawn = (random.random(), np.random.random())
        return super().fit(X, y)

    def predict_proba(self, X):
        log.append(("ask", len(X)))
        return super().predict_proba(X)


def make_teller(context, **params):
    log.append(("make", context, params))
    return Teller()


class Curious(GaussianNB):
    """A learner that says how its training went."""

    def fit(self, X, y):
        self.loss_curve_ = [0.5, np.float32(0.25)]
        self.validation_curve_ = [0.75]
        self.stop_reason_ = "max_seconds"
        self.n_parameters_ = np.int64(7)
        return super().fit(X, y)


def make_curious(context):
    return Curious()


def make_in_pipeline(context):
    return make_pipeline(StandardScaler(), Curious())


def make_in_search(context):
    grid = {"curious__var_smoothing": [1e-9, 1e-8]}
    return GridSearchCV(make_pipeline(StandardScaler(), Curious()), grid, cv=2)


class Boaster(GaussianNB):
    """A learner whose account of itself is of no use."""

    @property
    def loss_curve_(self):
        raise RuntimeError("not computed")

    validation_curve_ = ("a", "b")
    n_parameters_ = "many"
    stop_reason_ = "x" * 1000


def make_boaster(context):
    return Boaster()


class Doomed:
    """Does at `when` what it was given to do."""

    def __init__(self, what, when):
        self.what, self.when = what, when

    def fit(self, X, y):
        self.first = y[0]
        if self.when == "always" or (self.when == "fit" and len(X) > 32):
            self.what()
        if self.when == "warm-up" and len(X) <= 32:
            self.what()
        return self

    def predict(self, X):
        if self.when == "predict" and len(X) > 1:
            self.what()
        return np.full(len(X), self.first)


class OutOfMemoryError(Exception):
    """As a framework calls it."""


class XlaRuntimeError(Exception):
    """As a framework calls it."""


def fail(error):
    def do():
        raise error

    return do


FAILURES = {
    "value": lambda: fail(ValueError("no\nway")),
    "exit": lambda: fail(SystemExit(3)),
    "interrupt": lambda: fail(KeyboardInterrupt()),
    "skip": lambda: fail(bench.Skip("not on Sundays")),
    "poor-skip": lambda: fail(bench.Skip("too large", limit="memory")),
    "silent-skip": lambda: fail(bench.Skip()),
    "memory": lambda: fail(MemoryError()),
    "framework-memory": lambda: fail(OutOfMemoryError("device is full")),
    "xla-memory": lambda: fail(XlaRuntimeError("RESOURCE_EXHAUSTED: too large")),
    "xla": lambda: fail(XlaRuntimeError("INTERNAL: whatever")),
    "long": lambda: fail(ValueError("y" * 10**6)),
}


def make_doomed(context, what, when="fit"):
    return Doomed(FAILURES[what](), when)


class OwnRows:
    """Says of the rows that it is fitted on whether they lie on the right, and of no others."""

    def fit(self, X):
        self.labels_ = (X[:, 0] > 0).astype(int)
        return self


def make_own_rows(context):
    return OwnRows()


def make_refused(context):
    raise bench.Skip("never")


class Choosy(GaussianNB):
    """Naive Bayes that is only any good with the right mood, and notes its training rows."""

    def __init__(self, mood, stop=None):
        super().__init__()
        self.mood, self.stop = mood, stop

    def fit(self, X, y):
        log.append((self.mood, set(X[:, 0])))
        if self.mood == "bad":
            raise ValueError("bad mood")
        self.stop_reason_ = self.stop
        return super().fit(X, y)

    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return proba if self.mood == "good" else proba[:, ::-1]

    def predict(self, X):
        return self.predict_proba(X).argmax(axis=1)


def make_choosy(context, mood="sad", stop=None):
    log.append((context.n_train, context.n_train_max, context.max_seconds))
    return Choosy(mood, stop)


class Wrong(GaussianNB):
    def predict_proba(self, X):
        return np.full((len(X), 2), np.nan)


def make_wrong(context):
    return Wrong()


class OneClass:
    """Predicts labels only; refuses to be fitted on one class."""

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros(len(X))


def make_labels(context):
    return OneClass()


def entry(record):
    return Entry(record, "mine", "acme-bench", "1.0")


def model(name, fit_params=()):
    return entry(
        bench.ModelSpec(
            name=name,
            family="classical",
            does=(("classification", "tabular"),),
            factory=f"{__name__}:make_{name.replace('-', '_')}",
            fit_params=fit_params,
        )
    )


@pytest.fixture(scope="module")
def registry():
    """The built-in tasks and metrics with models and datasets of this module."""
    installed = discover()
    names = "choosy curious in-pipeline in-search boaster doomed refused wrong labels obedient"
    models = {name: model(name) for name in [*names.split(), "own-rows"]}
    models["teller"] = model("teller", fit_params=("sample_weight", "groups"))
    datasets = {
        name: entry(
            bench.DatasetSpec(
                name=name,
                tasks=("classification",),
                modality="tabular",
                loader=f"{__name__}:load_{name}",
            )
        )
        for name in ("data", "broken")
    }
    return Registry(
        models=models,
        datasets=datasets,
        tasks=installed.tasks,
        metrics=installed.metrics,
        conditions=installed.conditions,
    )


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path / "cache"))
    log.clear()


@pytest.fixture
def live(registry, tmp_path):
    """Run a trial; return its outcome. What is announced is in `live.phases`."""

    def run_trial(name="teller", n_train=64, dataset="data", data_params=None, **changes):
        record = registry.dataset(dataset)
        params = changes.pop("params", {})
        trial_changes = changes.pop("trial", {})
        data_params = data_params or {}
        source = Source(record.record, record.version, data_params)
        planned = "f" if dataset == "broken" else load(source).fingerprint
        values = {
            "trial_id": "t", "suite": "mine", "dataset": dataset, "dataset_label": dataset,
            "dataset_version": "1", "dataset_params": json.dumps(data_params),
            "dataset_fingerprint": planned, "task": "classification", "modality": "tabular",
            "model": name, "label": name, "family": "classical", "model_version": "1",
            "params": json.dumps(params), "plugin": "acme", "plugin_version": "1.0",
            "tuning": "default", "search": "{}", "conditions": "{}", "device": "cpu", "cores": 1,
            "protocol": PROTOCOL.name, "outer_seed": 0, "inner_seed": 0, "model_seed": 5,
            "repeat": 0, "n_train": n_train, "limit_seconds": 3600.0, "limit_bytes": 2**30,
        }  # fmt: skip
        job = Job(
            trial=Trial(**(values | trial_changes)),
            dataset=dataset,
            path=None,
            protocol=PROTOCOL,
            n_train_max=81,
            has_missing=False,
            primary_metric="balanced-accuracy",
            metrics=("balanced-accuracy", "accuracy", "log-loss"),
            keep_predictions=True,
        )
        job = replace(job, **changes)
        assert Job.from_json(json.loads(json.dumps(job.to_json()))) == job
        run_trial.phases, run_trial.job = [], job
        return run(job, registry, lambda phase, _: run_trial.phases.append(phase), tmp_path)

    return run_trial


def test_a_trial_goes_through_its_phases_in_order(live):
    """Each phase is announced once, in order, and has its measures."""
    outcome = live()
    assert outcome.status == "ok", outcome.traceback
    assert live.phases == PHASES
    assert [
        m.phase for m in outcome.measures if (m.probe, m.name) == ("clock", "seconds")
    ] == PHASES


def test_the_facts_of_a_trial(live):
    """Of 100 rows, 10 are test and 9 validation rows; every time that was reached is there."""
    facts = live().facts
    assert (facts.n_test, facts.n_validation, facts.n_features) == (10, 9, 2)
    for name in ("init", "warm_up", "fit", "predict", "latency_1", "latency_1000"):
        assert getattr(facts, f"{name}_seconds") >= 0
    assert facts.fit_cpu_seconds >= 0
    assert facts.peak_anon_bytes >= 0
    assert facts.started_at > 1.7e9
    assert (facts.n_compilations, facts.peak_device_bytes, facts.n_parameters) == (None,) * 3


def test_each_part_is_scored_by_each_metric(live):
    """Test, validation and training parts have every metric of the job, over their rows."""
    scores = live().scores
    found = [(score.part, score.metric, score.n) for score in scores]
    metrics = ("balanced-accuracy", "accuracy", "log-loss")
    parts = (("test", 10), ("validation", 9), ("train", 64))
    assert found == [(part, metric, n) for part, n in parts for metric in metrics]
    assert all(score.value is not None for score in scores)


def test_a_metric_that_cannot_be_had_says_why(live):
    """A model without probabilities has no log loss, and says that it needs them."""
    scores = {(s.part, s.metric): s for s in live("labels").scores}
    assert scores["test", "log-loss"].value is None
    assert scores["test", "log-loss"].reason == "needs probabilities"
    assert scores["test", "accuracy"].value is not None


def test_the_warm_up_is_another_estimator_on_32_rows(live):
    """A first estimator sees 32 rows and test rows and is thrown away; another one is fitted.

    Of the 10 test rows it is asked about one and about all, twice each: then both are warm.
    """
    live()
    kinds = [event[0] for event in log]
    assert [kind for kind in kinds if kind != "ask"] == ["make", "fit", "make", "fit"]
    fits = [event[1] for event in log if event[0] == "fit"]
    assert fits == [32, 64]
    first_fit, second_fit = (i for i, kind in enumerate(kinds) if kind == "fit")
    asked = [event[1] for event in log[first_fit + 1 : second_fit - 1]]
    assert asked == [1, 1, 10, 10]


def tuned(space, trials=20, seconds=None):
    """What makes a trial a tuned one."""
    search = {"trials": trials, "seconds": seconds, "space": space}
    return {"tuning": "tuned", "search": json.dumps(search)}


MOODS = {"mood": ["bad", "good", "worse"]}


def test_a_tuned_trial_is_fitted_with_the_best_parameters(live):
    """Of all that was tried on parts of the training rows, the best is fitted on all of them.

    64 rows are divided five times into 51 and 13, for the given parameters and three others; the
    fit with "bad" ends at its first division.
    """
    outcome = live("choosy", trial=tuned(MOODS))
    assert outcome.status == "ok", outcome.traceback
    assert json.loads(outcome.facts.chosen_params) == {"mood": "good"}
    assert outcome.facts.stop_reason is None
    fits = [event for event in log if isinstance(event[0], str)]
    moods = [mood for mood, _ in fits]
    assert moods[:6] == ["sad"] * 6  # the warm-up, and five divisions
    assert sorted(moods[6:-1]) == ["bad"] + ["good"] * 5 + ["worse"] * 5
    assert moods[-1] == "good"
    assert [len(rows) for _, rows in fits[1:-1]] == [51] * 16
    assert len(fits[-1][1]) == 64
    assert all(rows <= fits[-1][1] for _, rows in fits)
    test = {(s.part, s.metric): s.value for s in outcome.scores}
    assert test["test", "accuracy"] > 0.8


def test_a_tuned_trial_tells_its_search(live):
    """Each candidate's value is a point of a curve; counts are measures; failures are said."""
    outcome = live("choosy", trial=tuned(MOODS))
    points = [point for point in outcome.curves if point.part == "tuning"]
    assert {point.name for point in points} == {"balanced-accuracy"}
    assert points[0].step == 1
    assert len(points) == 3
    measures = {m.name: m.value for m in outcome.measures if m.probe == "tuning"}
    assert measures.pop("search_seconds") <= outcome.facts.fit_seconds
    assert measures == {"n_candidates": 4, "n_failed": 1, "n_divisions": 5}
    assert '{"mood": "bad"}: failed: ValueError: bad mood' in outcome.output
    assert "candidate 1, as given: balanced-accuracy" in outcome.output


def test_a_search_knows_its_rows_and_its_time(live):
    """A factory is told the trial's rows, the split's largest size, and its share of time.

    Of 10,000 s, a twentieth is kept for what follows, and two fits' time for the last one: a
    candidate's five fits share 9,500 x 5 / 7 s. The warm-up is told one second.
    """
    live("choosy", trial=tuned(MOODS) | {"limit_seconds": 10_000.0})
    made = [event for event in log if not isinstance(event[0], str)]
    assert [n for n, _, _ in made] == [64] * 18
    assert {largest for _, largest, _ in made} == {81}
    assert made[0][2] == 1.0
    assert 0.9 < made[1][2] / (9500 / 7) <= 1
    assert all(0 < seconds < 9500 for _, _, seconds in made[1:])


def test_the_same_seed_tunes_to_the_same_scores(live):
    """Nothing but the seed decides what is tried, in which order, and how it does."""
    first, again = (live("choosy", trial=tuned(MOODS)) for _ in range(2))
    assert (first.scores, first.curves) == (again.scores, again.curves)
    other = live("choosy", trial=tuned(MOODS, trials=2) | {"model_seed": 6})
    assert other.curves != first.curves


def test_a_tuned_trial_that_time_has_ended_says_so(live):
    """Where one fit stopped for its time, all of the trial depends on the clock."""
    space = {"stop": ["max_seconds", "other"]}
    outcome = live("choosy", params={"mood": "good"}, trial=tuned(space))
    assert json.loads(outcome.facts.chosen_params) == {"mood": "good"}
    assert outcome.facts.stop_reason == "max_seconds"


def test_a_tuned_trial_of_which_all_candidates_fail(live):
    """What is given is fitted after all, and ends the trial as it would without tuning."""
    outcome = live("choosy", params={"mood": "bad"}, trial=tuned({"stop": [1, 2]}))
    assert (outcome.status, outcome.scores) == ("error", ())
    assert outcome.reason == "ValueError: bad mood"
    assert json.loads(outcome.facts.chosen_params) == {"mood": "bad"}
    assert "candidate 3" in outcome.output
    assert "no candidate has a value; the parameters stay as given" in outcome.output


def test_rows_too_few_to_be_divided_are_fitted_as_given(live):
    """Two rows cannot be tuned on: the parameters stay, and the trial says why."""
    outcome = live("choosy", n_train=2, trial=tuned(MOODS))
    assert outcome.status == "ok", outcome.traceback
    assert json.loads(outcome.facts.chosen_params) == {}
    assert "[bench] tuning: the dataset has 2 row(s); a split needs at least 3; the parameters" in (
        outcome.output
    )


def test_a_trial_that_is_not_tuned_has_chosen_nothing(live):
    """Its column stays empty."""
    assert live().facts.chosen_params is None


def test_small_training_sets_are_warmed_up_whole(live):
    """With 16 rows, the warm-up sees those 16."""
    live(n_train=16)
    assert [event[1] for event in log if event[0] == "fit"] == [16, 16]


def test_a_warm_up_that_fails_is_said_and_no_more(live):
    """The fit proper decides how a trial ends."""
    outcome = live("doomed", params={"what": "value", "when": "warm-up"})
    assert outcome.status == "ok"
    assert outcome.output.startswith("[bench] warm-up on 32 rows failed: ValueError: no")


def test_the_factory_is_told_about_the_trial(live, tmp_path):
    """The context holds what the model may know, and classes in their order."""
    live(params={"depth": 3}, trial={"cores": 2})
    _, context, params = [event for event in log if event[0] == "make"][-1]
    assert params == {"depth": 3}
    assert (context.task, context.modality, context.metric) == (
        "classification", "tabular", "balanced-accuracy",
    )  # fmt: skip
    assert (context.n_train, context.n_train_max, context.seed) == (64, 81, 5)
    assert (context.n_threads, context.device) == (2, "cpu")
    assert context.target == bench.Target("binary", 1, ("down", "up"))
    assert [column.name for column in context.columns] == ["x0", "x1"]
    assert context.scratch == tmp_path


@pytest.mark.parametrize("conditions", [{}, {"imbalance": 0.5}, {"missing": 0.2}])
def test_a_check_of_parameters_tells_the_factory_what_the_trial_does(
    live, registry, tmp_path, conditions
):
    """But for the time that is left, the two contexts are one, under conditions too."""
    live(trial={"cores": 2, "conditions": json.dumps(conditions)}, has_missing=bool(conditions))
    answer = calls.check_params(live.job.to_json(), registry, lambda phase, _: None, tmp_path)
    assert json.loads(answer) == {"skipped": None}
    contexts = [event[1] for event in log if event[0] == "make"]
    assert len(contexts) == 3
    warm, fitted, checked = (replace(context, max_seconds=None) for context in contexts)
    assert warm == fitted == checked
    assert (checked.metric, checked.n_threads, checked.seed) == ("balanced-accuracy", 2, 5)
    assert contexts[2].max_seconds <= 0.95 * 3600


def test_data_that_cannot_be_loaded_are_no_fault_of_parameters(live, registry, tmp_path):
    """The trial says it, with a row of its own."""
    live(dataset="broken")
    answer = calls.check_params(live.job.to_json(), registry, lambda phase, _: None, tmp_path)
    assert json.loads(answer) == {"skipped": None}


class Clock:
    """Moves only when a model of this module works."""

    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The only clock of a trial's limit and of its questions."""
    ours = Clock()
    monkeypatch.setattr(life, "TimeLeft", partial(TimeLeft, clock=ours))
    monkeypatch.setattr(life, "Asking", partial(Asking, clock=ours))
    monkeypatch.setattr(time_left, "_began", 0.0)
    monkeypatch.setattr(Obedient, "clock", ours)
    return ours


class Obedient(GaussianNB):
    """Learns for `needs` seconds or until its time is over, and answers at a given pace."""

    clock = None

    def __init__(self, max_seconds, needs, warm_up, unit, late):
        super().__init__()
        self.max_seconds, self.needs = max_seconds, needs
        self.warm_up, self.unit, self.late = warm_up, unit, late

    def fit(self, X, y):
        if len(X) <= 32:
            self.clock.now += self.warm_up
        else:
            self.stop_reason_ = "max_seconds" if self.max_seconds < self.needs else "converged"
            # It looks at the clock between steps, and is a little late.
            self.clock.now += min(self.needs, self.max_seconds + self.late)
        return super().fit(X, y)

    def predict_proba(self, X):
        self.clock.now += self.unit * len(X)
        return super().predict_proba(X)


def make_obedient(context, needs, warm_up, unit, late=0.4):
    return Obedient(context.max_seconds, needs, warm_up, unit, late)


@pytest.mark.parametrize(
    ("limit", "warm_up", "unit"),
    [(10, 5, 0.0), (10, 1, 0.002), (60, 30, 0.05), (600, 300, 0.0), (4, 1, 0.001)],
)
def test_a_model_that_obeys_never_runs_into_its_limit(live, clock, limit, warm_up, unit):
    """What loading, warming up, answering and being late take was not its own to spend."""
    params = {"needs": 1e9, "warm_up": warm_up, "unit": unit}
    outcome = live("obedient", params=params, trial={"limit_seconds": float(limit)})
    assert outcome.status == "ok", outcome.traceback
    assert outcome.facts.stop_reason == "max_seconds"
    assert clock.now < limit


def test_a_model_whose_limit_is_generous_is_not_cut(live, clock):
    """Of 1,000 s it may learn for 900: only what comes after is kept from it."""
    params = {"needs": 900.0, "warm_up": 1.0, "unit": 0.0}
    outcome = live("obedient", params=params, trial={"limit_seconds": 1000.0})
    assert outcome.facts.stop_reason == "converged"
    assert clock.now == pytest.approx(901.0)


def test_latency_is_left_out_where_the_time_is_short(live, clock):
    """A trial that is about to be over time is scored, and does not measure what can wait."""
    params = {"needs": 9.0, "warm_up": 0.0, "unit": 0.03, "late": 3.0}
    outcome = live("obedient", params=params, trial={"limit_seconds": 10.0})
    assert outcome.status == "ok", outcome.traceback
    assert outcome.facts.predict_seconds == pytest.approx(0.3)
    assert outcome.facts.latency_1_seconds is None
    assert "too little time is left" in outcome.output


def test_what_was_not_asked_has_no_time(live):
    """What clusters its own rows alone says nothing of others, and takes no time for that."""
    outcome = live("own-rows", trial={"task": "clustering"}, metrics=("nmi",), primary_metric="nmi")
    assert outcome.status == "ok", outcome.traceback
    assert [(score.part, score.value is None) for score in outcome.scores] == [
        ("test", True), ("validation", True), ("train", False),
    ]  # fmt: skip
    assert outcome.facts.predict_seconds is None
    assert outcome.facts.latency_1_seconds is None


def test_fit_gets_what_the_model_asks_for_and_the_data_have(live):
    """Weights are passed on; groups are not, since the dataset has none."""
    live()
    assert [set(event[2]) for event in log if event[0] == "fit"] == [{"sample_weight"}] * 2


def drawn_by(live, **changes):
    """What the global generators gave to the fit proper."""
    seen = []
    original = Teller.fit

    def fit(self, X, y, **fit_params):
        original(self, X, y, **fit_params)
        seen.append(self.drawn)
        return self

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Teller, "fit", fit)
        live(**changes)
    return seen


def test_the_global_generators_are_seeded_by_the_model_seed(live):
    """`random` and NumPy's generator start from the model's seed at every fit."""
    random.seed(5)
    np.random.seed(5)
    expected = (random.random(), np.random.random())
    assert drawn_by(live) == [expected, expected]
    assert drawn_by(live, trial={"model_seed": 6})[1] != expected


def test_predictions_belong_to_the_test_rows(live):
    """Row numbers are those of the dataset, and each row of probabilities adds up to 1."""
    outcome = live()
    assert outcome.predictions.shape == (10, 2)
    assert outcome.predictions.sum(axis=1) == pytest.approx(np.ones(10))
    assert len(set(outcome.predicted_rows.tolist())) == 10
    assert outcome.predicted_rows.max() < N_ROWS
    truth = load_data().y[outcome.predicted_rows] == "up"
    accuracy = next(s.value for s in outcome.scores if (s.part, s.metric) == ("test", "accuracy"))
    assert np.mean((outcome.predictions[:, 1] > 0.5) == truth) == accuracy


def test_predictions_may_be_switched_off(live):
    """A suite may keep none; scores are the same."""
    outcome = live(keep_predictions=False)
    assert outcome.predictions is None
    assert outcome.predicted_rows is None
    assert outcome.scores == live().scores


@pytest.mark.parametrize("name", ["curious", "in-pipeline", "in-search"])
def test_what_a_learner_says_of_its_training_is_kept(live, name):
    """Curves, the reason to stop and the size are read, through a pipeline and a search too."""
    outcome = live(name)
    assert outcome.status == "ok", outcome.traceback
    assert [tuple(point) for point in outcome.curves] == [
        (1, "train", "loss", 0.5),
        (2, "train", "loss", 0.25),
        (1, "validation", "validation", 0.75),
    ]
    assert (outcome.facts.stop_reason, outcome.facts.n_parameters) == ("max_seconds", 7)


def test_what_a_learner_says_badly_is_left_out_and_said(live):
    """Curves that are no numbers cost themselves, and a long reason is shortened."""
    outcome = live("boaster")
    assert outcome.status == "ok", outcome.traceback
    assert outcome.curves == ()
    assert outcome.facts.n_parameters is None
    assert len(outcome.facts.stop_reason) < 300
    assert "validation_curve_ is not a sequence of numbers" in outcome.output
    assert "n_parameters_ is not a number" in outcome.output


def test_at_most_ten_thousand_training_rows_are_scored(live):
    """Of 12,000 training rows, the first 10,000 are asked about."""
    outcome = live(data_params={"n": 15_000}, n_train=12_000, n_train_max=12_150)
    train = [score for score in outcome.scores if score.part == "train"]
    assert {score.n for score in train} == {SCORED_TRAIN_UNITS} == {10_000}
    assert [event[1] for event in log if event[0] == "fit"] == [32, 12_000]


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        ("value", "error", "ValueError: no\nway"),
        ("exit", "error", "SystemExit: 3"),
        ("interrupt", "error", "KeyboardInterrupt"),
        ("skip", "skipped", "not on Sundays"),
        ("silent-skip", "skipped", "the model gave no reason"),
        ("memory", "out_of_memory", "MemoryError"),
        ("framework-memory", "out_of_memory", "OutOfMemoryError: device is full"),
        ("xla-memory", "out_of_memory", "XlaRuntimeError: RESOURCE_EXHAUSTED: too large"),
        ("xla", "error", "XlaRuntimeError: INTERNAL: whatever"),
    ],
)
def test_how_a_fit_that_fails_ends(live, what, status, reason):
    """Each exception has its status and its reason, and what came before it is kept."""
    outcome = live("doomed", params={"what": what})
    assert (outcome.status, outcome.reason) == (status, reason)
    assert live.phases == PHASES[:5]
    assert outcome.scores == ()
    assert outcome.predictions is None
    assert outcome.facts.n_test == 10
    assert outcome.facts.fit_seconds is not None
    assert outcome.facts.predict_seconds is None
    assert ("Traceback" in outcome.traceback) == (status != "skipped")


def test_a_warm_up_that_skips_or_has_no_memory_ends_the_trial(live):
    """What no larger fit could do is known from the warm-up."""
    for what, status in (("skip", "skipped"), ("memory", "out_of_memory")):
        outcome = live("doomed", params={"what": what, "when": "always"})
        assert outcome.status == status
        assert live.phases[-1] == "warm-up"


def test_a_prediction_that_fails_is_an_error_of_the_prediction(live):
    """The fit's time is kept, and the last phase is the one that failed."""
    outcome = live("doomed", params={"what": "value", "when": "predict"})
    assert outcome.status == "error"
    assert live.phases[-1] == "predict"
    assert outcome.facts.fit_seconds is not None


def test_a_factory_may_skip(live):
    """A model that is not meant for a trial is skipped before anything is fitted."""
    outcome = live("refused")
    assert (outcome.status, outcome.reason) == ("skipped", "never")
    assert live.phases[-1] == "init"


def test_a_skip_says_which_limit_would_have_helped(live):
    """What is skipped for want of memory is marked as such, and what is never done is not."""
    assert live("doomed", params={"what": "poor-skip"}).facts.stop_reason == "max_bytes"
    assert live("doomed", params={"what": "skip"}).facts.stop_reason is None


def test_a_trial_on_other_data_than_planned_is_an_error(live, monkeypatch, tmp_path):
    """A fingerprint that nothing kept has and the loader does not give ends it, with why."""
    outcome = live(trial={"dataset_fingerprint": "0" * 64})
    assert (outcome.status, outcome.facts.stop_reason) == ("error", "other_data")
    assert "not the data that the trial was planned on" in outcome.reason
    assert live.phases == ["load"]


def test_an_answer_that_is_no_answer_is_invalid(live):
    """NaN is told as such and leaves no score and no prediction behind."""
    outcome = live("wrong")
    assert outcome.status == "invalid"
    assert "NaN" in outcome.reason
    assert outcome.scores == ()
    assert outcome.predictions is None


def test_a_dataset_that_cannot_be_loaded_is_an_error(live):
    """The loader's message is the reason, and nothing of the data is claimed."""
    outcome = live(dataset="broken")
    assert outcome.status == "error"
    assert "no such server" in outcome.reason
    assert live.phases == ["load"]
    assert (outcome.facts.n_test, outcome.facts.n_features) == (None, None)


def test_an_unknown_name_is_an_error_and_no_crash(live, registry):
    """A metric that is gone since planning ends the trial in order."""
    outcome = live(metrics=("acuracy",))
    assert outcome.status == "error"
    assert "acuracy" in outcome.reason


def test_a_size_beyond_the_split_is_an_error(live):
    """More training rows than there are is said, with how many there are."""
    outcome = live(n_train=82)
    assert outcome.status == "error"
    assert "81" in outcome.reason


def test_a_long_message_is_shortened(live):
    """A megabyte of message is a kilobyte of reason and 64 KiB of traceback."""
    outcome = live("doomed", params={"what": "long"})
    assert len(outcome.reason) < 1100
    assert "characters left out" in outcome.reason
    assert len(outcome.traceback) < 66_000


def test_shorten_keeps_both_ends():
    """A text within the limit is left alone; of a longer one, both halves of the limit are kept."""
    assert shorten("abcdef", 6) == "abcdef"
    assert shorten("abcdefgh", 6) == "abc\n[... 2 characters left out ...]\nfgh"


def check(name, registry, **params):
    spec = registry.model(name).record
    context = bench.ModelContext(
        task="classification", modality="tabular", n_train=16, n_train_max=16
    )
    check_params(spec, context, params)


def test_parameters_that_are_taken_pass_the_check(registry):
    """A factory that takes them, or any, is content."""
    check("doomed", registry, what="value", when="fit")
    check("teller", registry, anything=1)


def test_a_parameter_that_is_not_taken_is_named_with_those_that_are(registry):
    """The model, the parameter and what is allowed are said."""
    with pytest.raises(ParameterError, match="model 'doomed'") as error:
        check("doomed", registry, what="value", wen="fit")
    assert "'wen'" in str(error.value)
    assert "it takes: what, when" in str(error.value)
    with pytest.raises(ParameterError, match="it takes: none"):
        check("wrong", registry, depth=2)
    with pytest.raises(ParameterError, match="missing a required argument: 'what'"):
        check("doomed", registry)


def choosy(context, colour="red"):
    if colour == "red":
        return object()
    if colour == "blue":
        raise bench.Skip("blue is for others")
    if colour == "grey":
        raise RuntimeError("no luck")
    raise ValueError(f"colour is {colour!r}; allowed: red")


def test_a_value_that_is_refused_is_a_parameters_fault(registry):
    """A factory's ValueError is about its parameters, a Skip is told, all else is the trial's."""
    spec = replace(registry.model("wrong").record, factory=f"{__name__}:choosy")
    context = bench.ModelContext(
        task="classification", modality="tabular", n_train=16, n_train_max=16
    )
    answers = [check_params(spec, context, {"colour": c}) for c in ("red", "blue", "grey")]
    assert answers == [None, "blue is for others", None]
    with pytest.raises(ParameterError, match="colour is 'pink'; allowed: red"):
        check_params(spec, context, {"colour": "pink"})
    with pytest.raises(PluginError, match="chosy"):
        check_params(replace(spec, factory=f"{__name__}:chosy"), context, {})
