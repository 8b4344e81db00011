"""How ratios are measured: both sides in turn, so that a busy machine slows both."""

import statistics
import subprocess
import time


def seconds_of(action):
    begin = time.perf_counter()
    action()
    return time.perf_counter() - begin


def run_program(*command, **options):
    """Return an action that runs a program to its end."""

    def action():
        subprocess.run(command, check=True, capture_output=True, **options)

    return action


def ratio_of(benchmark, ours, baseline, *, rounds, **extra):
    """Measure `ours` against `baseline` in alternation; return the ratio of the medians.

    Both are shown by pytest-benchmark: ours as its figures, all else as extra information.
    """
    theirs = []
    benchmark.pedantic(
        ours, setup=lambda: theirs.append(seconds_of(baseline)), rounds=rounds, iterations=1
    )
    mine = statistics.median(benchmark.stats.stats.data)
    ratio = mine / statistics.median(theirs)
    benchmark.extra_info |= {
        "baseline_seconds": statistics.median(theirs),
        "seconds": mine,
        "ratio": ratio,
        **extra,
    }
    print(f"\n{benchmark.name}: {mine:.3f} s / {statistics.median(theirs):.3f} s = {ratio:.2f}")
    return ratio
