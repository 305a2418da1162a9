"""Runs made up for the tests of histories and plots, with known numbers and hostile ones."""

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from initstudio import presets
from initstudio.distribution import BINS, HEAD
from initstudio.engine.plan import plan
from initstudio.experiment import Experiment, Recording, Seeds
from initstudio.history import Header, History, Readings, Stretch


def experiment_of(contenders: int = 3, seeds: int = 1) -> Experiment:
    return replace(
        presets.DIGITS,
        contenders=tuple(
            presets.contender(f"Way {slot}", slot, "xavier_uniform") for slot in range(contenders)
        ),
        seeds=Seeds(count=seeds),
        recording=Recording(),
    )


def header_of(experiment: Experiment, *, per_epoch: int = 10, steps: int = 1000) -> Header:
    return replace(plan(experiment).header, steps_per_epoch=per_epoch, steps=steps)


def binned(values: npt.NDArray[np.floating], exponent: int) -> npt.NDArray[np.int32]:
    """Return one reading of a distribution, counted by a loop."""
    reading = np.zeros(HEAD + BINS, np.int32)
    finite = [float(value) for value in values if np.isfinite(value)]
    places = [int(np.floor(value / 2.0**exponent)) for value in finite]
    first = min(places, default=0)
    reading[:HEAD] = exponent, first, len(values) - len(finite), len(finite)
    for place in places:
        reading[HEAD + place - first] += 1
    return reading


def layers_of(header: Header, value: float = 1.0) -> Readings:
    rng = np.random.default_rng(0)
    replicas, tensors = len(header.slots), len(header.tensors)
    each = value * (1 + 0.2 * np.arange(replicas))
    one = binned(rng.normal(0, 0.1, 500), -8)
    distribution = np.tile(one, (replicas, tensors, 1))
    return {
        "weights": distribution,
        "gradients": distribution,
        "gradient_norm": np.outer(each, np.ones(tensors)).astype(np.float32),
        "activation_std": np.outer(each, np.ones(len(header.layers))).astype(np.float32),
    }


def stretch_from(
    header: Header, loss: npt.NDArray[np.float32], start: int = 0, layers: Readings | None = None
) -> Stretch:
    """Return readings from step `start` with this loss [k, R], and validation at epochs' ends."""
    steps = np.arange(start, start + len(loss))
    ends = steps % header.steps_per_epoch == 0
    accuracy = np.clip(1 - loss / 3, 0, 1)
    return Stretch(
        steps=steps,
        series={"loss": loss, "accuracy": accuracy},
        epoch_steps=steps[ends],
        epoch_series={"validation_loss": loss[ends], "validation_accuracy": accuracy[ends]},
        layers_step=start + len(loss) - 1,
        layers=layers_of(header) if layers is None else layers,
    )


def falling(header: Header, steps: int) -> npt.NDArray[np.float32]:
    """Return a loss [steps, R] that falls from 2.3 at another pace for each replica."""
    pace = np.linspace(0.005, 0.05, len(header.slots))
    return (2.3 * np.exp(-np.arange(steps)[:, None] * pace)).astype(np.float32)


def history_of(experiment: Experiment, steps: int = 100) -> History:
    header = header_of(experiment)
    history = History(header)
    history.extend(stretch_from(header, falling(header, steps)))
    return history
