"""It answers all classes, and says that it knows only those that it has seen."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    import numpy as np
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def predict_proba(self, X):
            return np.eye(len(context.target.classes))[self.predict(X)]

    return Faulty()
