"""Identities of trials that were published before are those of today."""

from pathlib import Path

import pytest

from bench.planning import describing
from bench.planning.plan import make_plan
from bench.planning.selection import expand
from bench.planning.suite import parse
from bench.registry.lookup import discover
from bench.results import store

PUBLISHED = Path(__file__).parents[2] / "results" / "published"


@pytest.mark.parametrize(("run", "n_trials"), [("smoke", 12), ("quick", 75)])
def test_published_regression_trials_are_found_again(run, n_trials, tmp_path, monkeypatch):
    """Shares, fingerprints and all else say what they said: a finished trial stays finished."""
    monkeypatch.setenv("BENCH_CACHE", str(tmp_path))
    registry = discover()
    text = (PUBLISHED / run / "suite.toml").read_text()
    suite = expand(parse(text, run), registry)
    suite = suite.model_copy(
        update={"datasets": tuple(t for t in suite.datasets if t.name == "diabetes")}
    )
    protocol = suite.protocol.splits()
    plan = make_plan(suite, registry, lambda s, tasks: describing.describe(s, tasks, protocol))
    rows = store.load(PUBLISHED / run).trials.to_pylist()
    published = {row["trial_id"] for row in rows if row["task"] == "regression"}
    assert len(published) == n_trials
    assert published <= {trial.trial_id for trial in plan.trials}
