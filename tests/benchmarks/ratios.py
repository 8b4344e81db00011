"""How ratios are measured: both sides in turn, so that a busy machine slows both."""

import statistics
import subprocess
import time


def seconds_of(action):
    """What an action takes, or what it says that the part of it took that is to be measured."""
    begin = time.perf_counter()
    said = action()
    return said if isinstance(said, float) else time.perf_counter() - begin


def run_program(*command, **options):
    """Return an action that runs a program to its end."""

    def action():
        subprocess.run(command, check=True, capture_output=True, **options)

    return action


def ratio_of(benchmark, ours, baseline, *, rounds, **extra):
    """Measure `ours` against `baseline` in alternation; return the ratio of the medians.

    Both are shown by pytest-benchmark: ours as its figures, all else as extra information.
    """
    ours_took, theirs_took = [], []
    benchmark.pedantic(
        lambda: ours_took.append(seconds_of(ours)),
        setup=lambda: theirs_took.append(seconds_of(baseline)),
        rounds=rounds,
        iterations=1,
    )
    mine, theirs = statistics.median(ours_took), statistics.median(theirs_took)
    figures = {"seconds": mine, "baseline_seconds": theirs, "ratio": mine / theirs}
    benchmark.extra_info |= figures | extra
    print(f"\n{benchmark.name}: {mine:.3f} s / {theirs:.3f} s = {mine / theirs:.2f}", extra or "")
    return mine / theirs
