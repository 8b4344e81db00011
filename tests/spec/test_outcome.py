"""The record of how a trial ended crosses a pipe unchanged, and nothing else passes for one."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from bench.spec.outcome import FAILED, STATUSES, CurvePoint, Facts, Measure, Outcome, Score

TEXTS = st.text(max_size=20)
NUMBERS = st.floats(allow_nan=False)
OUTCOMES = st.builds(
    Outcome,
    trial_id=TEXTS,
    status=st.sampled_from(STATUSES),
    reason=TEXTS,
    facts=st.builds(
        Facts,
        n_test=st.none() | st.integers(0, 10**6),
        stop_reason=st.none() | TEXTS,
        fit_seconds=st.none() | NUMBERS,
        peak_anon_bytes=st.none() | st.integers(0, 2**60),
    ),
    scores=st.lists(
        st.builds(Score, TEXTS, TEXTS, TEXTS, st.none() | NUMBERS, st.integers(0, 9), TEXTS),
        max_size=3,
    ).map(tuple),
    curves=st.lists(
        st.builds(CurvePoint, st.integers(0, 10**6), TEXTS, TEXTS, NUMBERS), max_size=3
    ).map(tuple),
    measures=st.lists(st.builds(Measure, TEXTS, TEXTS, TEXTS, NUMBERS, TEXTS), max_size=3).map(
        tuple
    ),
    output=TEXTS,
    traceback=TEXTS,
)


@given(OUTCOMES)
def test_an_outcome_survives_its_journey(outcome):
    """Whatever it holds, what arrives equals what was sent."""
    assert Outcome.from_bytes(outcome.to_bytes()) == outcome


@given(
    st.integers(0, 8).flatmap(
        lambda n: st.tuples(
            hnp.arrays(np.int64, n),
            hnp.arrays(np.float64, st.tuples(st.just(n), st.integers(1, 3))),
        )
    )
)
def test_predictions_arrive_to_the_last_bit(pair):
    """Rows and values are the same bits, NaN and infinity included, and the shape is kept."""
    rows, values = pair
    sent = Outcome(trial_id="a", status="ok", predicted_rows=rows, predictions=values)
    found = Outcome.from_bytes(sent.to_bytes())
    assert found.predicted_rows.tobytes() == rows.tobytes()
    assert found.predictions.tobytes() == values.tobytes()
    assert found.predictions.shape == values.shape


@pytest.mark.parametrize(
    "answers", [("ja", "\ud83d", ""), ([1.0, 2.0], [], [float("inf")]), ([], []), ()]
)
def test_texts_and_ragged_numbers_arrive(answers):
    """An answer may be a text, or as many numbers as it takes."""
    values = answers
    if answers and not isinstance(answers[0], str):
        values = [np.array(answer, dtype=np.float64) for answer in answers]
    sent = Outcome(
        trial_id="a", status="ok", predicted_rows=np.arange(len(answers)), predictions=values
    )
    found = Outcome.from_bytes(sent.to_bytes()).predictions
    assert [list(one) for one in found] == [list(one) for one in answers]


def test_predictions_without_their_rows_are_not_sent():
    """Values that belong to no rows are of no use to anybody."""
    sent = Outcome(trial_id="a", status="ok", predictions=np.ones((2, 1)))
    assert Outcome.from_bytes(sent.to_bytes()).predictions is None


def test_values_that_json_writes_in_its_own_way_arrive():
    """NaN and infinity in a curve come through."""
    curves = (CurvePoint(1, "train", "loss", float("inf")),)
    sent = Outcome(trial_id="a", status="ok", curves=curves)
    assert Outcome.from_bytes(sent.to_bytes()).curves == curves


@given(st.integers(1, 200))
def test_a_part_of_an_outcome_is_refused(left_out):
    """Bytes that end too early are never taken for an outcome."""
    whole = Outcome(
        trial_id="a",
        status="ok",
        predicted_rows=np.arange(20),
        predictions=np.ones((20, 2)),
    ).to_bytes()
    with pytest.raises(ValueError, match=r".+"):
        Outcome.from_bytes(whole[: -min(left_out, len(whole))])


def test_facts_of_a_newer_bench_are_left_out():
    """A fact that this bench does not know costs nothing else."""
    data = replace(Outcome(trial_id="a", status="ok"), facts=Facts(n_test=3)).to_bytes()
    header = json.loads(data)
    header["facts"]["joules"] = 4.0
    assert Outcome.from_bytes(json.dumps(header).encode()).facts == Facts(n_test=3)


def test_all_but_ok_and_skipped_have_failed():
    """A model that says beforehand that it does not do something has not failed."""
    assert set(STATUSES) - set(FAILED) == {"ok", "skipped"}
