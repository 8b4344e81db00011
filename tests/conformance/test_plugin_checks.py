"""Checks as the tests of a plugin's author call them, with pytest and without."""

import os
import subprocess
import sys
import unittest

import planted_site
import pytest

from bench import testing
from bench.conformance import checks as session
from bench.conformance.catalogue import PROMISES, Subject, pairs_of, promise_of
from bench.conformance.promise import Finding
from bench.conformance.runner import _merged
from bench.spec.errors import PluginError

TEST_FILE = """
from bench.testing import parametrize_with_checks


@parametrize_with_checks("{plugin}")
def test_keeps_its_promises(check):
    check()
"""


@pytest.fixture
def planted(monkeypatch, tmp_path):
    """Two planted plugins are installed; what checks have started is ended."""
    env = planted_site.variables(tmp_path, "good", "no-hook-api")
    for folder in reversed(env["PYTHONPATH"].split(os.pathsep)):
        monkeypatch.syspath_prepend(folder)
    yield
    session.close()


def run_pytest(folder, plugin, *options):
    """Run an author's whole test file, in a folder of its own."""
    env = planted_site.variables(folder, "good", "changes-x")
    (folder / "test_acme.py").write_text(TEST_FILE.format(plugin=plugin))
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *options],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
    )


def test_an_author_needs_four_lines(tmp_path):
    """A test function with one decorator runs every check of a good plugin, and all pass."""
    done = run_pytest(tmp_path, "planted_good", "-q")
    assert done.returncode == 0, done.stdout
    assert " failed" not in done.stdout
    assert " passed" in done.stdout


def test_a_failure_says_what_why_and_how(tmp_path):
    """pytest shows what failed, why it matters and how to mend it, and skips what says nothing."""
    done = run_pytest(tmp_path, "planted-changes-x", "-rs", "-k", "input-alone or search or candid")
    assert done.returncode == 1, done.stdout
    assert "model planted-changes-x does not keep 'leaves-its-input-alone'" in done.stdout
    assert "`fit` changes X: row 0 is" in done.stdout
    assert "Why it matters: Other models are fitted on the same arrays" in done.stdout
    assert "How to mend it: Copy before writing" in done.stdout
    assert "it has no search space" in done.stdout
    assert "1 failed, 1 skipped" in done.stdout
    assert "bench/conformance" not in done.stdout.partition("short test summary")[0]


def test_a_check_knows_its_name_and_subject(planted):
    """Checks are named by their promise, and say what it is looked for in."""
    checks = testing.checks_of("planted-good")
    assert {check.subject for check in checks} >= {
        "plugin planted-good",
        "model planted-good",
        "dataset planted-good",
        "suite planted-suite",
    }
    names = [(check.subject, check.name) for check in checks]
    assert ("model planted-good", "keeps-the-order") in names
    assert len(set(map(str, checks))) == len(checks)


def test_a_check_without_pytest(planted):
    """A check returns, raises `CheckFailed`, or `unittest.SkipTest`."""
    by_name = {check.name: check for check in testing.checks_of("planted_no_hook_api")}
    assert by_name["imports"]() is None
    with pytest.raises(testing.CheckFailed, match="has no HOOK_API"):
        by_name["states-its-hook-api"]()
    with pytest.raises(unittest.SkipTest, match="it does not stream"):
        by_name["streams-its-rows"]()


def test_an_unknown_plugin_is_refused():
    """A name that is nobody's is refused, with the nearest that there is."""
    with pytest.raises(PluginError, match=r"'bench_sklaern'\. Did you mean 'bench_sklearn'\?"):
        testing.checks_of("bench_sklaern")


def test_an_unknown_name_of_testing():
    """`bench.testing` has what it says, and nothing else."""
    assert testing.CheckFailed.__name__ == "CheckFailed"
    with pytest.raises(AttributeError, match="no attribute 'chekcs_of'"):
        _ = testing.chekcs_of


def test_every_promise_is_explained():
    """Each promise says in sentences what is promised, why it matters and how to mend it."""
    for promise in PROMISES:
        for text in (promise.what, promise.why, promise.mend):
            assert text.endswith("."), (promise.name, text)
    keys = [(promise.kind, promise.name) for promise in PROMISES]
    assert len(set(keys)) == len(keys)


MODEL = Subject(
    "model",
    "acme",
    "bench-acme",
    (
        ("classification", "tabular"),
        ("regression", "tabular"),
        ("classification", "image"),
        ("classification", "text"),
    ),
)


@pytest.mark.parametrize(
    ("name", "pairs"),
    [
        ("fits-and-answers", MODEL.pairs),
        ("takes-two-classes", MODEL.pairs[:1]),
        ("takes-any-seed", MODEL.pairs[:2]),
        ("takes-mixed-columns", MODEL.pairs[:1]),
        ("takes-other-forms", MODEL.pairs[2:]),
        ("answers-on-the-scale-of-y", MODEL.pairs[1:2]),
    ],
)
def test_what_cannot_differ_is_looked_for_once(name, pairs):
    """A promise is looked for in each pair, task or modality, whichever it can depend on."""
    assert pairs_of(promise_of("model", name), MODEL) == pairs


@pytest.mark.parametrize(
    ("first", "second", "outcome", "seen"),
    [
        ("passed", "passed", "passed", ""),
        ("passed", "skipped", "passed", ""),
        ("skipped", "skipped", "skipped", "classification of tabular, regression of tabular: why"),
        ("failed", "passed", "failed", "classification of tabular: why"),
        ("skipped", "failed", "failed", "regression of tabular: why"),
    ],
)
def test_pairs_are_brought_together(first, second, outcome, seen):
    """What fails in one pair has failed; what applies to none is skipped, with the reasons."""
    promise = promise_of("model", "fits-and-answers")
    found = [
        (
            pair,
            Finding(promise=promise.name, outcome=given, seen="" if given == "passed" else "why"),
        )
        for pair, given in zip(MODEL.pairs, (first, second), strict=False)
    ]
    finding = _merged(MODEL, [promise], found)[promise.name]
    assert (finding.outcome, finding.seen) == (outcome, seen)
