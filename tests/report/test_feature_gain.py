"""The tables of what features are worth."""

import csv
import io
import json

import pytest

from bench.analysis.features import FeatureBoard, FeatureGain, FeaturePoint
from bench.analysis.intervals import Interval
from bench.report import feature_gain


@pytest.fixture
def board():
    """One dataset, one size with five seeds and a smaller one that lacks the deep model."""
    return FeatureBoard(
        task="classification",
        dataset="dig|its",
        modality="image",
        metric="accuracy",
        sizes=(16, 1024),
        candidates={"raw": 2, "learned": 1},
        points={
            "raw": {
                16: FeaturePoint(skill=0.5, winner="svm", seconds=0.25, n_units=5),
                1024: FeaturePoint(skill=0.75, winner="svm", seconds=2.0, n_units=5),
            },
            "learned": {1024: FeaturePoint(skill=0.875, winner="cnn", seconds=9.0, n_units=5)},
        },
        gains={
            ("learned", "raw"): {
                1024: FeatureGain(
                    gain=0.125, interval=Interval(0.1, 0.15), p_better=0.99, n_units=5
                )
            }
        },
    )


def test_markdown_has_kinds_then_gains(board):
    """A row per kind with its model and skills, then a row per gain; names are literal."""
    text = feature_gain.to_markdown([board])
    assert "### dig\\|its · image · skill by accuracy · 3 models" in text
    assert "| raw | svm | 0.500 | 0.750 | 2.00 s |" in text
    assert "| learned | cnn | — | 0.875 | 9.00 s |" in text
    assert "+0.125 (+0.100 to +0.150)" in text


def test_csv_has_a_line_per_size(board):
    """Points and gains are lines of one table; what is not known is empty."""
    rows = list(csv.DictReader(io.StringIO(feature_gain.to_csv([board]))))
    assert [(row["what"], row["n_train"], row["skill"], row["low"]) for row in rows] == [
        ("raw", "16", "0.5", ""),
        ("raw", "1024", "0.75", ""),
        ("learned", "1024", "0.875", ""),
        ("learned - raw", "1024", "0.125", "0.1"),
    ]


def test_json_says_the_same(board):
    """The figures of the table, as lists of objects."""
    (found,) = json.loads(feature_gain.to_json([board]))["datasets"]
    assert found["candidates"] == {"raw": 2, "learned": 1}
    assert found["gains"] == [
        {
            "features": "learned",
            "over": "raw",
            "n_train": 1024,
            "gain": 0.125,
            "interval": [0.1, 0.15],
            "p_better": 0.99,
            "n_units": 5,
        }
    ]


def test_the_terminal_shows_every_figure(board, capsys):
    """What is printed names the dataset, each kind, and the gain with its interval."""
    feature_gain.show([board])
    said = capsys.readouterr().out
    assert "dig|its" in said
    assert "+0.125 (+0.100 to +0.150)" in said
    assert "1,024 rows" in said
