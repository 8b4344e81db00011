"""Metrics without an ideal value: no skill, but differences in their unit, and ranks."""

import io
import json
from dataclasses import replace

import pytest
from rich.console import Console

from analysis.hand_families import put
from analysis.hand_tables import Run, tables
from bench import Metric
from bench.analysis.compare import compare
from bench.analysis.judging import verdicts
from bench.analysis.pairs import Side
from bench.report import compared, formats, terminal
from bench.report.contents import read_contents
from bench.report.html.page import write_page
from bench.report.verdicts.details import details
from bench.report.verdicts.sentence import sentence

LIKELIHOOD = Metric(
    name="log-likelihood", direction="higher", ideal=None, unit="nats", region=0.05,
    needs="densities", function="none:none",
)  # fmt: skip
LOW = [-3.00, -3.01, -2.99, -3.00, -3.02]
HIGH = [-2.50, -2.51, -2.49, -2.50, -2.52]
DENSITY = {"task": "density", "primary_metric": "log-likelihood", "size_unit": "documents"}


def densities(classical, deep, *, datasets=("a",), metric=LIKELIHOOD, run_id="run-1", base=-5.0):
    """Return a run of a baseline and a model of each family, a value per outer seed."""
    run = Run(run_id)
    run.metrics = {metric.name: metric}
    for dataset in datasets:
        for outer, (a, b) in enumerate(zip(classical, deep, strict=True)):
            more = {**DENSITY, "primary_metric": metric.name, "outer": outer}
            run.add("dummy", dataset, base, **more)
            put(run, "lda", dataset, a, a, metric=metric.name, **more)
            put(run, "mlp", dataset, b, b, metric=metric.name, **more)
    return run


def judged(run):
    made = tables(run)
    return verdicts(made.trials, made.scores, made.metrics)


def test_contenders_stand_by_rank_and_by_the_metric_itself():
    """No skill, bar or gap; on one dataset the mean of the metric, -2.504."""
    (board,) = read_contents(tables(densities(LOW, HIGH))).boards
    first = board.standings[0]
    assert (board.by_skill, board.has_no_ideal, board.unit) == (False, True, "nats")
    assert (first.name, first.skill, first.improvability, first.rank) == ("mlp", None, None, 1.0)
    assert first.value == pytest.approx(-2.504)
    assert first.value_interval.low < -2.504 < first.value_interval.high
    assert board.standings[-1].value == -5.0


def test_values_of_several_datasets_have_no_mean():
    """Their scales are their own: ranks alone are averaged."""
    (board,) = read_contents(tables(densities(LOW, HIGH, datasets=("a", "b")))).boards
    assert [line.value for line in board.standings] == [None, None, None]
    assert [line.rank for line in board.standings] == [1.0, 2.0, None]


def test_markdown_has_no_column_of_skill_where_there_is_none():
    """Neither skill, nor its interval, nor the gap: not dashes all the way down."""
    text = formats.to_markdown(read_contents(tables(densities(LOW, HIGH, datasets=("a", "b")))))
    header = next(line for line in text.splitlines() if line.startswith("| "))
    assert [name for name in ("skill", "90 %", "gap") if f"| {name} |" in header] == []
    assert "| rank |" in header
    assert {line.count(" | ") for line in text.splitlines() if line.startswith("| ")} == {
        header.count(" | ")
    }


def test_gains_have_the_decimals_that_their_size_asks_for():
    """Of 25,000 there are no thousandths."""
    cost = replace(LIKELIHOOD, name="cost", unit="euro", direction="lower", region="2% of value")
    high = [275_000.0, 276_000.0, 274_000.0, 275_000.0, 275_500.0]
    low = [250_000.0, 251_000.0, 249_500.0, 250_000.0, 250_300.0]
    found = judged(densities(high, low, metric=cost, base=300_000.0))[-1]
    (said,) = [one for one in details(found) if one.startswith("gain of deep")]
    assert said.startswith("gain of deep: +24940 euro of cost (+")
    assert "." not in said


def test_the_verdict_is_in_the_metrics_unit():
    """Deep is 0.5 nats ahead, ten times what the metric calls practically equal."""
    found = judged(densities(LOW, HIGH))[-1]
    assert (found.decision, found.has_skill, found.region) == ("deep", False, 0.05)
    assert found.gain == pytest.approx(0.5)
    assert sentence(found).startswith("deep: better by 0.5 nats of log likelihood (")
    said = " ".join(details(found))
    assert "gain of deep: +0.500 nats of log likelihood (" in said
    assert "equal: within 0.05 nats of log likelihood" in said
    assert "skill" not in said


def test_the_same_in_other_units_is_the_same_verdict():
    """In bits values and region are 1.44 times as large; probabilities stay."""
    bits = Metric(
        name="log-likelihood", direction="higher", ideal=None, unit="bits", region=0.05 / 0.6931,
        needs="densities", function="none:none",
    )  # fmt: skip
    noisy = [-2.97, -3.03, -2.94, -3.0, -3.05]
    nats = judged(densities(LOW, noisy))[-1]
    found = judged(densities([x / 0.6931 for x in LOW], [x / 0.6931 for x in noisy], metric=bits))[
        -1
    ]
    assert found.decision == nats.decision
    assert found.p_deep == pytest.approx(nats.p_deep)
    assert found.gain_interval.low == pytest.approx(nats.gain_interval.low / 0.6931)


def test_lower_is_better_is_turned_round():
    """Perplexities of 20 and 12: deep is better by 8, and its gain is positive."""
    perplexity = Metric(
        name="perplexity", direction="lower", ideal=None, needs="densities", function="none:none"
    )
    run = densities(
        [20.0, 20.1, 19.9, 20.0, 20.2], [12.0, 12.1, 11.9, 12.0, 12.2], metric=perplexity
    )
    found = judged(run)[-1]
    assert (found.decision, found.region) == ("deep", None)
    assert found.gain == pytest.approx(8.0)
    assert found.gain_in_metric == pytest.approx(-8.0)
    assert "better by 8 of perplexity" in sentence(found)


def test_without_a_region_nothing_is_equal():
    """Whoever does not say what is practically equal cannot be told that something is."""
    silent = Metric(
        name="log-likelihood", direction="higher", ideal=None, needs="densities",
        function="none:none",
    )  # fmt: skip
    near = [x + 0.001 * (-1) ** at for at, x in enumerate(LOW)]
    assert judged(densities(LOW, near))[-1].decision == "equal"
    assert judged(densities(LOW, near, metric=silent))[-1].decision == "undecided"


def test_across_datasets_they_are_counted():
    """Gains of several scales have no mean: two datasets of two are deep's."""
    found = judged(densities(LOW, HIGH, datasets=("a", "b")))[0]
    assert (found.scope, found.decision, found.gain) == ("task", "deep", None)
    assert found.counts["deep"] == 2
    assert any("no mean" in note for note in found.notes)


def test_a_failed_trial_counts_as_the_baseline():
    """Its place is that of the yardstick's own value."""
    run = densities(LOW, HIGH)
    run.add("svm", "a", None, status="crashed", **DENSITY)
    (board,) = read_contents(tables(run)).boards
    svm = next(line for line in board.standings if line.name == "svm")
    assert svm.n_units == 1


def test_two_runs_are_compared_in_its_unit():
    """Half a nat lost is worse; less than the metric's region is equal."""

    def side(run):
        made = tables(run)
        return Side(made.trials, made.scores, made.measures, made.environments, made.metrics)

    base = side(densities(LOW, HIGH))
    worse = compare(base, side(densities([x - 0.5 - at / 100 for at, x in enumerate(LOW)], HIGH)))
    change = next(one for one in worse.changes if one.model == "lda" and one.measure == "score")
    assert (change.decision, change.scale, change.unit, change.margin) == (
        *("worse", "metric", "nats", 0.05),
    )
    assert "-0.520 nats" in compared.to_markdown(worse, "a", "b")
    same = compare(base, side(densities([x - 0.001 * at for at, x in enumerate(LOW)], HIGH)))
    change = next(one for one in same.changes if one.model == "lda" and one.measure == "score")
    assert change.decision == "equal"


def test_every_format_shows_it(tmp_path):
    """None fails, and none speaks of skill."""
    made = tables(densities(LOW, HIGH))
    contents = read_contents(made, with_verdicts=True)
    page = io.StringIO()
    terminal.show_contents(contents, Console(file=page, width=160))
    shown = page.getvalue()
    assert "log-likelihood (nats)" in shown
    assert "-2.504" in shown
    assert "log-likelihood has no ideal value" in shown
    assert "documents" in shown
    markdown = formats.to_markdown(contents)
    assert "-2.504" in markdown
    (task,) = json.loads(formats.to_json(contents))["tasks"]
    assert task["standings"][0]["value"] == pytest.approx(-2.504)
    by_dataset = read_contents(made, by="dataset")
    (board,) = by_dataset.dataset_boards
    assert board.lines[0].points[16].difference == pytest.approx(2.496)
    page = io.StringIO()
    terminal.show_contents(by_dataset, Console(file=page, width=160))
    assert "less dummy" in page.getvalue()
    assert "+2.496" in page.getvalue()
    assert "(+2.496 from the baseline)" in formats.to_markdown(by_dataset).replace("\\", "")
    write_page(made, tmp_path / "page.html")
    assert "-2.504" in (tmp_path / "page.html").read_text()


def test_datasets_with_and_without_skill_share_a_board():
    """What has none is left out of the means and named."""
    run = densities(LOW, HIGH)
    for row in run.trials:
        row["task"] = "classification"
    run.add("dummy", "b", 0.5)
    run.add("lda", "b", 0.75)
    run.metrics |= Run().metrics
    (board,) = read_contents(tables(run)).boards
    assert (board.by_skill, board.without_ideal, board.without_baseline) == (True, ("a",), ())
    assert board.ranked_on == ("b",)
