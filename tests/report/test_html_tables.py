"""The page's tables: leaderboards, failures, machines, and the table of differences."""

import numpy as np
import pytest

from analysis.hand_tables import Run, tables
from bench.analysis.cells import read_cells
from bench.analysis.evidence import read_evidence
from bench.report.contents import read_contents
from bench.report.html import sections
from bench.report.html.differences import differences_table


def text_of(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def test_the_leaderboard_has_a_row_each_and_no_empty_columns():
    """Places, skill with its bar, and seconds; nothing failed, so no column says so."""
    run = Run()
    for outer in range(5):
        run.add("dummy", "a", 0.5, outer=outer)
        run.add("lda", "a", 0.75, outer=outer, fit=2.0)
    (board,) = read_contents(tables(run)).boards
    table = sections.board_table(board, {})
    titles = [column.title for column in table.columns]
    assert titles[:4] == ["#", "model", "family", "skill"]
    assert {"fit", "cold"} <= set(titles)
    assert not {"failed", "data"} & set(titles)
    first = table.rows[0].cells
    assert [cell.text for cell in first[:4]] == ["1", "lda", "classical", "0.500"]
    assert first[3].bar == 0.5
    assert (first[titles.index("fit")].text, first[titles.index("fit")].key) == ("2.00 s", 2.0)
    assert [row.is_apart for row in table.rows] == [False, True]


def test_failures_alike_share_a_row_commonest_first_skipped_last():
    """Counted with their sizes and reason; without any there is no table."""
    run = Run()
    run.add("lda", "a", 0.9)
    assert sections.failures_table(tables(run).trials) is None
    for n in (16, 64):
        run.add("svm", "a", None, n=n, outer=1, status="out_of_memory", reason="over\n4 GiB")
    run.add("mlp", "a", None, status="error", reason="x" * 400)
    for outer in range(3):
        run.add("cnn", "a", None, outer=outer, status="skipped", reason="no images")
    table = sections.failures_table(tables(run).trials)
    assert text_of(table)[0] == ["svm", "a", "out of memory", "2", "16 to 64 rows", "over 4 GiB"]
    assert [row[2] for row in text_of(table)] == ["out of memory", "error", "skipped"]
    assert len(text_of(table)[1][-1]) == 300


def test_what_is_said_of_the_whole():
    """Trials by how they ended, and plugins with their versions."""
    run = Run()
    run.add("lda", "a", 0.9)
    run.add("svm", "b", None, status="timeout")
    trials = tables(run).trials
    assert sections.measured(trials) == "2 trials, 1 failed, 2 models, 2 datasets, 1 task"
    assert sections.versions(trials) == "by-hand 1"


def test_machines_show_what_is_known():
    """Facts that are missing take no room."""
    (machine,) = sections.machines(tables(Run()).environments)
    assert dict(machine.facts) == {
        "processor": "AMD EPYC 9R14",
        "cores": "2",
        "environment": "env-1",
    }


def evidence_of(run):
    made = tables(run)
    cells = read_cells(made.trials, made.scores, made.metrics)
    return read_evidence(cells, made.trials, made.scores)


@pytest.fixture(scope="module")
def differences():
    run = Run()
    for outer in range(5):
        for n, classical, deep in ((16, 0.9, 0.6), (64, 0.95, 0.8), (256, 0.95, 0.95)):
            run.add("dummy", "a", 0.5, outer=outer, n=n)
            run.add("lda", "a", classical, outer=outer, n=n, fit=0.1)
            run.add("mlp", "a", deep, outer=outer, n=n, fit=10.0)
    return differences_table(evidence_of(run))


def test_differences_are_measured_with_intervals(differences):
    """Skill 0.9 of both; 90 % of it from 64 rows and from 256; 0.1 s and 10 s."""
    told = {row[0]: row[1:] for row in text_of(differences)}
    assert told["Definition"] == ["1 contender: lda", "1 contender: mlp"]
    assert told["Performance"][0].startswith("0.900 (0.900 to 0.900) skill")
    # (0.9 - 0.5) / 0.5 = 0.8 < 0.81 at 16 rows; 0.6 < 0.81 at 64 for deep.
    assert told["Data requirements"][0].startswith("64 (64 to 64) rows")
    assert told["Data requirements"][1].startswith("256 (256 to 256) rows")
    assert told["Training time"][0].startswith("100 ms (100 ms to 100 ms)")
    assert told["Training time"][1].startswith("10.0 s (10.0 s to 10.0 s)")


def test_what_no_run_measures_is_said_to_be_not_measured(differences):
    """Feature selection and interpretability have no figure yet."""
    told = {row[0]: row[1:] for row in text_of(differences)}
    assert told["Feature selection"] == told["Interpretability"] == ["not measured"] * 2


def test_a_family_that_is_missing_leaves_nothing_measured():
    """Without a deep contender there is nothing to lay side by side."""
    run = Run()
    run.add("dummy", "a", 0.5)
    run.add("lda", "a", 0.9)
    rows = text_of(differences_table(evidence_of(run)))
    assert np.unique([row[2] for row in rows]).tolist() == ["not measured"]
