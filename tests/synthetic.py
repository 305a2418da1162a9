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
    replicas, tensors, layers = len(header.slots), len(header.tensors), len(header.layers)
    each = value * (1 + 0.2 * np.arange(replicas))

    def steady(columns: int) -> npt.NDArray[np.float32]:
        return np.outer(each, np.ones(columns)).astype(np.float32)

    one = binned(rng.normal(0, 0.1, 500), -8)
    acts = np.zeros(layers, bool)
    acts[list(header.activations)] = True
    share = np.where(acts, rng.uniform(0.1, 0.4, (replicas, layers)), np.nan).astype(np.float32)
    cosines = rng.uniform(0.2, 0.9, (replicas, layers, 28)).astype(np.float32)
    falling_values = np.geomspace(1, 0.01, 16)
    return {
        "weights": np.tile(one, (replicas, tensors, 1)),
        "gradients": np.tile(one, (replicas, tensors, 1)),
        "activations": np.tile(one, (replicas, layers, 1)),
        "gradient_norm": steady(tensors),
        "gradient_std": steady(tensors) / 10,
        "signal_std": steady(layers) / 100,
        "signal_theory": np.ones((replicas, layers), np.float32),
        "activation_std": steady(layers),
        "activation_theory": steady(layers) * np.float32(1.1),
        "activation_second": steady(layers) ** 2,
        "second_theory": steady(layers) ** 2 * np.float32(1.1),
        "second_from_biases": steady(layers) / 50,
        "cosines": cosines,
        "cosine_theory": cosines.mean(2),
        "dead": share,
        "saturated": share / 2,
        "twins": rng.integers(0, 3, (replicas, tensors)).astype(np.float32),
        "update_ratio": steady(tensors) / 1000,
        "travel": steady(tensors) / 10,
        "start_cosine": 1 / (1 + steady(tensors)),
        "effective_rank": 5 + steady(tensors),
        "singular_values": (steady(tensors)[..., None] * falling_values).astype(np.float32),
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
