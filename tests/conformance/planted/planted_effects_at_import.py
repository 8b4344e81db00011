"""Importing it sets a variable for everybody."""

import os

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)
os.environ["PLANTED_THREADS"] = "64"


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)
    return Centroid()
