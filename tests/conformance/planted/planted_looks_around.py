"""It centres what it is asked about."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def predict(self, X):
            return super().predict(X - X.mean(axis=0) + self.means_.mean(axis=0))

    return Faulty()
