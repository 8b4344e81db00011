"""Its suite names a model that nobody offers."""

import pathlib

import bench

HOOK_API = 2


@bench.hookimpl
def bench_suites():
    yield pathlib.Path(__file__).parent / "suites_suite_names"
