"""Trials that are made when they are asked for: the same as a list of them would hold."""

import hashlib
import random

from hypothesis import given
from hypothesis import strategies as st

from bench import Split
from bench.planning.trials import Block, Cells, Trials, canonical, distinct, model_seed

SHOWN = {
    "suite": "s", "dataset_label": "d", "modality": "tabular", "label": "m", "family": "classical",
    "plugin": "p", "plugin_version": "1", "limit_seconds": 1.0, "limit_bytes": 1,
}  # fmt: skip


def identity(model="m", **more):
    return {
        "dataset": "d", "dataset_version": "1", "dataset_params": "{}", "dataset_fingerprint": "f",
        "model": model, "model_version": "1", "params": "{}", "task": "t", "protocol": "p",
        "conditions": "{}", "tuning": "default", "device": "cpu", "cores": 1, **more,
    }  # fmt: skip


SPLITS = [Split(outer, inner, 100, "") for outer in (0, 1) for inner in (0, 2**32 - 1)]
CELLS = [(place, size, repeat) for place in range(4) for size in (16, 100) for repeat in (0, 1)]


def block(model="m", cells=CELLS, shown=SHOWN, **more):
    return Block(identity(model, **more), shown, Cells(SPLITS, cells))


def test_a_trial_is_what_its_cell_says():
    """Place 1 is outer seed 0 with inner seed 2**32 - 1."""
    (trial,) = Trials([block(cells=[(1, 16, 1)])])
    assert (trial.outer_seed, trial.inner_seed, trial.repeat, trial.n_train) == (
        0,
        2**32 - 1,
        1,
        16,
    )
    assert trial.model_seed == model_seed(0, 2**32 - 1, 1)
    assert (trial.suite, trial.cores, trial.search) == ("s", 1, "{}")


@given(params=st.text(), task=st.text(), search=st.none() | st.text())
def test_an_identity_is_the_hash_of_all_that_it_covers(params, task, search):
    """The text that is prepared is canonical JSON, whatever stands in it, per cents too."""
    more = {} if search is None else {"search": search}
    made = block(params=params + "%(n_train)d %s", task=task, **more)
    for at in (0, len(CELLS) - 1):
        whole = {**made.identity, **made.cells.numbers(at)}
        assert made.trial_id(at) == hashlib.sha256(canonical(whole).encode()).hexdigest()
        assert made.trial(at).trial_id == made.trial_id(at)


def test_the_order_of_chance_is_that_of_a_list():
    """Suites keep the order that they had when a plan was a list, shuffled by the suite's seed."""
    trials = Trials([block("a"), block("b")])
    listed = list(trials)
    random.Random(7).shuffle(listed)
    assert list(trials.shuffled(7)) == listed
    assert list(trials.shuffled(7).ids()) == [trial.trial_id for trial in listed]


def test_it_is_a_sequence():
    """Length, places from both ends, slices, some of them, and one of each block."""
    trials = Trials([block("a"), block("b", CELLS[:3])]).shuffled(0)
    listed = list(trials)
    assert len(trials) == 19
    assert trials[-1] == listed[18]
    assert list(trials[2:5]) == listed[2:5]
    assert list(trials.only([4, 0])) == [listed[4], listed[0]]
    first = {trial.model: trial for trial in reversed(listed)}
    assert {trial.model: trial for trial in trials.one_of_each()} == first
    assert not trials.only([])


def test_one_identity_is_one_trial():
    """Of two blocks that mean the same, the second gives only what the first has not."""
    again = block("a", [*CELLS[1:], (3, 50, 0)], {**SHOWN, "label": "other"})
    kept = list(distinct([block("a", CELLS[:5]), block("b"), again, block("b")]))
    found = [trial.trial_id for trial in Trials(kept)]
    assert len(found) == len(set(found)) == 17 + 16
    assert [trial.label for trial in Trials(kept[:1])] == ["m"] * 5
    assert [one.identity["model"] for one in kept] == ["a", "b", "a"]
