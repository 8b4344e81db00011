"""Loading it leaves a thread running."""

import threading
import time

import planted_parts

import bench

HOOK_API = 2
bench_datasets = planted_parts.dataset(__name__)


def load():
    import numpy as np

    rng = np.random.default_rng(0)
    y = np.arange(60) % 2

    threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return bench.Dataset(rng.normal(size=(60, 3)), y)
