"""Importing it imports NumPy."""

import numpy as np
import planted_parts

HOOK_API = 2
VERSION = np.__version__
bench_models = planted_parts.model(__name__, factory="make", version=VERSION)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
