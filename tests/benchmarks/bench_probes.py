"""What measuring costs: training with all readings over training with those of each step alone.

Both take turns in rounds of the same experiment, in one process; ratios are of the medians.
"""

import statistics
import time
from collections.abc import Iterator
from itertools import islice
from typing import Any

from msgspec.structs import replace

from initstudio.engine.train import train
from initstudio.experiment import Experiment, Recording
from initstudio.presets import ARTICLE, DIGITS, contender, multilayer

ROUNDS = 3
NAMES = ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")
BARE = Recording(probes=("loss", "accuracy"))

DEEP = replace(
    DIGITS,
    network=multilayer(20, 128, "tanh"),
    training=replace(DIGITS.training, batch_size=256),
    contenders=tuple(contender(f"{at}", at, NAMES[at % 4]) for at in range(8)),
)


def figures() -> Iterator[dict[str, Any]]:
    """Yield the ratio for each experiment, over whole rounds of the dear readings."""
    for name, experiment, steps in (
        ("the article's network, 3 contenders", ARTICLE, 1600),
        ("digits, 64-64-64-10, 3 contenders", DIGITS, 1600),
        ("digits, 20 tanh layers of 128, batch 256, 8 contenders", DEEP, 160),
    ):
        yield {
            "figure": f"{name}: train() with all probes over none by layer",
            "value": round(_ratio(experiment, steps), 2),
            "at_least": 0.7,
            "aim": 0.85,
            "unit": "ratio of steps/s",
        }


def _ratio(experiment: Experiment, steps: int) -> float:
    endless = replace(experiment, training=replace(experiment.training, epochs=100_000))
    runs = [train(endless), train(replace(endless, recording=BARE))]
    seconds: list[list[float]] = [[], []]
    for run in runs:
        _consume(run, 20)
    for _ in range(ROUNDS):
        for run, found in zip(runs, seconds, strict=True):
            began = time.perf_counter()
            _consume(run, steps)
            found.append(time.perf_counter() - began)
    whole, bare = (statistics.median(found) for found in seconds)
    return bare / whole


def _consume(steps: Iterator[Any], count: int) -> None:
    for _ in islice(steps, count):
        pass
