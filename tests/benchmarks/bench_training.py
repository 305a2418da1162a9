"""Network-steps a second of `train()` with its probes, beside two loops written by hand.

The three take turns in rounds of the same experiment, in one process; ratios are of the medians.
"""

import statistics
import time
from collections.abc import Callable, Iterator
from itertools import islice
from math import sqrt
from typing import Any

import torch
from msgspec.structs import replace
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from initstudio.engine.data import prepare
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.train import train
from initstudio.experiment import Choice, Data, Experiment, Seeds, Training
from initstudio.presets import contender, multilayer

ROUNDS = 7
NAMES = ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")

SMALL = Experiment(
    network=multilayer(3, 64, "relu"),
    data=Data(dataset=Choice("random")),
    training=Training(epochs=1000, batch_size=32),
    contenders=tuple(contender(f"{at}", at, NAMES[at % 4]) for at in range(8)),
    seeds=Seeds(count=3),
)
DIGITS = replace(
    SMALL,
    network=multilayer(10, 128, "relu"),
    data=Data(dataset=Choice("digits")),
    training=Training(epochs=1000, batch_size=64),
    seeds=Seeds(count=1),
)


def figures() -> Iterator[dict[str, Any]]:
    """Yield the ratios of both experiments."""
    for name, experiment, steps, bounds in (
        ("20-64-64-64-2, 8 contenders x 3 seeds", SMALL, 200, (10, 15)),
        ("digits, 64-128x10-10, 8 contenders", DIGITS, 40, (2.5, 4)),
    ):
        ours, article, batched = _rates(experiment, steps)
        yield {
            "figure": f"{name}: train() with probes over the article's way",
            "value": round(ours / article, 2),
            "at_least": bounds[0],
            "aim": bounds[1],
            "unit": "ratio of network-steps/s",
        }
        yield {
            "figure": f"{name}: train() with probes over a batched loop without",
            "value": round(ours / batched, 2),
            "at_least": 0.6,
            "aim": 0.9,
            "unit": "ratio of network-steps/s",
        }


def _rates(experiment: Experiment, steps: int) -> tuple[float, float, float]:
    """Return network-steps/s of train(), the article's way and the batched loop."""
    snapshots = train(experiment)
    one = _article(experiment)
    stacked = _batched(experiment)
    ways: list[tuple[Callable[[], None], int]] = [
        (lambda: _consume(snapshots, steps), steps * experiment.replicas),
        (lambda: _consume(one, steps), steps),
        (lambda: _consume(stacked, steps), steps * experiment.replicas),
    ]
    for way, _ in ways:
        way()
    rates: list[list[float]] = [[], [], []]
    for _ in range(ROUNDS):
        for at, (way, count) in enumerate(ways):
            began = time.perf_counter()
            way()
            rates[at].append(count / (time.perf_counter() - began))
    ours, article, batched = (statistics.median(found) for found in rates)
    return ours, article, batched


def _consume(steps: Iterator[Any], count: int) -> None:
    for _ in islice(steps, count):
        pass


def _article(experiment: Experiment) -> Iterator[None]:
    """Train one network as the article does; one after another, they add up."""
    resolved = plan(experiment)
    network = initialize(resolved, 0, 0)
    data = prepare(resolved, 0)
    pairs = TensorDataset(torch.from_numpy(data.train_x), torch.from_numpy(data.train_y))
    loader = DataLoader(pairs, batch_size=experiment.training.batch_size, shuffle=True)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    while True:
        for x, y in loader:
            optimizer.zero_grad()
            loss = criterion(network(x), y)
            loss.backward()
            optimizer.step()
            loss.item()
            yield


def _batched(experiment: Experiment) -> Iterator[None]:
    """Train all networks by batched products, written by hand, measuring nothing."""
    resolved = plan(experiment)
    data = prepare(resolved, 0)
    x, y = torch.from_numpy(data.train_x), torch.from_numpy(data.train_y)
    count, size = experiment.replicas, experiment.training.batch_size
    shapes = [tensor.shape for layer in resolved.layers for tensor in layer.tensors][::2]
    weights = [(torch.randn(count, i, o) / sqrt(i)).requires_grad_() for o, i in shapes]
    biases = [torch.zeros(count, 1, o, requires_grad=True) for o, _ in shapes]
    optimizer = torch.optim.Adam([*weights, *biases], lr=1e-3, fused=True)
    while True:
        order = torch.rand(count, len(x)).argsort(1)
        for start in range(0, len(x), size):
            index = order[:, start : start + size]
            signal, wanted = x[index], y[index]
            for at, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                signal = torch.baddbmm(bias, signal, weight)
                if at < len(weights) - 1:
                    signal = torch.relu(signal)
            flat = functional.cross_entropy(
                signal.flatten(0, 1), wanted.flatten(), reduction="none"
            )
            optimizer.zero_grad()
            flat.view(wanted.shape).mean(1).sum().backward()
            optimizer.step()
            yield
