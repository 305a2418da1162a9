"""What the studies of the Jacobian and of the first step cost, on one thread as in the engine.

The Jacobian with all of its blocks is given in seconds, each start drawn anew. The largest
curvature is given over the bare passes that it needs: the gradient's graph once, and for each
product one pass back through it. They take turns, and ratios are of the medians.
"""

import statistics
import time
from collections.abc import Callable, Generator, Iterator
from typing import Any

import torch
from torch import nn

from initstudio.catalogue import NoParams
from initstudio.engine.curvature import Landscape, largest_eigenvalue
from initstudio.engine.host import THREADS
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import Plan, plan
from initstudio.engine.studies.jacobian import JACOBIAN
from initstudio.engine.xray import first_batch
from initstudio.experiment import Choice, Data, Experiment, Training
from initstudio.presets import contender, multilayer

ROUNDS = 5
LAYERS = 20
WIDTH = 512
STARTS = {"tanh": ("xavier_normal", WIDTH), "relu": ("kaiming_normal", WIDTH)}


def figures() -> Iterator[dict[str, Any]]:
    """Yield the seconds of a contender's Jacobian, its longest slice, and the curvature's ratio."""
    torch.set_num_threads(THREADS)
    for activation, (scheme, features) in STARTS.items():
        resolved = plan(_experiment(WIDTH, activation, scheme, features))
        spent = [_slices(resolved) for _ in range(ROUNDS)]
        yield {
            "figure": f"Jacobian of {LAYERS} {activation} layers of {WIDTH}, whole and by block",
            "value": round(statistics.median(sum(one) for one in spent), 2),
            "at_most": 2.0,
            "aim": 1.0,
            "unit": "s",
        }
        yield {
            "figure": f"the longest slice of that, {activation}",
            "value": round(1000 * statistics.median(max(one[1:]) for one in spent)),
            "at_most": 100,
            "aim": 50,
            "unit": "ms",
        }
    ours, bare = _curvature(plan(_experiment(128, "tanh", "xavier_normal", 64)))
    yield {
        "figure": f"largest curvature of {LAYERS} layers of 128, over its bare passes",
        "value": round(ours / bare, 2),
        "at_most": 1.5,
        "aim": 1.1,
        "unit": "ratio of seconds",
    }


def _experiment(width: int, activation: str, scheme: str, features: int) -> Experiment:
    return Experiment(
        network=multilayer(LAYERS, width, activation),
        data=Data(dataset=Choice("random", {"features": features})),
        training=Training(batch_size=256),
        contenders=(contender("One", 0, scheme),),
    )


def _slices(resolved: Plan) -> list[float]:
    """Return the seconds of each slice of the study; the first one draws the weights."""
    seconds = []
    steps = JACOBIAN.begin(resolved, NoParams(), lambda _share: None)
    began = time.perf_counter()
    for _ in steps:
        seconds.append(time.perf_counter() - began)
        began = time.perf_counter()
    return seconds


def _curvature(resolved: Plan) -> tuple[float, float]:
    """Return the median seconds of the curvature, and of the passes that it needs."""
    network, batch = initialize(resolved, 0, 0), first_batch(resolved, 0)
    x, y = torch.from_numpy(batch.x), torch.from_numpy(batch.y)
    products = 0

    def ours() -> None:
        nonlocal products
        landscape = Landscape(network, {}, "cross_entropy", x, y)
        start = torch.randn(landscape.size, generator=torch.Generator().manual_seed(0))
        products = _steps(largest_eigenvalue(landscape.hessian(), start))

    def bare() -> None:
        parameters = list(network.parameters())
        loss = nn.functional.cross_entropy(network(x), y)
        gradient = torch.autograd.grad(loss, parameters, create_graph=True)
        vectors = [torch.ones_like(one) for one in parameters]
        for _ in range(products):
            torch.autograd.grad(gradient, parameters, vectors, retain_graph=True)

    ways: tuple[Callable[[], None], ...] = (ours, bare)
    seconds: list[list[float]] = [[], []]
    for turn in range(ROUNDS + 1):
        for at, way in enumerate(ways):
            began = time.perf_counter()
            way()
            if turn:
                seconds[at].append(time.perf_counter() - began)
    slow, fast = (statistics.median(found) for found in seconds)
    return slow, fast


def _steps(work: Generator[None, None, float]) -> int:
    return sum(1 for _ in work)
