"""With a target of two classes, it answers one column of probabilities."""

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Probabilities, refuse

    refuse(context)

    class Faulty(Probabilities):
        def predict_proba(self, X):
            given = super().predict_proba(X)
            return given[:, 1:] if len(context.target.classes) == 2 else given

    return Faulty()
