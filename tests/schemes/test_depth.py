"""How signal and gradient travel through depth under each scheme: theory against plain torch.

Tolerances are 5.2 standard errors: a right implementation strays further with probability 2e-7.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import log, prod, sqrt

import numpy as np
import pytest
import torch
from torch import nn

from initstudio.catalogue import TensorSpec, Value
from initstudio.schemes import SCHEMES
from tests.specs import build, spec

SIGMAS = 5.2
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(200)


def square(width: int) -> TensorSpec:
    return spec(width, width)


def power(key: str, width: int = 100, **values: Value) -> float:
    """Return fan_in Var(W) on a square layer, by the scheme's law."""
    scheme = SCHEMES[key]
    return width * scheme.law(scheme.parse(values), square(width)).std ** 2


def layers(
    key: str, width: int, count: int, generator: torch.Generator, **values: Value
) -> torch.Tensor:
    """Return square weights float32 [count, width, width] drawn one by one."""
    scheme = SCHEMES[key]
    params = scheme.parse(values)
    weights = torch.empty(count, width, width)
    for weight in weights:
        if scheme.draw is None:
            # torch's default takes no generator; the test of formulas shows that this is it
            kaiming = SCHEMES["kaiming_uniform"]
            params = kaiming.parse({"nonlinearity": "leaky_relu", "a": sqrt(5)})
            assert kaiming.draw
            kaiming.draw(weight, params, square(weight.shape[-1]), generator)
        else:
            scheme.draw(weight, params, square(weight.shape[-1]), generator)
    return weights


def activation(key: str) -> nn.Module:
    return build(key)


def gauss(values: torch.Tensor) -> float:
    """Return the mean of a function of a standard normal, given its values at the nodes."""
    return float(np.average(values.detach().numpy(), weights=WEIGHTS))


def moments(key: str, q: float) -> tuple[float, float]:
    """Return E[phi(sqrt(q) z)^2] and E[phi'(sqrt(q) z)^2]."""
    z = (sqrt(q) * torch.from_numpy(NODES)).requires_grad_()
    out = activation(key).double()(z)
    (slope,) = torch.autograd.grad(out.sum(), z)
    return gauss(out**2), gauss(slope**2)


# The second moment, layer by layer


@pytest.mark.parametrize(
    ("key", "factor"),
    [
        ("kaiming_normal", 1),
        ("kaiming_uniform", 1),
        ("xavier_normal", 1 / 2),
        ("xavier_uniform", 1 / 2),
        ("lecun_normal", 1 / 2),
        ("torch_default", 1 / 6),
        ("orthogonal", 1 / 2),
    ],
)
def test_factor_of_the_second_moment_in_a_relu_network(key: str, factor: float) -> None:
    width, count, depth = 128, 400, 4
    generator = torch.Generator().manual_seed(1)
    signal = torch.randn(count, width, 1, generator=generator)
    lengths = []
    for _ in range(depth):
        signal = layers(key, width, count, generator) @ signal
        lengths.append(signal.square().sum((1, 2)))
        signal = signal.relu()
    # (2/n) sum relu(z)^2 has variance 5/n for a normal; no law here has heavier tails
    error = SIGMAS * sqrt(5 / width / count)
    for before, after in pairwise(lengths):
        assert (after / before).mean().item() == pytest.approx(factor, rel=error)


def test_he_keeps_the_length_on_average_only() -> None:
    width, depth, count = 50, 5, 6000
    generator = torch.Generator().manual_seed(2)
    signal = torch.randn(count, width, 1, generator=generator)
    signal *= sqrt(width) / signal.norm(dim=1, keepdim=True)
    scheme = SCHEMES["kaiming_normal"]
    assert scheme.draw
    stacked = torch.empty(count * width, width)  # rows are independent: one draw for all networks
    for _ in range(depth):
        scheme.draw(stacked, scheme.parse({}), spec(*stacked.shape), generator)
        signal = (stacked.view(count, width, width) @ signal).relu()
    lengths = signal.double().square().sum((1, 2)) / width
    variance = (1 + 5 / width) ** depth - 1
    assert lengths.mean().item() == pytest.approx(1, abs=SIGMAS * sqrt(variance / count))
    error = SIGMAS * sqrt((fourth_moment(width, depth) - variance**2) / count)
    assert error < 0.4 * variance
    assert lengths.var().item() == pytest.approx(variance, abs=error)


def fourth_moment(width: int, depth: int) -> float:
    """Return the fourth central moment of the squared length after He-ReLU layers, exactly.

    A layer's factor is the mean of `width` copies of 2 relu(z)^2, whose cumulants are 1, 5, 44
    and 558.
    """
    k2, k3, k4 = 5 / width, 44 / width**2, 558 / width**3
    second, third = 1 + k2, 1 + 3 * k2 + k3
    fourth = 1 + 6 * k2 + 3 * k2**2 + 4 * k3 + k4
    return fourth**depth - 4 * third**depth + 6 * second**depth - 3


@pytest.mark.parametrize(
    ("key", "row", "gradient"),
    [
        ("torch_default", (0.4603, 0.2495, 0.1412, 0.0810, 0.0467), 0.0023),
        ("xavier_normal", (0.6279, 0.4863, 0.4082, 0.3576, 0.3216), 0.1375),
    ],
)
def test_five_tanh_layers_of_glorot_and_bengio(
    key: str, row: Sequence[float], gradient: float
) -> None:
    strength = power(key)
    q, stds, slopes = strength, [], []
    for _ in row:
        square_mean, slope = moments("tanh", q)
        stds.append(sqrt(square_mean))
        slopes.append(strength * slope)
        q = strength * square_mean
    assert stds == pytest.approx(row, abs=6e-5)
    assert prod(slopes) == pytest.approx(gradient, abs=6e-5)
    assert measured_stds(key, len(row)) == pytest.approx(row, rel=0.04)


def measured_stds(key: str, depth: int) -> list[float]:
    """Return the activation std of wide tanh layers, averaged over networks.

    A layer adds a relative variance of at most 2 / width to the second moment, so after five
    layers of 256, over 100 networks, the standard error of the std is at most 0.7 %.
    """
    width, count = 256, 100
    generator = torch.Generator().manual_seed(3)
    signal = torch.randn(count, width, 1, generator=generator)
    stds = []
    for _ in range(depth):
        signal = (layers(key, width, count, generator) @ signal).tanh()
        stds.append(signal.square().mean().sqrt().item())
    return stds


def test_the_tanh_gain_of_torch_is_chaotic() -> None:
    strength = power("kaiming_normal", nonlinearity="tanh")
    q = strength
    for _ in range(200):
        q = strength * moments("tanh", q)[0]
    assert sqrt(q / strength) == pytest.approx(0.6513, abs=6e-5)
    assert strength * moments("tanh", q)[1] == pytest.approx(1.2098, abs=6e-5)


def test_lecun_normal_is_the_fixed_point_of_selu() -> None:
    assert power("lecun_normal") == pytest.approx(1)
    assert moments("selu", power("lecun_normal"))[0] == pytest.approx(1, abs=1e-3)
    assert gauss(activation("selu").double()(torch.from_numpy(NODES))) == pytest.approx(0, abs=1e-3)


def test_thirty_gelu_layers_under_kaiming_lose_the_signal() -> None:
    q = 1.0
    for _ in range(30):
        q = power("kaiming_normal") * moments("gelu", q)[0]
    assert log(q) == pytest.approx(log(3e-8), abs=0.2)


# What Torch's default hides


def test_the_default_keeps_a_second_moment_that_no_longer_depends_on_the_input() -> None:
    width, count = 100, 200
    torch.manual_seed(4)
    inputs = torch.randn(2, width)
    lengths, cosines = [], []
    for _ in range(count):
        signal = inputs
        for _ in range(30):
            signal = nn.Linear(width, width)(signal.relu())
        lengths.append(signal.detach().square().mean().item())
        cosines.append(nn.functional.cosine_similarity(signal[0], signal[1], dim=0).item())
    error = SIGMAS * float(np.std(lengths)) / sqrt(count)
    assert float(np.mean(lengths)) == pytest.approx(0.4 / width, abs=error)
    assert error < 0.1 * 0.4 / width
    assert min(cosines) > 0.99995


@pytest.mark.parametrize(
    ("depth", "cosine"), [(1, 0.31831), (2, 0.49373), (3, 0.60483), (5, 0.73595), (10, 0.87154)]
)
def test_two_orthogonal_inputs_grow_alike_through_he_relu_layers(depth: int, cosine: float) -> None:
    width, count = 200, 150
    generator = torch.Generator().manual_seed(5)
    signal = torch.zeros(count, width, 2)
    signal[:, 0, 0] = signal[:, 1, 1] = 1
    for _ in range(depth):
        signal = (layers("kaiming_normal", width, count, generator) @ signal).relu()
    found = nn.functional.cosine_similarity(signal[..., 0], signal[..., 1], dim=1)
    error = SIGMAS * found.std().item() / sqrt(count) + 1 / width  # and the finite width's bias
    assert found.mean().item() == pytest.approx(cosine, abs=error)
    expected = 0.0
    for _ in range(depth):
        turned = sqrt(1 - expected**2) + expected * (np.pi - np.arccos(expected))
        expected = turned / np.pi
    assert expected == pytest.approx(cosine, abs=6e-6)


@pytest.mark.parametrize(
    ("key", "gain", "rectified", "expected"),
    [
        ("lecun_normal", None, False, 4.0),
        ("orthogonal", 1.0, False, 0.0),
        ("kaiming_normal", None, True, 8.0),
        ("orthogonal", sqrt(2), True, 4.0),
    ],
)
def test_spread_of_the_jacobians_eigenvalues(
    key: str, gain: float | None, rectified: bool, expected: float
) -> None:
    depth, width, count = 4, 200, 12
    generator = torch.Generator().manual_seed(6)
    values = {} if gain is None else {"gain": gain}
    signal = torch.randn(count, width, 1, generator=generator)
    jacobian = torch.eye(width).expand(count, -1, -1)
    for _ in range(depth):
        weights = layers(key, width, count, generator, **values)
        signal, jacobian = weights @ signal, weights @ jacobian
        if rectified:
            jacobian = jacobian * (signal > 0)
            signal = signal.relu()
    eigen = torch.linalg.svdvals(jacobian.double()).square()
    first, second = eigen.mean(1).mean(), eigen.square().mean(1).mean()
    spread = (second / first**2 - 1).item()
    # the mean of n eigenvalues of `depth` Gaussian factors strays by about sqrt(5 depth) / n
    error = 1e-5 + expected * (SIGMAS * 2 * sqrt(5 * depth / count) / width + 5 * depth / width)
    assert spread == pytest.approx(expected, abs=error)
