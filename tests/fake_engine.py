"""An engine without torch, for tests: the real host around a made-up, instant training.

The learning rate chooses what happens: see `train`.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import numpy as np

from initstudio.bins import HEAD, SIZE
from initstudio.catalogue import Params
from initstudio.engine.host import serve_window
from initstudio.engine.plan import Plan, plan
from initstudio.engine.study import Heed, Study
from initstudio.errors import ExperimentError
from initstudio.experiment import Device, Experiment
from initstudio.history import Snapshot
from initstudio.results import Results

REFUSES, RAISES, NO_MEMORY, DIES, HANGS, PRINTS = 101.0, 102.0, 103.0, 104.0, 105.0, 106.0
TROUBLES = (REFUSES, RAISES, NO_MEMORY, DIES, HANGS, PRINTS)
"""Learning rates that make the fake training do so at step 5."""
DEVICES: dict[Device, str] = {"cpu": "Made up"}
SLEEP = 60.0
"""Seconds that one hangs."""
HANGING = "hanging"
"""What an engine that hangs says on its standard error when it is about to."""


def train(experiment: Experiment, _meet: object) -> Generator[Snapshot, float | None, None]:
    """Give made-up readings: the loss of replica r at step k is seed + r + rate / (k + 1)."""
    header = plan(experiment).header
    rate = experiment.training.learning_rate
    trouble = rate
    for step in range(header.steps + 1):
        if step == 5:
            _trouble(trouble)
        readings = _readings(header.seeds, len(header.tensors), len(header.layers), step, rate)
        if step % header.steps_per_epoch == 0:
            readings["validation_loss"] = readings["loss"]
        changed = yield Snapshot(step, readings)
        rate = changed or rate
        # in trouble, each step is reported by itself, so that all readings before it are told
        time.sleep(0.02 if trouble in TROUBLES and step < 5 else 0.0005)


def _readings(
    seeds: tuple[int, ...], tensors: int, layers: int, step: int, rate: float
) -> dict[str, np.ndarray]:
    replicas = len(seeds)
    loss = np.array(seeds) + np.arange(replicas) + rate / (step + 1)
    counts = np.zeros((replicas, tensors, SIZE), np.int32)
    counts[:, :, 0], counts[:, :, 1], counts[:, :, 3] = -5, -20, 120
    counts[:, :, HEAD : HEAD + 40] = 3
    return {
        "loss": loss.astype(np.float32),
        "accuracy": np.full(replicas, 0.5, np.float32),
        "gradient_norm": np.ones((replicas, tensors), np.float32),
        "activation_std": np.ones((replicas, layers), np.float32),
        "weights": counts,
        "gradients": counts,
    }


def _trouble(rate: float) -> None:
    if rate == REFUSES:
        raise ExperimentError("$.experiment.network[0]", "It is not to be.")
    if rate == RAISES:
        why = "the sky fell\non my head"
        raise RuntimeError(why)
    if rate == NO_MEMORY:
        why = "DefaultCPUAllocator: can't allocate memory: tried to allocate 3298534883328 bytes."
        raise RuntimeError(why)
    if rate == DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    if rate == HANGS:
        print(HANGING, file=sys.stderr, flush=True)  # noqa: T201
        time.sleep(SLEEP)
    if rate == PRINTS:
        print("hello", flush=True)  # noqa: T201
        os.write(1, b"raw hello")


def studies() -> dict[str, Study[Any]]:
    """Give a study for each thing that one can do; "start" is quick, and "slow" is not."""
    kinds: dict[str, Callable[..., Iterator[Results | None]]] = {
        "start": _start,
        "slow": _slow,
        "refuses": partial(_trouble_of, REFUSES),
        "dies": partial(_trouble_of, DIES),
    }
    return {key: _study(key, 10 * at, begin) for at, (key, begin) in enumerate(kinds.items())}


class _Anything(Params, frozen=True):
    probes: str = ""
    draws: int = 4


def _study(key: str, order: int, begin: Callable[..., Iterator[Results | None]]) -> Study[Any]:
    return Study(key=key, label=key, summary="", order=order, params=_Anything, begin=begin)


def _start(asked: Plan, _params: _Anything, _heed: Heed) -> Iterator[Results | None]:
    rate = asked.experiment.training.learning_rate
    header = asked.header
    found = _readings(header.seeds, len(header.tensors), len(header.layers), 0, rate)
    yield Results(values=found)


def _slow(_asked: Plan, params: _Anything, _heed: Heed) -> Iterator[Results | None]:
    for at in range(params.draws):
        time.sleep(0.15)
        yield Results(values={"at": np.array([at])}, share=(at + 1) / params.draws)


def _trouble_of(what: float, _asked: Plan, _params: _Anything, _heed: Heed) -> Iterator[None]:
    _trouble(what)
    yield None


if __name__ == "__main__":
    sys.exit(serve_window(lambda: ("fake", DEVICES, train), studies))
