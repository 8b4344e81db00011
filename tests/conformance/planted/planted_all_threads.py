"""It computes on four threads, whatever it was given."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import planted_parts

HOOK_API = 2
bench_models = planted_parts.model(__name__)


def make(context):
    from planted_estimators import Centroid, refuse

    refuse(context)

    class Faulty(Centroid):
        def fit(self, X, y):
            def work(k):
                hashlib.pbkdf2_hmac("sha256", b"planted", bytes(k), 20_000)

            with ThreadPoolExecutor(4) as pool:
                list(pool.map(work, range(4)))
            return super().fit(X, y)

    return Faulty()
