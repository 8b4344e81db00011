"""What a factory elsewhere is told of a dataset: all of `extra` that can cross."""

import json

import numpy as np

import bench
from bench.registry.venvs import codec, worker
from bench.registry.venvs.remote import _plain_context


def test_extra_crosses_as_far_as_it_can():
    """Arrays, lists and numbers do; a function of a plugin here does not, and is left out."""
    extra = {"horizon": 3, "scale": np.arange(3.0), "names": ["a", "b"], "make": lambda: None}
    context = bench.ModelContext(task="t", modality="series", n_train=4, n_train_max=4, extra=extra)
    buffers = []
    form = json.loads(json.dumps(codec.encode(_plain_context(context), buffers)))
    arrived = [np.frombuffer(memoryview(buffer).cast("B"), np.uint8) for buffer in buffers]
    told = worker._context(codec.decode(form, arrived, lambda form: None))
    assert set(told.extra) == {"horizon", "scale", "names"}
    assert told.extra["scale"].tolist() == [0.0, 1.0, 2.0]
    assert (told.extra["horizon"], told.extra["names"]) == (3, ["a", "b"])
