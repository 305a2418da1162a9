"""Averages over a normal: closed figures, torch's activations on a fine grid, critical points."""

from math import sqrt

import numpy as np
import pytest
import torch

from initstudio import gaussian
from initstudio.layers import LAYERS
from tests.specs import build

FIGURES = {
    "linear": (0, 1, 1),
    "relu": (0.3989, 0.5, 0.5),
    "tanh": (0, 0.3943, 0.4644),
    "sigmoid": (0.5, 0.2934, 0.0448),
    "gelu": (0.2821, 0.4252, 0.4559),
    "silu": (0.2066, 0.3558, 0.3795),
    "elu": (0.1605, 0.6449, 0.6681),
    "selu": (0, 1, 1.0716),
    "softsign": (0, 0.1830, 0.2277),
    "sin": (0, 0.4323, 0.5677),
}
ACTIVATIONS = [key for key, layer in LAYERS.items() if layer.group == "Activation"]


@pytest.mark.parametrize(("key", "wanted"), FIGURES.items())
def test_known_figures(key: str, wanted: tuple[float, float, float]) -> None:
    assert gaussian.moments(key, {}) == pytest.approx(wanted, abs=6e-5)


@pytest.mark.parametrize("key", ACTIVATIONS)
@pytest.mark.parametrize("q", [0.3, 1.0, 4.0])
def test_every_activation_is_torchs_on_a_fine_grid(key: str, q: float) -> None:
    module = build(key).double().eval()
    z = torch.linspace(-12, 12, 480_001, dtype=torch.float64)
    z = (z[1:] + z[:-1]) / 2
    density = torch.exp(-(z**2) / 2)
    density = density / density.sum()
    x = (sqrt(q) * z).requires_grad_()
    out = module(x)
    (rise,) = torch.autograd.grad(out.sum(), x)
    wanted = [float((one * density).sum().detach()) for one in (out, out**2, rise**2)]
    # the grid may miss a jump by one of its steps
    assert gaussian.moments(key, {}, q) == pytest.approx(wanted, abs=3e-5)


def test_parameters_count() -> None:
    assert gaussian.moments("leaky_relu", {"negative_slope": 0.2})[1] == pytest.approx(
        0.52, abs=1e-9
    )
    assert gaussian.moments("sin", {"omega": 2.0})[1] == pytest.approx((1 - np.exp(-8)) / 2)
    with pytest.raises(ValueError, match="no average is known"):
        gaussian.moments("no such", {})


def test_gains() -> None:
    assert gaussian.second_moment_gain("relu", {}) == pytest.approx(sqrt(2), abs=1e-9)
    assert gaussian.unit_variance_gain("relu", {}) == pytest.approx(1.7129, abs=5e-5)
    assert gaussian.second_moment_gain("tanh", {}) == pytest.approx(1.5925, abs=5e-5)
    assert gaussian.unit_variance_gain("sigmoid", {}) == pytest.approx(4.8013, abs=5e-5)
    assert gaussian.second_moment_gain("gelu", {}) == pytest.approx(1.5335, abs=5e-5)


@pytest.mark.parametrize(
    ("key", "bias", "wanted"),
    [
        ("linear", 0.0, 1.0),
        ("relu", 0.0, 2.0),
        ("tanh", 0.0, 1.0),
        ("tanh", 0.05, 1.7610),
        ("tanh", 0.01, 1.4242),
        ("leaky_relu", 0.0, 2 / 1.0001),
        ("softsign", 0.0, 1.0),
        ("elu", 0.0, 1.0),
        ("hardtanh", 0.0, 1.0),
    ],
)
def test_critical_points(key: str, bias: float, wanted: float) -> None:
    assert gaussian.critical_weight_variance(key, {}, bias) == pytest.approx(wanted, abs=6e-5)


@pytest.mark.parametrize("key", ["softsign", "elu", "tanh", "hardtanh", "sin"])
def test_without_biases_what_is_critical_is_the_slope_at_zero(key: str) -> None:
    assert gaussian.critical_weight_variance(key, {}, 0.0) == pytest.approx(1, abs=1e-6)


def settled(key: str, weight_variance: float, bias_variance: float) -> float:
    """Return what the variance comes to from 1, by iterating the map."""
    q = 1.0
    for _ in range(3000):
        following = weight_variance * gaussian.moments(key, {}, q)[1] + bias_variance
        if abs(following / q - 1) < 1e-12 or following > 1e6:
            return following
        q = following
    return q


@pytest.mark.parametrize(
    ("key", "bias"),
    [("tanh", 0.05), ("gelu", 0.2), ("mish", 0.2), ("sin", 0.3), ("selu", 0.1), ("relu6", 0.05)],
)
def test_signals_of_variance_one_come_to_the_critical_point(key: str, bias: float) -> None:
    weight = gaussian.critical_weight_variance(key, {}, bias)
    slope = gaussian.moments(key, {}, settled(key, weight, bias))[2]
    assert weight * slope == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(
    ("key", "bias"),
    [
        ("relu", 0.1),
        ("gelu", 0.0),  # at q = 0, which signals leave: E[phi^2] / q grows with q
        ("gelu", 0.05),
        ("gelu", 0.0673),  # at q = 1 itself, which signals beside it leave
        ("silu", 0.01),
        ("tanhshrink", 0.0),
        ("threshold", 0.1),
        ("hardshrink", 0.1),
    ],
)
def test_where_signals_come_to_no_critical_point_there_is_none(key: str, bias: float) -> None:
    with pytest.raises(ValueError, match="no critical point"):
        gaussian.critical_weight_variance(key, {}, bias)


def test_what_jumps_is_told_apart() -> None:
    jumping = {key for key in ACTIVATIONS if gaussian.jumps(key, {})}
    assert jumping == {"hardshrink"}
    assert gaussian.jumps("threshold", {"threshold": 1.0})
