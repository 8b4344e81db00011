"""Classical models from scikit-learn, each as the pipeline that its learner needs.

Importing this imports neither scikit-learn nor NumPy: factories are named, not called.
"""

from collections.abc import Iterator

import bench
from bench_sklearn.specs import SPECS

HOOK_API = 2


@bench.hookimpl
def bench_models() -> Iterator[bench.ModelSpec]:
    """Yield the baseline and the classical models."""
    yield from SPECS
