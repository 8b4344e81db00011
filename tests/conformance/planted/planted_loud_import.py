"""It prints, and warns, where it is imported."""

import os
import sys
import warnings

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)

for line in range(100):
    print("loading", line)
    print("still loading", line, file=sys.stderr)
    warnings.warn(f"a flood, line {line}", stacklevel=1)
os.write(1, b"a flood of a C library")


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
