"""It says why it stopped, and never looks at the clock."""

import time

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            if context.max_seconds < 0.1:
                end = time.process_time() + 1.5
                while time.process_time() < end:
                    pass
            self.stop_reason_ = "converged"
            return super().fit(X, y)

    return Faulty()
