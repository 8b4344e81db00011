"""Starting up, against an interpreter that does nothing."""

import sys
from pathlib import Path

import pytest
from ratios import ratio_of, run_program

BENCH = str(Path(sys.executable).with_name("bench"))


# An idle machine: 10 ms for the interpreter, some 100 for --help and 250 for a list, which
# imports pluggy, reads the entry points of every distribution and imports each plugin.
@pytest.mark.parametrize(
    ("arguments", "bar"), [(["--help"], 12), (["list", "models"], 35)], ids=["help", "list-models"]
)
def test_start_up(benchmark, tmp_path, arguments, bar):
    """Help comes within twelve bare interpreters' time, a list within thirty-five."""
    ours = run_program(BENCH, *arguments, cwd=tmp_path)
    baseline = run_program(sys.executable, "-c", "pass", cwd=tmp_path)
    ours()
    assert ratio_of(benchmark, ours, baseline, rounds=7) <= bar
