"""A worker of another environment: what stands for an estimator there behaves as it does."""

import os
import signal
from time import perf_counter

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

import bench
from bench.registry.venvs import remote
from bench.registry.venvs.codec import NotTransferableError
from bench.registry.venvs.remote import Remote, RemoteError, WorkerLostError
from bench.spec.errors import ParameterError
from bench.trial.deadline import OutOfTimeError, ended_within

X = np.array([[0.0, 1.0], [1.0, 0.0], [9.0, 8.0], [8.0, 9.0]])
Y = np.array([0, 0, 2, 2])


@pytest.fixture
def context(tmp_path):
    return bench.ModelContext(
        task="classification",
        modality="tabular",
        n_train=4,
        n_train_max=4,
        columns=(bench.Column("left"), bench.Column("right")),
        target=bench.Target("multiclass", 1, ("ant", np.int64(5), 2.5)),
        seed=7,
        scratch=tmp_path,
    )


@pytest.fixture
def teller(worker, context):
    return worker.make("acme_elsewhere_models:make_teller", context, {})


def test_an_estimator_elsewhere_answers_as_one_here(worker, context):
    """The same learner, fitted on the same rows, gives the same probabilities to the last bit."""
    there = worker.make("acme_elsewhere_models:make_bayes", context, {"smoothing": 1e-3})
    assert there.fit(X, Y) is there
    here = GaussianNB(var_smoothing=1e-3).fit(X, Y)
    np.testing.assert_array_equal(there.predict_proba(X), here.predict_proba(X))
    np.testing.assert_array_equal(there.classes_, [0, 2])
    assert there.get_params() == {"priors": None, "var_smoothing": 1e-3}


def test_it_runs_in_its_own_environment(teller, python, tmp_path):
    """Its process is of that interpreter, has the trial's core and folder, and a group of its own.

    Nothing of ours but what it needs is imported there.
    """
    facts = teller.facts()
    assert facts["prefix"] == os.path.dirname(os.path.dirname(python))
    assert facts["parent"] == os.getpid()
    assert facts["group"] == facts["pid"]
    assert facts["folder"] == os.path.realpath(tmp_path)
    assert facts["cores"] == sorted(os.sched_getaffinity(0))[:1]
    assert facts["bench_modules"] == []


def test_a_factory_there_is_told_what_one_here_is(teller):
    """The context arrives as a `ModelContext` of that environment's bench."""
    told = ["classification", ["left", "right"], ["ant", 5, 2.5], "PosixPath", 7]
    assert teller.facts()["context"] == told


def test_what_it_has_can_be_asked(teller):
    """`hasattr` is right before and after a fit, for methods that are there by turns too."""
    assert not hasattr(teller, "predict")
    assert not hasattr(teller, "nothing_of_the_kind")
    assert not hasattr(teller, "__array__")
    teller.fit(X, Y)
    assert hasattr(teller, "predict")
    np.testing.assert_array_equal(teller.predict(X), [0, 0, 0, 0])
    assert teller.is_fitted is True


def test_what_it_holds_may_be_looked_into(worker, context):
    """The last step of a pipeline there is an estimator of which attributes can be read."""
    there = worker.make("acme_elsewhere_models:make_pipeline_of_two", context, {}).fit(X, Y)
    (_, first), (_, last) = there.steps
    assert isinstance(first, Remote)
    np.testing.assert_array_equal(last.class_count_, [2, 2])
    assert there.steps[1][1] is last


def test_arguments_arrive_whole(teller):
    """What is given in order and by name, arrays and plain values alike, comes back equal."""
    given, named = teller.echo(X, "text", weights=np.arange(3), note=None)
    np.testing.assert_array_equal(given[0], X)
    np.testing.assert_array_equal(named["weights"], [0, 1, 2])
    assert (given[1], named["note"]) == ("text", None)
    assert teller.kind(X) == ["numpy", "ndarray"]


def test_what_cannot_cross_never_reaches_it(teller):
    """An object of ours is refused here, and the estimator can be used on."""
    with pytest.raises(NotTransferableError, match="object"):
        teller.echo(object())
    assert teller.echo(1) == [(1,), {}]


def test_nothing_is_set_from_here(teller):
    """Setting an attribute would be lost in silence, so it is refused."""
    with pytest.raises(AttributeError, match="note cannot be set"):
        teller.note = 1


def test_an_exception_there_is_one_of_the_same_name_here(teller):
    """Its type, message and traceback are kept, and it is caught as what it is a kind of."""
    with pytest.raises(ValueError, match="out of luck") as raised:
        teller.fail("own")
    assert type(raised.value).__name__ == "NoLuckError"
    assert isinstance(raised.value, RemoteError)
    (note,) = raised.value.__notes__
    assert "acme_elsewhere_models.py" in note
    assert "venvs/worker.py" not in note


@pytest.mark.parametrize(
    ("kind", "expected", "message"),
    [
        ("value", ValueError, "no good"),
        ("memory", MemoryError, ""),
        ("skip", bench.Skip, "not on Sundays"),
        ("parameter", ParameterError, "colour is 'pink'"),
        ("exit", RemoteError, "enough"),
        ("attribute", RemoteError, "no such thing"),
    ],
)
def test_exceptions_that_mean_something_are_told_apart(teller, kind, expected, message):
    """To skip, to want of memory and to wrong parameters a trial answers in its own way."""
    with pytest.raises(expected) as raised:
        teller.fail(kind)
    assert str(raised.value) == message


def test_a_seed_is_of_both_generators_there(worker, teller):
    """After seeding, what is drawn there is drawn again after the same seed."""
    worker.seed(3)
    first = teller.draw()
    assert teller.draw() != first
    worker.seed(3)
    assert teller.draw() == first


def test_what_nobody_refers_to_is_freed_there(worker, teller, context):
    """An estimator that is gone here is gone there, too: tuning makes many."""
    others = [worker.make("acme_elsewhere_models:make_teller", context, {}) for _ in range(3)]
    assert teller.n_alive() == 4
    del others
    assert teller.n_alive() == 1


def test_transport_is_not_on_the_clock(worker, teller, monkeypatch):
    """The clock runs while the worker works, and stands still for all else that a call takes."""
    monkeypatch.setattr(remote, "_attached", worker)
    # Whatever else the machine does between two readings: one interval lies within another.
    outer, moved = perf_counter(), worker.transport_seconds
    start = remote.clock()
    inner = perf_counter()
    slept = teller.sleep(0.05)
    inner = perf_counter() - inner
    took = remote.clock() - start
    outer, moved = perf_counter() - outer, worker.transport_seconds - moved
    assert slept <= took
    assert moved > 0
    assert inner - 1e-9 <= took + moved <= outer + 1e-9


def test_its_cpu_time_is_counted(worker, teller):
    """What it computes counts as if it were computed here."""
    before = worker.cpu_seconds
    teller.work(0.1)
    # Less what this process needed to send and receive.
    assert worker.cpu_seconds - before > 0.05


def test_arguments_are_delivered_before_a_fit_is_measured(worker, teller):
    """Whoever measures memory is told, once, when the rows are there and the fit has not begun."""
    told = []
    worker.when_delivered(lambda: told.append(teller.is_fitted))
    teller.fit(X, Y)
    teller.fit(X, Y)
    assert told == [False]
    np.testing.assert_array_equal(teller.X_, X)


def test_a_call_whose_time_is_over_is_ended(worker, teller):
    """It is interrupted there, as it would be here, and the worker can be used on."""
    teller.facts()
    handler = signal.getsignal(signal.SIGALRM)
    with pytest.raises(OutOfTimeError):
        ended_within(0.2, teller.loop)
    assert teller.echo(2) == [(2,), {}]
    assert signal.getsignal(signal.SIGALRM) is handler


@pytest.mark.parametrize("code", [0, 3])
def test_a_worker_that_ends_is_lost(teller, code):
    """Whatever its exit code, no answer comes and none is waited for."""
    with pytest.raises(WorkerLostError):
        teller.leave(code)
    with pytest.raises(WorkerLostError):
        teller.echo(1)


def test_parameters_are_checked_there(worker, context):
    """What a factory does not take is said with what it takes."""
    fault, taken = worker.bind("acme_elsewhere_models:make_bayes", context, {"smoothin": 1})
    assert "'smoothin'" in fault
    assert taken == ["smoothing"]
    assert worker.bind("acme_elsewhere_models:make_bayes", context, {"smoothing": 1})[0] is None


def test_a_worker_ends_with_its_trial(hired, worker, teller):
    """When the trial's end of the socket is closed, its process ends by itself, in order."""
    pid = teller.facts()["pid"]
    hired.channel.close()
    assert os.waitpid(pid, 0) == (pid, 0)
