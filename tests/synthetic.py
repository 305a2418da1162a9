"""Runs made up for the tests of histories and plots, with known numbers and hostile ones."""

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from initstudio import presets
from initstudio.bins import BINS, HEAD, SIZE
from initstudio.engine.plan import plan
from initstudio.experiment import Experiment, Recording, Seeds
from initstudio.history import Header, History, Readings, Snapshot, Stretch
from initstudio.paths import resource
from initstudio.results import Results
from initstudio.ui.studied import Studied

if TYPE_CHECKING:
    from collections.abc import Callable

VERDICTS = ("confusion", "worst")
"""Readings of single classes or examples, which are taken at epochs' ends."""


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
    reading = np.zeros(SIZE, np.int32)
    finite = [float(value) for value in values if np.isfinite(value)]
    places = [int(np.floor(value / 2.0**exponent)) for value in finite]
    first = min(places, default=0)
    reading[:4] = exponent, first, len(values) - len(finite), len(finite)
    inside: dict[int, list[float]] = {}
    for value, place in zip(finite, places, strict=True):
        inside.setdefault(place - first, []).append(value / 2.0**exponent - place)
    for at, some in inside.items():
        reading[HEAD + at] = len(some)
        reading[HEAD + BINS :].view(np.uint8)[at] = round(255 * sum(some) / len(some))
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
        "updates": np.tile(one, (replicas, tensors, 1)),
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
        **_ways(header, each),
        "effective_rank": 5 + steady(tensors),
        "singular_values": (steady(tensors)[..., None] * falling_values).astype(np.float32),
        **_answers(replicas),
    }


def _ways(header: Header, each: npt.NDArray[np.floating]) -> Readings:
    """Return made-up sketches and weights, each its own way, and a valley between two ends."""
    replicas, tensors = len(header.slots), len(header.tensors)
    turn = np.linspace(0, 3, replicas)
    way = np.zeros((replicas, 512))
    way[:, 0], way[:, 1] = each * np.cos(turn), each * np.sin(turn)
    way[:, 2] = 0.1 * each**2
    some = each[:, None, None] * np.linspace(-0.1, 0.1, 8) * np.ones((1, tensors, 1))
    place = np.linspace(-0.25, 1.25, 25)
    return {
        "path": way.astype(np.float32),
        "some_weights": some.astype(np.float32),
        "line_loss": (2.3 - each[:, None] * place * (2.4 - place)).clip(0.01).astype(np.float32),
    }


def _answers(replicas: int) -> Readings:
    """Return what made-up networks say over two inputs and over one, and their first weights."""
    rng = np.random.default_rng(1)
    middles = (np.arange(40) + 0.5) / 20 - 1
    x, y = np.meshgrid(middles, middles)
    turn = np.linspace(0, 3, replicas)[:, None, None]
    height = 3 * (np.cos(turn) * x + np.sin(turn) * y + 0.4 * np.sin(4 * x))
    sure = 1 / (1 + np.exp(-height))
    told = np.stack([height > 0, np.maximum(sure, 1 - sure), np.abs(2 * sure - 1)], axis=1)
    places = np.linspace(-2, 2, 200)
    fit = np.sin(2 * places + np.linspace(0, 1, replicas)[:, None])
    return {
        "input_range": np.tile(np.array([[-2.0, 2.0], [-1.5, 1.5]], np.float32), (replicas, 1, 1)),
        "surface": told.reshape(replicas, 3, -1).astype(np.float16),
        "fit": fit.astype(np.float32),
        "first_weights": rng.normal(0, 0.1, (replicas, 64, 1, 8, 8)).astype(np.float32),
    }


def verdicts_of(header: Header) -> Readings:
    """Return 359 digits, of which more and more are taken for the next class, and 16 of them."""
    rng = np.random.default_rng(1)
    replicas, classes = len(header.slots), 10
    truth = rng.integers(0, classes, (replicas, 359))
    wrong = rng.uniform(size=truth.shape) < np.linspace(0.1, 0.6, replicas)[:, None]
    predicted = np.where(wrong, (truth + 1 + rng.integers(0, 2, truth.shape)) % classes, truth)
    confusion = np.zeros((replicas, classes, classes), np.int32)
    for replica in range(replicas):
        for one, other in zip(truth[replica], predicted[replica], strict=True):
            confusion[replica, one, other] += 1
    with np.load(resource("digits.npz"), allow_pickle=False) as file:
        known = file["classes"]
    places = np.stack([rng.permutation(len(known))[:16] for _ in range(replicas)])
    loss = np.linspace(6, 1, 16) * (1 + 0.2 * np.arange(replicas))[:, None]
    told = (places, loss, known[places], (known[places] + 1) % classes)
    return {"confusion": confusion, "worst": np.stack(told, axis=1).astype(np.float32)}


def stretch_from(
    header: Header, loss: npt.NDArray[np.float32], start: int = 0, layers: Readings | None = None
) -> Stretch:
    """Return readings from step `start` with this loss [k, R], and validation at epochs' ends."""
    steps = np.arange(start, start + len(loss))
    ends = steps % header.steps_per_epoch == 0
    accuracy = np.clip(1 - loss / 3, 0, 1)
    given = layers_of(header) if layers is None else layers
    at_ends = verdicts_of(header) if layers is None else {}
    at_ends |= {key: one for key, one in given.items() if key in VERDICTS}
    return Stretch(
        steps=steps,
        series={"loss": loss, "accuracy": accuracy},
        epoch_steps=steps[ends],
        epoch_series={"validation_loss": loss[ends], "validation_accuracy": accuracy[ends]},
        layers_step=start + len(loss) - 1,
        layers={key: one for key, one in given.items() if key not in VERDICTS},
        epoch_pages=tuple(Snapshot(int(at), at_ends) for at in steps[ends] if at_ends),
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


def studied_of(study: str, experiment: Experiment, *, share: float = 1.0) -> Studied:
    """Return made-up results of a study of this experiment, all numbers finite."""
    header = header_of(experiment)
    made: dict[str, Callable[[Header], Readings]] = {
        "jacobian": _jacobian,
        "first_step": _first_step,
        "luck": _luck,
        "phase": _phase,
        "trainability": _trainability,
        "width": _width,
    }
    results = Results(values=made[study](header), share=share, notes=("made up",))
    return Studied(header=header, results=results, share=share)


def hostile_study(study: str, experiment: Experiment) -> Studied:
    """Return results in which contenders 1, 2 and 3 of five have no, huge and zero numbers."""
    studied = studied_of(study, experiment)
    values = {key: one.copy() for key, one in studied.results.values.items()}  # type: ignore[union-attr]
    for one in values.values():
        if one.dtype == np.float64 and len(one) == len(experiment.contenders):
            one[1], one[2], one[3] = np.nan, 1e308, 0
            one[2].flat[0] = np.inf if one[2].ndim else 1e308
    results = Results(values=values, notes=("made up",))
    return Studied(header=studied.header, results=results, share=1.0)


def _each(header: Header) -> npt.NDArray[np.float64]:
    """Return another number for each contender, about 1 [contenders]."""
    return 1 + 0.3 * np.arange(len(header.experiment.contenders), dtype=np.float64)


def _jacobian(header: Header) -> Readings:
    each, blocks = _each(header), len(header.activations)
    values = np.full((len(each), 512), np.nan)
    values[:, :40] = np.outer(each, np.geomspace(3, 0.01, 40))
    of_blocks = each[:, None, None] * np.geomspace(2, 0.1, 64) * np.ones((1, blocks, 1))
    return {
        "singular_values": values,
        "log10_condition": np.log10(300 * each),
        "variance": each,
        "predicted_variance": 1.1 * each,
        "mean_square": each,
        "block_singular_values": of_blocks,
        "block_layers": np.array(header.activations),
    }


def _first_step(header: Header) -> Readings:
    replicas, tensors = len(header.slots), len(header.tensors)
    each = 1 + 0.2 * np.arange(replicas)
    return {
        "loss": 2.3 * each,
        "chance_loss": np.array([np.log(10)]),
        "noise_scale": 100 * each,
        "update_ratio": np.outer(each, np.geomspace(1e-3, 1e-2, tensors)),
        "stable_rate": 0.5 / each,
        "sharpness": 4 * each,
    }


def _luck(header: Header) -> Readings:
    rng, each = np.random.default_rng(0), _each(header)
    own = np.stack([2.3 * each, 0.5 * each, 1.1 * each], axis=1)
    return {
        "loss": each[:, None] * rng.normal(2.3, 0.1, (len(each), 50)),
        "gradient_norm": each[:, None] * np.exp(rng.normal(-1, 1, (len(each), 50))),
        "length": each[:, None] * rng.normal(1, 0.2, (len(each), 50)),
        "own": own,
        "spread": 0.04 * each,
    }


def _width(header: Header) -> Readings:
    each = _each(header)
    widths, layers = np.array([32, 64, 128, 256]), np.array(header.activations)
    slope = np.outer(each - 1, np.linspace(0.5, 1, len(layers)))
    size = widths[None, :, None, None] ** slope[:, None, None, :] * np.ones((1, 1, 4, 1))
    return {"widths": widths, "size": size, "layers": layers, "slope": slope}


def _phase(header: Header) -> Readings:
    contenders = len(header.experiment.contenders)
    weight, bias = np.linspace(0.05, 4, 96), np.linspace(0, 1, 64)
    chi = weight[None, :] / (1.5 + bias[:, None])
    with np.errstate(divide="ignore"):
        depth = 1 / np.abs(np.log(chi))
    points = np.stack([1 + 0.4 * np.arange(contenders), 0.1 + 0 * np.arange(contenders)], axis=1)
    trail = points[:, None, :] + 0.05 * np.arange(5)[None, :, None]
    return {
        "weight_variance": weight,
        "bias_variance": bias,
        "depth_scale": depth,
        "chi": chi,
        "critical": 1.5 + bias,
        "points": points,
        "trail": trail,
    }


def _trainability(_header: Header) -> Readings:
    depth, weight = np.array([5, 10, 20, 40, 80, 160]), np.linspace(0.5, 3, 8)
    accuracy = np.exp(-np.outer(depth / 40, np.abs(weight - 2)))
    return {
        "depth": depth,
        "weight_variance": weight,
        "loss": 2.3 * (1 - accuracy),
        "accuracy": accuracy,
        "curve_variance": np.linspace(0.5, 3, 50),
        "curve_depth": 6 / np.abs(np.log(np.linspace(0.5, 3, 50) / 2.01)),
    }
