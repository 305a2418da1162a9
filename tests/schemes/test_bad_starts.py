"""Starts that cannot learn, or hardly: each fails as theory says."""

from collections.abc import Sequence
from itertools import pairwise
from math import exp, lgamma, log, sqrt
from typing import Any

import pytest
import torch
from torch import nn

from initstudio.catalogue import Value
from initstudio.schemes import SCHEMES
from tests.specs import spec

SIGMAS = 5.2
"""A right implementation strays further from its mean with probability 2e-7."""


def network(sizes: Sequence[int], key: str, **values: Value) -> nn.Sequential:
    modules: list[nn.Module] = []
    scheme = SCHEMES[key]
    assert scheme.draw
    generator = torch.Generator().manual_seed(7)
    for fan_in, fan_out in pairwise(sizes):
        linear = nn.Linear(fan_in, fan_out)
        with torch.no_grad():
            tensor = spec(*linear.weight.shape)
            scheme.draw(linear.weight, scheme.parse(values), tensor, generator)
            linear.bias.zero_()
        modules += [linear, nn.ReLU()]
    return nn.Sequential(*modules[:-1])


def examples(count: int = 32) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(8)
    features = torch.randn(count, 20, generator=generator)
    return features, torch.randint(0, 4, (count,), generator=generator)


def linears(net: nn.Sequential) -> list[nn.Linear]:
    return [module for module in net if isinstance(module, nn.Linear)]


@pytest.mark.parametrize("values", [{"value": 0.5}, {"value": -0.1}], ids=str)
def test_constant_weights_keep_the_rows_of_hidden_layers_identical(
    values: dict[str, Value],
) -> None:
    net = network((20, 64, 64, 4), "constant", **values)
    loss = train(net, 20)
    if values["value"] == 0.5:
        assert loss == pytest.approx(log(4), rel=1e-6)
    for linear in linears(net)[:-1]:
        assert (linear.weight == linear.weight[0]).all()
        assert (linear.bias == linear.bias[0]).all()


def train(net: nn.Sequential, steps: int) -> float:
    """Return the first loss."""
    features, classes = examples()
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
    losses = []
    for _ in range(steps):
        loss = nn.functional.cross_entropy(net(features), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses[0]


def test_zero_weights_have_a_gradient_at_the_last_bias_only() -> None:
    net = network((20, 64, 64, 4), "zeros")
    features, classes = examples()
    loss = nn.functional.cross_entropy(net(features), classes)
    loss.backward()
    assert loss.item() == pytest.approx(log(4), rel=1e-6)
    gradients: dict[str, Any] = {name: one.grad for name, one in net.named_parameters()}
    alive = [name for name, grad in gradients.items() if grad.any()]
    assert alive == ["4.bias"]


def test_standard_normal_weights_start_with_an_enormous_loss() -> None:
    """The mean over draws is 143; one draw strays by 38, so that a loss of 107 is a usual one."""
    scheme = SCHEMES["normal"]
    assert scheme.draw
    generator = torch.Generator().manual_seed(9)
    count, examples_each = 2000, 16
    signal = torch.randn(count, 20, examples_each, generator=generator)
    for fan_in, fan_out in pairwise((20, 64, 64, 4)):
        weights = torch.empty(count, fan_out, fan_in)
        scheme.draw(weights, scheme.parse({"std": 1}), spec(fan_out, fan_in), generator)
        signal = weights @ (signal if fan_in == 20 else signal.relu())
    classes = torch.randint(0, 4, (count, examples_each), generator=generator)
    losses = nn.functional.cross_entropy(signal, classes, reduction="none").mean(1)
    # a wrong winner costs the greatest of four logits: 1.0294 times the logits' std
    largest = 1.0294 * sqrt(20 * 64 / 2 * 64 / 2)
    input_length = sqrt(2 / 20) * exp(lgamma(21 / 2) - lgamma(10))  # E of a chi over its rms
    k2, k3, k4 = 5 / 64, 44 / 64**2, 558 / 64**3
    layer_length = 1 - k2 / 8 + k3 / 16 - 5 * (k4 + 3 * k2**2) / 128  # E of the root of a factor
    expected = largest * input_length * layer_length**2
    assert expected == pytest.approx(143, abs=0.5)
    error = SIGMAS * losses.std().item() / sqrt(count)
    assert losses.mean().item() == pytest.approx(expected, abs=error)
    assert error < 0.04 * expected
    assert losses.min() > 10 * log(4)
