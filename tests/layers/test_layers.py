"""Every layer computes what its summary says: formulas written out, and integrals of FACTS."""

from collections.abc import Callable
from math import e, erf, exp, log, sin, sqrt, tanh
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.modules import activation as activations

from initstudio.catalogue import Shape, Value
from initstudio.errors import ExperimentError
from initstudio.layers import LAYERS
from tests.specs import build

POINTS = (-30.0, -3.0, -1.0, -0.1, 0.0, 0.1, 1.0, 3.0, 15.0)
SCALE, ALPHA = 1.0507009873554805, 1.6732632423543772


def activation(key: str, values: dict[str, Value]) -> nn.Module:
    return build(key, (1,), 1, **values)


def sigmoid(x: float) -> float:
    return 1 / (1 + exp(-x))


def softplus(x: float) -> float:
    return log(1 + exp(x))


def gelu_by_tanh(x: float) -> float:
    return x / 2 * (1 + tanh(sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


FORMULAS: list[tuple[str, dict[str, Value], Callable[[float], float]]] = [
    ("relu", {}, lambda x: max(0, x)),
    ("leaky_relu", {}, lambda x: x if x > 0 else 0.01 * x),
    ("leaky_relu", {"negative_slope": -1}, abs),
    ("tanh", {}, lambda x: (e**x - e**-x) / (e**x + e**-x)),
    ("sigmoid", {}, sigmoid),
    ("gelu", {}, lambda x: x * (1 + erf(x / sqrt(2))) / 2),
    ("gelu", {"approximate": "tanh"}, gelu_by_tanh),
    ("silu", {}, lambda x: x * sigmoid(x)),
    ("elu", {}, lambda x: x if x > 0 else exp(x) - 1),
    ("elu", {"alpha": 0.3}, lambda x: x if x > 0 else 0.3 * (exp(x) - 1)),
    ("selu", {}, lambda x: SCALE * (x if x > 0 else ALPHA * (exp(x) - 1))),
    ("softplus", {}, softplus),
    ("softsign", {}, lambda x: x / (1 + abs(x))),
    ("mish", {}, lambda x: x * tanh(softplus(x))),
    ("prelu", {}, lambda x: x if x > 0 else 0.25 * x),
    ("softplus", {"beta": 2}, lambda x: log(1 + exp(2 * x)) / 2),
    ("softplus", {"threshold": 1}, lambda x: x if x > 1 else softplus(x)),
    ("relu6", {}, lambda x: max(0, min(x, 6))),
    ("celu", {"alpha": 0.5}, lambda x: x if x > 0 else 0.5 * (exp(x / 0.5) - 1)),
    ("hardtanh", {"min_val": -2, "max_val": 0.5}, lambda x: max(-2, min(x, 0.5))),
    ("hardsigmoid", {}, lambda x: max(0, min(x / 6 + 0.5, 1))),
    ("hardswish", {}, lambda x: x * max(0, min(x / 6 + 0.5, 1))),
    ("hardshrink", {}, lambda x: x if abs(x) > 0.5 else 0),
    ("softshrink", {"lambd": 0.25}, lambda x: max(abs(x) - 0.25, 0) * (1 if x > 0 else -1)),
    ("tanhshrink", {}, lambda x: x - tanh(x)),
    ("threshold", {"threshold": 0.5, "value": 2}, lambda x: x if x > 0.5 else 2),
    ("logsigmoid", {}, lambda x: -log(1 + exp(-x))),
    ("sin", {"omega": 2}, lambda x: sin(2 * x)),
    ("scaled_tanh", {}, lambda x: 1.7159 * tanh(2 / 3 * x)),
]
NOT_ELEMENTWISE = {
    "GLU": "halves the features",
    "MultiheadAttention": "mixes the steps",
    "Softmax": "mixes the features",
    "Softmax2d": "mixes the channels",
    "Softmin": "mixes the features",
    "LogSoftmax": "mixes the features",
}
"""What torch counts among the activations and this catalogue does not."""


def test_every_elementwise_activation_of_torch_is_here() -> None:
    found = {type(build(key, (1,), 1)).__name__ for key in {key for key, _, _ in FORMULAS}}
    found.add(type(build("rrelu")).__name__)
    assert set(activations.__all__) - NOT_ELEMENTWISE.keys() <= found


def test_rrelu_draws_its_slopes_while_training_and_then_takes_their_mean() -> None:
    module = build("rrelu", lower=0.1, upper=0.5)
    below = -torch.ones(10_000)
    torch.manual_seed(0)
    slopes = -module(below)
    assert slopes.min() >= 0.1
    assert slopes.max() <= 0.5
    assert slopes.mean().item() == pytest.approx(0.3, abs=5 * 0.4 / sqrt(12 * 10_000))
    assert torch.allclose(module.eval()(below), torch.tensor(-0.3))


def test_every_activation_is_written_out_here() -> None:
    known = {key for key, layer in LAYERS.items() if layer.group == "Activation"}
    assert {key for key, _, _ in FORMULAS} == known - {"rrelu"}


@pytest.mark.parametrize(("key", "values", "formula"), FORMULAS)
def test_an_activation_is_its_formula(
    key: str, values: dict[str, Value], formula: Callable[[float], float]
) -> None:
    points = torch.tensor(POINTS, dtype=torch.float64)
    kept = points.clone()
    found = activation(key, values).double()(points)
    assert found.tolist() == pytest.approx([formula(x) for x in POINTS], rel=1e-12, abs=1e-12)
    assert torch.equal(points, kept), "the input is a reading too, and stays"


@pytest.mark.parametrize(
    ("key", "values", "mean", "square", "slope"),
    [
        ("relu", {}, 0.3989, 0.5, 0.5),
        ("leaky_relu", {"negative_slope": 0.2}, 0.3192, 0.5200, 0.5200),
        ("tanh", {}, 0, 0.3943, 0.4644),
        ("sigmoid", {}, 0.5, 0.2934, 0.0448),
        ("gelu", {}, 0.2821, 0.4252, 0.4559),
        ("silu", {}, 0.2066, 0.3558, 0.3795),
        ("elu", {}, 0.1605, 0.6449, 0.6681),
        ("selu", {}, 0, 1, 1.0716),
        ("softsign", {}, 0, 0.1830, 0.2277),
    ],
)
def test_moments_under_a_standard_normal(
    key: str, values: dict[str, Value], mean: float, square: float, slope: float
) -> None:
    # the midpoint rule: no node at zero, where some have a kink
    z = torch.linspace(-12, 12, 240_001, dtype=torch.float64)
    z = ((z[1:] + z[:-1]) / 2).requires_grad_()
    density = torch.exp(-(z**2) / 2)
    density = density / density.sum()
    out = activation(key, values).double()(z)
    (rise,) = torch.autograd.grad(out.sum(), z)
    found = [(one * density).sum().item() for one in (out, out**2, rise**2)]
    assert found == pytest.approx([mean, square, slope], abs=6e-5)


def test_linear_is_a_weighted_sum_and_a_bias() -> None:
    module: Any = build("linear", (3,), units=2)
    x = torch.tensor([1.0, 2.0, 3.0])
    expected = [
        sum(w * one for w, one in zip(row, x, strict=True)) + b
        for row, b in zip(module.weight, module.bias, strict=True)
    ]
    torch.testing.assert_close(module(x), torch.stack(expected))
    assert build("output", (3,), 5, bias=False)(x).shape == (5,)


def test_batch_norm_standardizes_each_feature_over_the_batch() -> None:
    batch = 3 * torch.randn(64, 5, generator=torch.Generator().manual_seed(1)) + 7
    found = build("batch_norm", (5,))(batch).detach()
    torch.testing.assert_close(found.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(0, correction=0), torch.ones(5), atol=1e-5, rtol=0)


def test_batch_norm_remembers_by_its_momentum() -> None:
    module: Any = build("batch_norm", (2,), momentum=0.25, eps=0.5)
    batch = torch.tensor([[0.0, 4.0], [2.0, 8.0]])
    module(batch)
    torch.testing.assert_close(module.running_mean, 0.25 * torch.tensor([1.0, 6.0]))
    module.eval()
    variance = 0.75 + 0.25 * torch.tensor([2.0, 8.0])
    expected = (batch - module.running_mean) / (variance + 0.5).sqrt()
    torch.testing.assert_close(module(batch), expected)


def test_batch_norm_can_be_trained_on_its_least_batch_and_on_no_smaller_one() -> None:
    least = LAYERS["batch_norm"].least_batch
    build("batch_norm", (5,))(torch.randn(least, 5))
    with pytest.raises(ValueError, match="more than 1 value"):
        build("batch_norm", (5,))(torch.randn(least - 1, 5))


@pytest.mark.parametrize("shape", [(6,), (1, 3, 4)], ids=str)
def test_layer_norm_standardizes_each_example(shape: Shape) -> None:
    batch = 3 * torch.randn(4, *shape, generator=torch.Generator().manual_seed(1)) + 7
    found = build("layer_norm", shape)(batch).detach().flatten(1)
    torch.testing.assert_close(found.mean(1), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(1, correction=0), torch.ones(4), atol=1e-4, rtol=0)


def test_dropout_hides_its_share_in_training_only() -> None:
    module = build("dropout", p=0.3)
    ones = torch.ones(100_000)
    torch.manual_seed(1)
    found = module(ones)
    share = (found == 0).double().mean().item()
    assert share == pytest.approx(0.3, abs=5.2 * sqrt(0.3 * 0.7 / ones.numel()))
    torch.testing.assert_close(found[found != 0], ones[found != 0] / 0.7)
    assert torch.equal(module.eval()(ones), ones)
    assert torch.equal(build("dropout", p=0)(ones), ones)


def test_dropout_of_everything_is_refused() -> None:
    with pytest.raises(ExperimentError, match=r"\$\.p: "):
        LAYERS["dropout"].parse({"p": 1})


def test_flatten_keeps_the_order_of_values() -> None:
    images = torch.arange(24.0).reshape(2, 1, 3, 4)
    assert build("flatten")(images).tolist() == [list(range(12)), list(range(12, 24))]
    assert build("flatten")(torch.ones(2, 5)).shape == (2, 5)
