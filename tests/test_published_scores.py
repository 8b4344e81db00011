"""Scores under an unchanged metric stay: those that the suite `quick` published are met again.

Its predictions are not published, so deterministic learners are fitted again, by hand: split,
asked, read and scored with what stands there today. Labels then came from the probabilities, and
now from `predict`; these learners agree with themselves.
"""

import json
from functools import cache
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

import bench
from bench.registry.lookup import discover, resolve
from bench.tasks.normalise import normalise
from bench.tasks.scoring import score
from bench.trial.context import model_context
from bench.trial.fitting import Fitting, seed_all

QUICK = Path(__file__).parents[1] / "results" / "published" / "quick"

EXACT = ("dummy",)
"""What it answers depends on no linear algebra, whose last bits are the processor's."""

MODELS = (*EXACT, "ridge", "logistic-regression")


@cache
def registry():
    return discover()


@cache
def dataset(name, task):
    spec = registry().dataset(name).record
    return normalise(resolve(spec.loader)(**spec.params), name, spec.tasks)


def published():
    """The trials of some learners, with what they scored."""
    trials = pq.read_table(QUICK / "trials.parquet")
    trials = trials.filter(pc.is_in(trials["model"].cast("string"), value_set=_texts(MODELS)))
    scores = {}
    for row in pq.read_table(QUICK / "scores.parquet").to_pylist():
        scores.setdefault(row["trial_id"], {})[row["part"], row["metric"]] = row["value"]
    cases = {}
    for row in trials.to_pylist():
        cases.setdefault((row["dataset"], row["model"]), []).append((row, scores[row["trial_id"]]))
    return cases


def _texts(names):
    import pyarrow as pa

    return pa.array(names, pa.string())


CASES = published()


@pytest.mark.parametrize(("name", "model"), sorted(CASES))
def test_published_scores_are_met_again(name, model):
    """On every split and at both small sizes, all parts, under every metric: to the last bit."""
    for trial, expected in CASES[name, model]:
        if trial["n_train"] > 128:
            continue
        found = measured(trial)
        assert expected.keys() <= found.keys()
        for key, value in expected.items():
            if model in EXACT or value is None:
                assert found[key] == value, key
            else:
                assert found[key] == pytest.approx(value, rel=1e-7, abs=1e-9), key


def measured(trial):
    """Measure a trial again; return its values by part and metric."""
    task = registry().task(trial["task"]).record
    spec = registry().model(trial["model"]).record
    data = dataset(trial["dataset"], trial["task"])
    cell = bench.Cell(trial["outer_seed"], trial["inner_seed"], trial["n_train"], trial["repeat"])
    parts = task.prepare(data, bench.SplitProtocol(), cell)
    context = model_context(
        data, parts, task=task.name, modality=trial["modality"], n_train=cell.n_train,
        n_train_max=cell.n_train, has_missing=False, metric=task.primary(data.target),
        seed=trial["model_seed"],
    )  # fmt: skip
    fitting = Fitting(task, spec, context)
    estimator = fitting.make(json.loads(trial["params"]))
    seed_all(trial["model_seed"])
    fitted = fitting.fit(estimator, parts)
    metrics = [
        (metric, resolve(metric.function))
        for metric in (registry().metric(one).record for one in task.metrics)
    ]
    return {
        (one.part, one.metric): one.value
        for name, part in task.questions(parts)
        for one in score(
            metrics, name, part, task.read(task.ask(fitted, part), part, parts, fitted)
        )
    }
