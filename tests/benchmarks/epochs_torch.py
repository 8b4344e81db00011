"""Four plain architectures in PyTorch, trained as often as it is told on stdin.

    python epochs_torch.py mlp|cnn|lstm|transformer N_CORES [wall|cpu]

Each is the loop that a PyTorch user would write: shuffled mini-batches from memory, Adam(1e-3),
cross-entropy. A line with a number of epochs and a seed trains a new network for that long and
answers with a line of JSON: seconds and losses. Data are those of `epochs_jax.py`.

  mlp          X 20000 x 50, 5 classes, batch 256, hidden 256-256, ReLU
  cnn          X 4096 x 28 x 28 x 1, 10 classes, batch 128, conv 32 3x3 + pool, conv 64 3x3 + pool,
               dense 128
  lstm         X 1024 x 100 steps x 8, 5 classes, batch 64, one LSTM of 64, last state
  transformer  X 512 x 64 tokens of 2000, 5 classes, batch 32, width 64, 4 heads, 2 pre-norm blocks,
               mean pool
"""

import json
import os
import sys
import time

import numpy as np
import torch
from torch import nn


class LastState(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 64, batch_first=True)
        self.head = nn.Linear(64, 5)

    def forward(self, x):
        return self.head(self.lstm(x)[0][:, -1])


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(2000, 64)
        block = nn.TransformerEncoderLayer(
            64, 4, 256, dropout=0.0, batch_first=True, norm_first=True, activation="gelu"
        )
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.head = nn.Linear(64, 5)

    def forward(self, x):
        return self.head(self.blocks(self.embed(x)).mean(1))


def network(name):
    if name == "mlp":
        return nn.Sequential(
            nn.Linear(50, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 5)
        )
    if name == "cnn":
        return nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(3136, 128), nn.ReLU(), nn.Linear(128, 10),
        )  # fmt: skip
    return LastState() if name == "lstm" else Encoder()


def data(name):
    rng = np.random.default_rng(0)
    shapes = {"mlp": (20000, 50), "cnn": (4096, 1, 28, 28), "lstm": (1024, 100, 8)}
    if name in shapes:
        X = torch.tensor(rng.normal(size=shapes[name]), dtype=torch.float32)
    else:
        X = torch.tensor(rng.integers(0, 2000, (512, 64)))
    y = np.random.default_rng(1).integers(0, 10 if name == "cnn" else 5, len(X))
    return X, torch.tensor(y), {"mlp": 256, "cnn": 128, "lstm": 64, "transformer": 32}[name]


def train(name, n_epochs, seed, X, y, batch):
    torch.manual_seed(seed)
    net = network(name)
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    losses = []
    for _ in range(n_epochs):
        total = 0.0
        for rows in torch.randperm(len(X)).split(batch):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(net(X[rows]), y[rows])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(rows)
        losses.append(total / len(X))
    return losses


def main():
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(sys.argv[2])])
    now = time.process_time if sys.argv[3:] == ["cpu"] else time.perf_counter
    torch.set_num_threads(int(sys.argv[2]))
    X, y, batch = data(sys.argv[1])
    for line in sys.stdin:
        n_epochs, seed = map(int, line.split())
        begin = now()
        losses = train(sys.argv[1], n_epochs, seed, X, y, batch)
        print(json.dumps({"seconds": now() - begin, "losses": losses}), flush=True)


if __name__ == "__main__":
    main()
