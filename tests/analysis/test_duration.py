"""How long a run may take, worked out by hand from trials like its own."""

import dataclasses

import pyarrow as pa
import pytest

from bench.analysis.duration import expected_duration
from bench.results.schema import SCHEMAS
from bench.spec.outcome import Trial


def make_trial(
    model="forest", params="{}", dataset="iris", n_train=16, seed=0, limit=10.0, dataset_params="{}"
):
    return Trial(
        trial_id=f"{model}{params}{dataset}{n_train}{seed}", suite="mine", dataset=dataset,
        dataset_label=dataset, dataset_version="1", dataset_params=dataset_params,
        dataset_fingerprint="f", task="classification", modality="tabular", model=model,
        label=model, family="classical",
        model_version="1", params=params, plugin="acme", plugin_version="1", tuning="default",
        search="{}", conditions="{}", device="cpu", cores=1, protocol="holdout", outer_seed=seed,
        inner_seed=0, model_seed=1, repeat=0, n_train=n_train, limit_seconds=limit, limit_bytes=1,
    )  # fmt: skip


def make_table(*rows):
    """A table of trials; each row: model, n_train, status, init, warm-up, fit, predict."""
    names = ("model", "n_train", "status", "init_seconds", "warm_up_seconds", "fit_seconds",
             "predict_seconds")  # fmt: skip
    return pa.Table.from_pylist(
        [
            {
                "params": "{}",
                "search": "{}",
                "dataset": "iris",
                "dataset_params": "{}",
                **dict(zip(names, row, strict=True)),
            }
            for row in rows
        ],
        SCHEMAS["trials"],
    )


NOTHING = make_table()


def test_nothing_is_known_of_what_was_never_measured():
    """Only the limits say something: three trials of 10 s in two slots take at most 15 s."""
    found = expected_duration([make_trial(seed=seed) for seed in range(3)], NOTHING, 2)
    assert (found.seconds, found.n_known, found.n_unknown) == (0, 0, 3)
    assert found.at_most_seconds == 15


def test_a_trial_takes_what_its_like_took():
    """1 + 2 + 3 s, three predictions of 0.5 s and 0.05 s beside: 7.55 s."""
    earlier = make_table(("forest", 16, "ok", 1.0, 2.0, 3.0, 0.5))
    found = expected_duration([make_trial(seed=7)], earlier, 1)
    assert found.seconds == pytest.approx(7.55)
    assert (found.n_known, found.n_unknown) == (1, 0)


def test_the_median_counts_and_slots_share():
    """Of 1, 2 and 9 s the median is 2 s; four such trials in two slots take twice 2.05 s."""
    earlier = make_table(*[("forest", 16, "ok", 0.0, 0.0, fit, 0.0) for fit in (9.0, 1.0, 2.0)])
    found = expected_duration([make_trial(seed=seed) for seed in range(4)], earlier, 2)
    assert found.seconds == pytest.approx(2 * 2.05)


def test_a_time_that_is_missing_counts_as_none():
    """A baseline that has no warm-up is known by the rest."""
    earlier = make_table(("forest", 16, "ok", None, None, 3.0, None))
    assert expected_duration([make_trial()], earlier, 1).seconds == pytest.approx(3.05)


def test_trials_that_failed_tell_nothing():
    """A crash says nothing about how long a fit takes."""
    earlier = make_table(("forest", 16, "crashed", 1.0, 1.0, 1.0, 1.0))
    assert expected_duration([make_trial()], earlier, 1).n_unknown == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "net"},
        {"params": '{"a":1}'},
        {"dataset": "wine"},
        {"dataset_params": '{"id":31}'},
        {"n_train": 32},
    ],
)
def test_another_model_parameter_dataset_or_size_is_not_like_it(changes):
    """Only trials that differ in their seeds alone are alike."""
    earlier = make_table(("forest", 16, "ok", 1.0, 1.0, 1.0, 1.0))
    found = expected_duration([make_trial(**changes), make_trial()], earlier, 1)
    assert (found.n_known, found.n_unknown) == (1, 1)


def tuned(seconds="null", limit=1000.0):
    search = f'{{"seconds":{seconds},"space":{{"x":[1]}},"trials":20}}'
    return dataclasses.replace(make_trial(limit=limit), tuning="tuned", search=search)


def test_a_tuned_trial_is_not_like_an_untuned_one():
    """Its time is worked out: 20 candidates, five fits each on 80 % of the 16 rows, of 3 s each.

    That is 240 s beside the 7.55 s of the trial without tuning; a limit to the search or to the
    trial ends it earlier.
    """
    earlier = make_table(("forest", 16, "ok", 1.0, 2.0, 3.0, 0.5))
    assert expected_duration([tuned()], earlier, 1).seconds == pytest.approx(247.55)
    assert expected_duration([tuned(seconds="60.0")], earlier, 1).seconds == pytest.approx(67.55)
    assert expected_duration([tuned(limit=9.0)], earlier, 1).seconds == pytest.approx(9.0)
    assert expected_duration([tuned()], earlier, 1).n_known == 1
    assert expected_duration([tuned()], NOTHING, 1).n_unknown == 1


def test_a_tuned_trial_is_like_one_that_was_tuned_alike():
    """What was measured goes before what is worked out."""
    row = make_table(("forest", 16, "ok", 0.0, 0.0, 3.0, 0.0)).to_pylist()[0]
    row |= {"search": tuned().search, "tuning": "tuned", "fit_seconds": 100.0}
    earlier = pa.Table.from_pylist([row], SCHEMAS["trials"])
    assert expected_duration([tuned()], earlier, 1).seconds == pytest.approx(100.05)
    assert expected_duration([make_trial(), tuned(seconds="60.0")], earlier, 1).n_unknown == 2


def test_nothing_to_do_takes_no_time():
    """Without trials all figures are zero."""
    found = expected_duration([], NOTHING, 2)
    assert (found.seconds, found.n_known, found.n_unknown, found.at_most_seconds) == (0, 0, 0, 0)
