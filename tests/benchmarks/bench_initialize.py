"""The time that a contender takes to start a network, beside the same torch calls in a script.

Both build a network of ten million parameters, with torch's own starting weights, and draw each
tensor anew. They take turns in rounds, in one process, on one thread as in the engine; ratios are
of the medians. The experiment is resolved before, once for all contenders.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import nn

from initstudio.engine.host import THREADS
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.experiment import Choice, Data, Experiment
from initstudio.presets import contender, multilayer

ROUNDS = 15
FEATURES = 20
CLASSES = 2
NETWORKS = {"3 layers of 2,230 units": (3, 2230), "100 layers of 318 units": (100, 318)}


def figures() -> Iterator[dict[str, Any]]:
    """Yield the ratio for a wide and a deep network, and for two ways of starting them."""
    torch.set_num_threads(THREADS)
    schemes = {"xavier_uniform": _init_xavier, "kaiming_normal": _init_kaiming}
    for name, (layers, width) in NETWORKS.items():
        for scheme, init in schemes.items():
            ours, bare = _seconds(layers, width, scheme, init)
            yield {
                "figure": f"{name}, {scheme}: a contender over the same calls in a script",
                "value": round(ours / bare, 3),
                "at_most": 1.2,
                "aim": 1.0,
                "unit": "ratio of seconds",
            }


def _seconds(
    layers: int, width: int, scheme: str, init: Callable[[nn.Module], None]
) -> tuple[float, float]:
    """Return the median seconds of a contender and of the script."""
    resolved = plan(
        Experiment(
            network=multilayer(layers, width, "relu"),
            data=Data(dataset=Choice("random", {"features": FEATURES, "classes": CLASSES})),
            contenders=(contender("One", 0, scheme),),
        )
    )
    sizes = [FEATURES, *[width] * layers, CLASSES]
    _check(initialize(resolved, 0, 0), _script(sizes, init, 0))
    ways: tuple[Callable[[int], object], ...] = (
        lambda seed: initialize(resolved, 0, seed),
        lambda seed: _script(sizes, init, seed),
    )
    seconds: list[list[float]] = [[], []]
    for seed in range(ROUNDS):
        for at in (0, 1) if seed % 2 else (1, 0):
            began = time.perf_counter()
            ways[at](seed)
            seconds[at].append(time.perf_counter() - began)
    ours, bare = (statistics.median(found) for found in seconds)
    return ours, bare


def _script(sizes: Sequence[int], init: Callable[[nn.Module], None], seed: int) -> nn.Module:
    """Start a network as a person's own script does."""
    torch.manual_seed(seed)
    parts: list[nn.Module] = []
    for inputs, outputs in pairwise(sizes):
        parts += [nn.Linear(inputs, outputs), nn.ReLU()]
    return nn.Sequential(*parts[:-1]).apply(init)


def _check(ours: nn.Module, theirs: nn.Module) -> None:
    """See that both are of ten million parameters, bit for bit the same.

    Raises:
        ValueError: They are not.
    """
    pairs = list(zip(ours.parameters(), theirs.parameters(), strict=True))
    total = sum(one.numel() for one, _ in pairs)
    if total < 10_000_000 or not all(torch.equal(one, other) for one, other in pairs):
        message = f"{total:,} parameters, or different ones"
        raise ValueError(message)


def _init_xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def _init_kaiming(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)
