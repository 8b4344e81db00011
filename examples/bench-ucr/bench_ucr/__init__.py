"""The UCR and UEA archives as a plugin of bench: some problems by name, and any by parameter."""

from collections.abc import Iterator
from pathlib import Path

import bench

HOOK_API = 2

PROBLEMS = {
    "Chinatown": "363 days of pedestrians in Melbourne's Chinatown, 24 hours: weekend or not.",
    "Coffee": "56 spectra of coffee, 286 wavelengths: Arabica or Robusta.",
    "ECG200": "200 heartbeats, 96 steps: normal, or of an infarction.",
    "GunPoint": "200 movements of a hand, 150 steps: drawing a gun, or pointing.",
    "ItalyPowerDemand": "1,096 days of Italy's power demand, 24 hours: winter or summer half-year.",
    "SyntheticControl": "600 made control charts, 60 steps, of six patterns.",
    "BasicMotions": "80 movements of a wrist, six channels of 100 steps: four activities.",
}
"""What has a name of its own; every other problem is ``ucr-archive`` with a parameter."""


@bench.hookimpl
def bench_datasets() -> Iterator[bench.DatasetSpec]:
    """Yield a record for each problem, and one for all others."""
    for problem, summary in PROBLEMS.items():
        yield spec(f"ucr-{problem.lower()}", summary, {"problem": problem})
    yield spec(
        "ucr-archive",
        'Any problem of the archives: params = { problem = "Trace" }.',
        {},
    )


def spec(name: str, summary: str, params: dict[str, str]) -> bench.DatasetSpec:
    """Return the record of a problem: all are read by one function."""
    return bench.DatasetSpec(
        name=name,
        tasks=("classification", "clustering"),
        modality="series",
        loader="bench_ucr.archive:load",
        params=params,
        summary=summary,
        license="None stated",
        source="https://www.timeseriesclassification.com",
    )


@bench.hookimpl
def bench_suites() -> Iterator[Path]:
    """Yield the folder of the suite ``ucr``."""
    yield Path(__file__).parent / "suites"
