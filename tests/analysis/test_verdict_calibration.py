"""Whether verdicts come true as often as they say, in contests whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from analysis.family_simulation import KINDS, SHARE, calibration_error, simulate
from bench.analysis.cases import make_cases
from bench.analysis.decisions import MIN_DATASETS, REGION, contrasts
from bench.analysis.evidence import COSTS, Evidence
from bench.analysis.families import represent
from bench.analysis.merits import Merit

N_VERDICTS = 5_000


def evidence(contests):
    """Return contests in the form in which result tables are read."""
    rows = []
    for problem, contest in enumerate(contests):
        n, n_units = contest.test.shape
        rows.append(
            pd.DataFrame(
                {
                    "problem": problem,
                    "contender": np.repeat(np.arange(n), n_units),
                    "outer_seed": np.tile(np.arange(n_units), n),
                    "n_train": 900,
                    "family": np.repeat(np.where(contest.is_deep, "deep", "classical"), n_units),
                    "figure": contest.test.ravel(),
                    "validation": contest.validation.ravel(),
                }
            )
        )
    points = pd.concat(rows, ignore_index=True)
    points = points.assign(value=points["figure"], span=1.0, n_validation=100.0, n_trials=1)
    points[["failed", "late"]] = 0.0
    points[list(COSTS)] = 1.0
    problems = pd.DataFrame(
        {
            "name": [f"{problem:05}" for problem in range(len(contests))],
            "task": "classification",
            "metric": "accuracy",
            "sign": 1.0,
            "ideal": 1.0,
            "overlap": SHARE / (1 - SHARE),
        }
    )
    contenders = pd.DataFrame({"name": [str(at) for at in range(20)]})
    merits = {"accuracy": Merit(name="accuracy", is_lower=False, ideal=1.0)}
    return Evidence(points, pd.DataFrame(index=points.index), problems, contenders, merits)


def table(found, truths):
    """Return probabilities (n, 3), what came true (n, 3), and whether intervals cover."""
    chances = np.array([(c.p_classical, c.p_equal, c.p_deep) for c in found])
    true = np.stack([truths < -REGION, np.abs(truths) <= REGION, truths > REGION], axis=1)
    covered = [c.interval.low <= t <= c.interval.high for c, t in zip(found, truths, strict=True)]
    return chances, true, np.array(covered)


@pytest.mark.slow
def test_verdicts_on_datasets_come_true_as_often_as_they_say():
    """5,000 verdicts at 5, 10 and 20 outer seeds, most from unkind generators: at most 0.03 off."""
    rng = np.random.default_rng(20_260_101)
    kinds = [KINDS[at % len(KINDS)] for at in range(N_VERDICTS)]
    contests = [simulate(rng, kind, int(rng.choice([5, 5, 10, 20]))) for kind in kinds]
    made = evidence(contests)
    cases = make_cases(made, represent(made))
    found = contrasts([c.gains["accuracy"] for c in cases], [SHARE / (1 - SHARE)] * len(cases))
    truths = np.array([contest.truth for contest in contests])
    chances, true, covered = table(found, truths)
    said = np.array([c.decision for c in found])
    right = {"classical": true[:, 0], "equal": true[:, 1], "deep": true[:, 2]}
    decided = np.isin(said, list(right))
    is_right = np.array([right.get(word, true[:, 1])[at] for at, word in enumerate(said)])
    print(f"\nall: calibration error {calibration_error(chances, true):.4f}")
    for kind in KINDS:
        own = np.array(kinds) == kind
        print(
            f"{kind}: {calibration_error(chances[own], true[own]):.3f}, intervals cover "
            f"{covered[own].mean():.3f}, decided {decided[own].mean():.2f}, of these right "
            f"{is_right[own & decided].mean():.3f}"
        )
    assert calibration_error(chances, true) <= 0.03
    assert 0.87 <= covered.mean() <= 0.96
    assert is_right[decided].mean() >= 0.9


@pytest.mark.slow
def test_verdicts_across_datasets_come_true_as_often_as_they_say():
    """5,000 tasks of 12 to 40 datasets, whose gains are normal, heavy-tailed or skewed."""
    rng = np.random.default_rng(20_260_102)
    gains, truths = [], []
    for at in range(N_VERDICTS):
        n, mean = int(rng.integers(MIN_DATASETS, 41)), rng.normal() * rng.choice([0.01, 0.03, 0.1])
        spread = 0.04 * np.exp(rng.normal() * 0.5)
        shocks = [
            rng.normal(size=n),
            rng.standard_t(3, size=n) / np.sqrt(3),
            rng.exponential(size=n) - 1,
        ]
        gains.append(mean + spread * shocks[at % len(shocks)])
        truths.append(mean)
    found = contrasts(gains, [0.0] * N_VERDICTS, least=MIN_DATASETS)
    chances, true, covered = table(found, np.array(truths))
    print(f"\ncalibration error {calibration_error(chances, true):.4f}, cover {covered.mean():.3f}")
    assert calibration_error(chances, true) <= 0.03
    assert 0.87 <= covered.mean() <= 0.93
