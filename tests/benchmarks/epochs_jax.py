"""Trains an architecture of `epochs_torch.py` with the engine, as often as it is told on stdin.

    python epochs_jax.py mlp|cnn|lstm|transformer N_CORES [wall|cpu]

A line with a number of epochs and a seed trains a new network for that long and answers with a line
of JSON: seconds and losses. The first answer's seconds hold the start of the backend and compiling.
"""

import json
import os
import sys
import time
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from bench_jax import attention, cnn, engine, layers, mlp, network, recurrent, step

TORCH_GAIN = 6**-0.5
"""PyTorch draws within one over the root of a layer's inputs, so that losses can be compared."""


@dataclass(frozen=True)
class TorchsStart:
    """Layers followed by a bias start as PyTorch's do."""

    def start(self, X, rng):
        shapes = {
            path: variable.shape
            for path, variable in zip(
                step.structure(self).paths, step.structure(self).variables, strict=True
            )
        }
        drawn = {}
        for path, shape in shapes.items():
            owner, _, name = path.rpartition(".")
            if name in ("kernel", "bias") and owner + ".kernel" in shapes:
                bound = np.prod(shapes[owner + ".kernel"][:-1]) ** -0.5
                drawn[path] = rng.uniform(-bound, bound, shape).astype(np.float32)
        return drawn


@dataclass(frozen=True)
class MlpNetwork(TorchsStart, mlp.MlpNetwork):
    pass


@dataclass(frozen=True)
class CnnNetwork(TorchsStart, cnn.CnnNetwork):
    pass


@dataclass(frozen=True)
class LstmNetwork(network.Network):
    @property
    def inputs(self):
        return network.row((100, 8))

    @property
    def n_outputs(self):
        return 5

    def build(self):
        return LastState()


class LastState(nnx.Module):
    def __init__(self):
        self.lstm = recurrent.Recurrent(8, 64)
        self.out = layers.Dense(64, 5, gain=TORCH_GAIN)

    def __call__(self, x, drop):
        return self.out(self.lstm(x)[1])


@dataclass(frozen=True)
class TransformerNetwork(network.Network):
    @property
    def inputs(self):
        return network.row((64,), jnp.int32)

    @property
    def n_outputs(self):
        return 5

    def build(self):
        return Encoder()


class Encoder(nnx.Module):
    def __init__(self):
        self.embed = attention.Embedding(2000, 64)
        self.blocks = nnx.List([attention.EncoderBlock(64, 4, 256) for _ in range(2)])
        self.out = layers.Dense(64, 5, gain=TORCH_GAIN)

    def __call__(self, x, drop):
        x = self.embed(x)
        for block in self.blocks:
            x = block(x)
        return self.out(x.mean(1))


def problem(name):
    rng = np.random.default_rng(0)
    if name == "mlp":
        net, X, batch = MlpNetwork(50, (256, 256), "relu", 5), rng.normal(size=(20000, 50)), 256
    elif name == "cnn":
        net = CnnNetwork((28, 28, 1), (32, 64), (128,), "relu", 10, False)
        X, batch = rng.normal(size=(4096, 28, 28, 1)), 128
    elif name == "lstm":
        net, X, batch = LstmNetwork(), rng.normal(size=(1024, 100, 8)), 64
    else:
        net, X, batch = TransformerNetwork(), rng.integers(0, 2000, (512, 64)), 32
    y = np.random.default_rng(1).integers(0, net.n_outputs, len(X)).astype(np.int32)
    X = X.astype(net.inputs.dtype)
    return engine.Design(net, "cross-entropy", len(X), 0, batch), engine.Sample(X, y)


def main():
    # Before the first computation, which starts the backend and its threads.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[2])])
    jax.config.update("jax_platforms", "cpu")
    now = time.process_time if sys.argv[3:] == ["cpu"] else time.perf_counter
    design, sample = problem(sys.argv[1])
    recipe = engine.Recipe(learning_rate=1e-3, weight_decay=0.0)
    for line in sys.stdin:
        n_epochs, seed = map(int, line.split())
        begin = now()
        trained = engine.train(design, replace(recipe, max_epochs=n_epochs, seed=seed), sample)
        answer = {"seconds": now() - begin, "losses": trained.loss_curve}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
