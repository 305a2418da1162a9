"""Readings of outputs and signals against slow, obvious ones: value by value, in exact numbers."""

import math
import statistics
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from initstudio.alike import MOST
from initstudio.engine.plan import plan
from initstudio.engine.reading import watched_layers
from initstudio.experiment import Choice
from initstudio.measurement import Moment, Watched
from initstudio.presets import ARTICLE
from initstudio.probes import PROBES
from initstudio.probes.units import ENDS
from tests.specs import SEQUENCE, around

Tensors = tuple[torch.Tensor, ...]

PLAIN = Watched(label="1 Linear", key="linear")


def moment_of(*tensors: torch.Tensor, layers: tuple[Watched, ...] = ()) -> Moment:
    """Return a moment in which outputs, signals, weights and gradients are these tensors."""
    return Moment(
        loss=torch.zeros(len(tensors[0])),
        correct=torch.zeros(len(tensors[0])),
        weights=tensors,
        gradients=tensors,
        activations=tensors,
        signals=tensors,
        layers=layers or (PLAIN,) * len(tensors),
        started=tensors,
        theory=lambda _quantity: torch.ones(1, 1),
    )


def read(key: str, *tensors: torch.Tensor, layers: tuple[Watched, ...] = ()) -> np.ndarray:
    with torch.no_grad():
        return PROBES[key].measure(moment_of(*tensors, layers=layers)).double().numpy()


def normal(*shape: int, scale: float = 1.0, seed: int = 0) -> torch.Tensor:
    return scale * torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


CASES: dict[str, Tensors] = {
    "rows": (normal(2, 5, 3), normal(2, 5, 4), normal(2, 5, 3, seed=1)),
    "images": (normal(2, 3, 4, 5, 6), normal(2, 3, 4, 5, 6, seed=1)),
    "sequences": (normal(3, 4, 7, 2),),
    "one unit": (normal(1, 5, 1),),
    "one example": (normal(2, 1, 5), normal(2, 1, 5, seed=2)),
    "one number": (normal(1, 1, 1),),
    "constant": (torch.full((2, 4, 3), 0.1), normal(2, 4, 3)),
    "nearly constant": (1000 + 1e-3 * normal(2, 4, 3),),
    "zero": (torch.zeros(2, 4, 3), normal(2, 4, 3)),
    "huge": (normal(2, 4, 3, scale=1e30), normal(2, 4, 3)),
    "faint": (normal(2, 4, 3, scale=1e-30), normal(2, 4, 3)),
    "double": (normal(2, 4, 3).double(),),
    "large": (normal(2, 40, MOST // 60), normal(2, 40, MOST // 60, seed=1)),
    "many": tuple(normal(1, 4, 3, seed=seed) for seed in range(50)),
}


def by_row(tensors: Tensors, slow: Callable[[list[float]], float]) -> np.ndarray:
    return np.array(
        [
            [slow(tensor[replica].flatten().tolist()) for tensor in tensors]
            for replica in range(len(tensors[0]))
        ]
    )


SLOW: dict[str, Callable[[list[float]], float]] = {
    "activation_std": statistics.pstdev,
    "signal_std": statistics.pstdev,
    "gradient_std": statistics.pstdev,
    "activation_second": lambda row: float(sum(Fraction(v) ** 2 for v in row) / len(row)),
    "gradient_norm": lambda row: math.sqrt(sum(Fraction(v) ** 2 for v in row)),
}


@pytest.mark.parametrize("key", SLOW)
@pytest.mark.parametrize("case", CASES)
def test_sizes_are_those_of_exact_arithmetic(key: str, case: str) -> None:
    tensors = CASES[case]
    np.testing.assert_allclose(read(key, *tensors), by_row(tensors, SLOW[key]), rtol=1e-7)


@pytest.mark.parametrize("key", SLOW)
@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_spoils_its_own_row_only(key: str, bad: float) -> None:
    tensors = normal(3, 4, 5), normal(3, 4, 5, seed=1)
    whole = read(key, *tensors)
    tensors[0][1, 2, 3] = bad
    found = read(key, *tensors)
    assert not np.isfinite(found[1, 0])
    found[1, 0] = whole[1, 0]
    np.testing.assert_allclose(found, whole, rtol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_cosines_are_those_of_each_pair(case: str) -> None:
    tensors = CASES[case]
    found = read("cosines", *tensors)
    assert found.shape == (len(tensors[0]), len(tensors), 28)
    for replica, layer in np.ndindex(*found.shape[:2]):
        rows = tensors[layer][replica].double().flatten(1).numpy()
        for (one, other), cosine in zip(
            combinations(range(8), 2), found[replica, layer], strict=True
        ):
            if other >= len(rows) or not rows[one].any() or not rows[other].any():
                assert math.isnan(cosine)
                continue
            a, b = rows[one] / np.abs(rows[one]).max(), rows[other] / np.abs(rows[other]).max()
            wanted = (a @ b) / math.sqrt((a @ a) * (b @ b))
            assert cosine == pytest.approx(wanted, abs=1e-12)


def test_a_cosine_with_what_is_no_number_is_none() -> None:
    outputs = normal(1, 9, 3)
    outputs[0, 2, 1], outputs[0, 4, 0] = math.nan, math.inf
    for (one, other), cosine in zip(
        combinations(range(8), 2), read("cosines", outputs)[0, 0], strict=True
    ):
        assert math.isnan(cosine) == bool({one, other} & {2, 4})


RELU = Watched(label="2 ReLU", key="relu", activates=True)
IMAGE = Watched(label="2 ReLU", key="relu", activates=True, channels_first=True)


def slow_dead(outputs: torch.Tensor, layer: Watched) -> float:
    """Return the share of units of one replica [batch, ...] with one finite value."""
    axis = 1 if layer.channels_first else outputs.dim() - 1
    units = [unit.flatten().tolist() for unit in outputs.unbind(axis)]
    if len(units[0]) == 1:
        return math.nan
    dead = [all(v == unit[0] for v in unit) and math.isfinite(unit[0]) for unit in units]
    return sum(dead) / len(dead)


@pytest.mark.parametrize("layer", [RELU, IMAGE], ids=["last", "first"])
@pytest.mark.parametrize(
    "shape", [(2, 6, 5), (2, 3, 4, 5), (2, 3, 4, 2, 3), (1, 1, 7), (1, 1, 3, 2)]
)
def test_dead_units_are_those_with_one_value(layer: Watched, shape: tuple[int, ...]) -> None:
    outputs = normal(*shape)
    axis = 2 if layer.channels_first else len(shape) - 1
    outputs.select(axis, 0)[:] = 0
    outputs.select(axis, 1)[:1] = 0.7
    if shape[axis] > 3:
        outputs.select(axis, 2)[0].flatten()[0] = math.nan
        outputs.select(axis, 3)[:] = math.inf
    found = read("dead", normal(*shape), outputs, layers=(PLAIN, layer))
    assert np.isnan(found[:, 0]).all()
    wanted = [slow_dead(outputs[replica], layer) for replica in range(shape[0])]
    np.testing.assert_array_equal(found[:, 1], wanted)


def test_the_units_of_images_and_sequences_are_told_apart() -> None:
    asked = replace(ARTICLE, network=around("conv2d"))
    layers = {one.label: one for one in watched_layers(plan(asked))}
    image = [one.channels_first for one in layers.values()]
    labels = [label.split()[1] for label in layers]
    assert dict(zip(labels, image, strict=True)) == {
        "Linear": False,
        "Unflatten": True,
        "Conv2d": True,
        "Tanh": True,
        "Flatten": False,
        "Output": False,
    }
    sequence = (*SEQUENCE, Choice("tanh"), Choice("conv1d"), Choice("relu"))
    network = (
        *sequence,
        Choice("as_sequence"),
        Choice("tanh"),
        Choice("flatten"),
        Choice("output"),
    )
    found = [one.channels_first for one in watched_layers(plan(replace(ARTICLE, network=network)))]
    assert found == [False, True, False, False, True, True, False, False, False, False]
    activates = [one.activates for one in watched_layers(plan(asked))]
    assert activates == [label == "Tanh" for label in labels]


def watched(key: str, **params: float) -> Watched:
    return Watched(label=f"2 {key}", key=key, params=params, activates=True)


SATURATING = {
    **{key: (watched(key), ends) for key, ends in ENDS.items()},
    "hardtanh": (watched("hardtanh", min_val=-0.5, max_val=2.0), (-0.5, 2.0)),
    "scaled_tanh": (watched("scaled_tanh", amplitude=1.7159, rate=2 / 3), (-1.7159, 1.7159)),
}


@pytest.mark.parametrize("key", SATURATING)
def test_saturated_values_lie_close_to_an_end(key: str) -> None:
    layer, (low, high) = SATURATING[key]
    outputs = low + (high - low) * torch.rand(2, 40, 30, generator=torch.Generator().manual_seed(3))
    outputs[0, 0, 0], outputs[1, 0, 0] = math.nan, high
    found = read("saturated", outputs, normal(2, 40, 30), outputs, layers=(layer, RELU, layer))
    edge = (high - low) / 80
    wanted = [
        statistics.mean(v <= low + edge or v >= high - edge for v in outputs[r].flatten().tolist())
        for r in range(2)
    ]
    np.testing.assert_allclose(found[:, 0], wanted, atol=1e-7)
    np.testing.assert_allclose(found[:, 2], wanted, atol=1e-7)
    assert np.isnan(found[:, 1]).all()


@pytest.mark.parametrize(("key", "steepest"), [("tanh", 1.0), ("sigmoid", 0.25)])
def test_where_saturation_begins_a_twentieth_of_the_slope_is_left(
    key: str, steepest: float
) -> None:
    x = torch.linspace(-8, 8, 100_001).double().requires_grad_()
    y = getattr(torch, key)(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    layer = watched(key)
    for value, rate in zip(y[::100].tolist(), slope[::100].tolist(), strict=True):
        saturated = read("saturated", torch.full((1, 1, 1), value), layers=(layer,))[0, 0]
        assert (saturated == 1) == (rate / steepest < 0.0494)


def test_outputs_are_counted_for_enough_examples() -> None:
    small, large = normal(2, 30, 50), normal(1, 40, 3000)
    for outputs, counted in ((small, 30), (large, 8)):
        reading = PROBES["activations"].measure(moment_of(outputs))
        assert (reading[:, 0, 3] == counted * outputs.shape[2]).all()
        weights = PROBES["weights"].measure(moment_of(outputs[:, :counted]))
        assert torch.equal(reading, weights)
