"""`fit` never comes to an end."""

import collections
import itertools

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            collections.deque(itertools.repeat(None), maxlen=0)

    return Faulty()
