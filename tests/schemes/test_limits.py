"""Gains, constants, bounds and refusals of schemes."""

from math import isclose, sqrt
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import init

from initstudio.catalogue import Role, Value
from initstudio.schemes import SCHEMES
from tests.specs import spec

ROWS, COLUMNS = 800, 1250
WEIGHT = spec(ROWS, COLUMNS)
BIAS = spec(ROWS, role="bias", fans=(COLUMNS, ROWS))


@pytest.mark.parametrize(
    ("module", "role", "value"),
    [
        (nn.BatchNorm1d(6).weight, "scale", 1),
        (nn.BatchNorm1d(6).bias, "shift", 0),
        (nn.LayerNorm(6).weight, "scale", 1),
        (nn.LayerNorm(6).bias, "shift", 0),
        (nn.PReLU().weight, "slope", 0.25),
    ],
)
def test_torch_default_knows_what_other_tensors_start_with(
    module: nn.Parameter, role: Role, value: float
) -> None:
    scheme = SCHEMES["torch_default"]
    tensor = spec(*module.shape, role=role)
    law = scheme.law(scheme.parse({}), tensor)
    assert (law.kind, law.mean, law.std, law.low, law.high) == ("constant", value, 0, value, value)
    assert (module == value).all()


@pytest.mark.parametrize(
    "nonlinearity", ["relu", "linear", "sigmoid", "tanh", "selu", "leaky_relu"]
)
@pytest.mark.parametrize("a", [0.0, -0.5, 2.0])
def test_kaiming_has_the_gains_of_torch(nonlinearity: Any, a: float) -> None:  # noqa: ANN401
    scheme = SCHEMES["kaiming_normal"]
    law = scheme.law(scheme.parse({"nonlinearity": nonlinearity, "a": a}), WEIGHT)
    gain = init.calculate_gain(nonlinearity, a)
    assert isclose(law.std, gain / sqrt(COLUMNS), rel_tol=1e-15)


@pytest.mark.parametrize(
    ("key", "values", "value"),
    [
        ("constant", {}, 0.5),
        ("constant", {"value": -3}, -3.0),
        ("zeros", {}, 0.0),
        ("ones", {}, 1.0),
    ],
)
def test_a_constant_is_one_value_and_uses_no_randomness(
    key: str, values: dict[str, Value], value: float
) -> None:
    scheme = SCHEMES[key]
    assert scheme.draw
    generator = torch.Generator().manual_seed(1)
    before = generator.get_state()
    for tensor in (WEIGHT, BIAS):
        drawn = torch.empty(tensor.shape)
        scheme.draw(drawn, scheme.parse(values), tensor, generator)
        assert (drawn == value).all()
        law = scheme.law(scheme.parse(values), tensor)
        assert (law.kind, law.mean, law.std, law.low, law.high) == (
            "constant",
            value,
            0,
            value,
            value,
        )
    assert torch.equal(generator.get_state(), before)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"low": 1, "high": 1}, "low bound 1 is not below the high bound 1"),
        ({"low": 2, "high": -2}, "low bound 2 is not below the high bound -2"),
        ({"mean": 5}, "mean 5 lies outside the bounds -2 and 2"),
    ],
)
def test_truncated_normal_refuses_what_torch_might_draw_for_ever(
    values: dict[str, Value], words: str
) -> None:
    scheme = SCHEMES["truncated_normal"]
    why = scheme.refuses(scheme.parse(values), WEIGHT)
    assert why
    assert words in why


@pytest.mark.parametrize(
    "values",
    [
        {"std": 1e6, "low": -1e-3, "high": 1e-3},
        {"std": 1e-12, "mean": 2},
        {"mean": -2, "std": 0.1},
        {"std": 1, "mean": 1, "low": 1, "high": 1.0001},
    ],
    ids=str,
)
def test_truncated_normal_has_its_moments_at_the_edges(values: dict[str, float]) -> None:
    full = {"mean": 0.0, "std": 1.0, "low": -2.0, "high": 2.0} | values
    scheme = SCHEMES["truncated_normal"]
    law = scheme.law(scheme.parse(full), WEIGHT)
    low, high = (
        (full["low"] - full["mean"]) / full["std"],
        (full["high"] - full["mean"]) / full["std"],
    )
    z = np.linspace(max(low, -12), min(high, 12), 200_001)
    density = np.exp(-(z**2) / 2)
    density[[0, -1]] /= 2
    mean = np.average(z, weights=density)
    std = np.sqrt(np.average((z - mean) ** 2, weights=density))
    assert law.mean == pytest.approx(full["mean"] + full["std"] * mean, rel=1e-9, abs=1e-9)
    assert law.std == pytest.approx(full["std"] * std, rel=1e-8)
    assert scheme.draw
    drawn = torch.empty(10_000)
    scheme.draw(drawn, scheme.parse(full), WEIGHT, torch.Generator().manual_seed(1))
    assert drawn.min() >= np.float32(full["low"])
    assert drawn.max() <= np.float32(full["high"])


def test_the_usual_truncated_normal_is_narrower_than_its_std() -> None:
    scheme = SCHEMES["truncated_normal"]
    assert scheme.law(scheme.parse({}), WEIGHT).std == pytest.approx(0.8796, abs=5e-5)


def test_uniform_refuses_bounds_in_the_wrong_order() -> None:
    scheme = SCHEMES["uniform"]
    why = scheme.refuses(scheme.parse({"low": 0.5, "high": -0.5}), BIAS)
    assert why == "The low bound 0.5 is above the high bound -0.5."
    assert scheme.refuses(scheme.parse({"low": 1, "high": 1}), BIAS) is None
