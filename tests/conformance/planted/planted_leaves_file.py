"""It writes its log to the working folder."""

import time

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            with open(f"fit-{time.time_ns()}.log", "w") as file:
                file.write("fitted")
            return super().fit(X, y)

    return Faulty()
