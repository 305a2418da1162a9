"""Every scheme draws what torch.nn.init draws, by the distribution that its formula says.

A right implementation fails a distribution test here with probability 1e-6; a standard deviation
that is 2 % wrong never passes, which is shown too.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import log, sqrt
from typing import Any

import numpy as np
import pytest
import torch
from scipy import stats
from torch import nn
from torch.nn import init

from initstudio.catalogue import TensorSpec, Value
from initstudio.law import Law
from initstudio.schemes import SCHEMES
from tests.specs import spec

ROWS, COLUMNS = 800, 1250
WEIGHT = spec(ROWS, COLUMNS)
BIAS = spec(ROWS, role="bias", fans=(COLUMNS, ROWS))
CHANCE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Case:
    """A scheme with parameters, its distribution written out, and the call of torch by hand."""

    key: str
    values: dict[str, Value] = field(default_factory=dict)
    by_hand: Callable[[torch.Tensor], object]
    law: Any

    def __str__(self) -> str:
        return " ".join([self.key, *(f"{name}={value}" for name, value in self.values.items())])

    def drawn(self, tensor: TensorSpec, seed: int) -> torch.Tensor:
        scheme = SCHEMES[self.key]
        assert scheme.draw
        values = torch.empty(tensor.shape)
        scheme.draw(values, scheme.parse(self.values), tensor, torch.Generator().manual_seed(seed))
        return values

    def announced(self, tensor: TensorSpec) -> Law:
        scheme = SCHEMES[self.key]
        return scheme.law(scheme.parse(self.values), tensor)


def uniform(bound: float) -> Any:  # noqa: ANN401 - scipy has no types
    return stats.uniform(-bound, 2 * bound)


def truncated(mean: float, std: float, low: float, high: float) -> Any:  # noqa: ANN401
    return stats.truncnorm((low - mean) / std, (high - mean) / std, mean, std)


TANH, SLOPE = 5 / 3, 0.3
LEAKY = sqrt(2 / (1 + SLOPE**2))

CASES = [
    Case(
        key="xavier_uniform",
        values={"gain": TANH},
        by_hand=lambda w: init.xavier_uniform_(w, gain=init.calculate_gain("tanh")),
        law=uniform(TANH * sqrt(6 / (ROWS + COLUMNS))),
    ),
    Case(
        key="xavier_normal",
        values={"gain": 1},
        by_hand=init.xavier_normal_,
        law=stats.norm(0, sqrt(2 / (ROWS + COLUMNS))),
    ),
    Case(
        key="kaiming_uniform",
        by_hand=lambda w: init.kaiming_uniform_(w, nonlinearity="relu"),
        law=uniform(sqrt(6 / COLUMNS)),
    ),
    Case(
        key="kaiming_uniform",
        values={"mode": "fan_out", "nonlinearity": "leaky_relu", "a": SLOPE},
        by_hand=lambda w: init.kaiming_uniform_(w, a=SLOPE, mode="fan_out"),
        law=uniform(LEAKY * sqrt(3 / ROWS)),
    ),
    Case(
        key="kaiming_normal",
        values={"mode": "fan_out"},
        by_hand=lambda w: init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"),
        law=stats.norm(0, sqrt(2 / ROWS)),
    ),
    Case(
        key="kaiming_normal",
        values={"nonlinearity": "tanh", "a": SLOPE},
        by_hand=lambda w: init.kaiming_normal_(w, nonlinearity="tanh"),
        law=stats.norm(0, TANH / sqrt(COLUMNS)),
    ),
    Case(
        key="lecun_normal",
        by_hand=lambda w: init.normal_(w, 0, 1 / sqrt(COLUMNS)),
        law=stats.norm(0, 1 / sqrt(COLUMNS)),
    ),
    Case(
        key="lecun_uniform",
        by_hand=lambda w: init.kaiming_uniform_(w, nonlinearity="linear"),
        law=uniform(sqrt(3 / COLUMNS)),
    ),
    Case(key="uniform", by_hand=lambda w: init.uniform_(w, -0.1, 0.1), law=uniform(0.1)),
    Case(
        key="uniform",
        values={"low": 1, "high": 3.5},
        by_hand=lambda w: init.uniform_(w, 1, 3.5),
        law=stats.uniform(1, 2.5),
    ),
    Case(key="normal", by_hand=lambda w: init.normal_(w, std=0.01), law=stats.norm(0, 0.01)),
    Case(
        key="normal",
        values={"mean": -2, "std": 3},
        by_hand=lambda w: init.normal_(w, -2, 3),
        law=stats.norm(-2, 3),
    ),
    Case(key="truncated_normal", by_hand=init.trunc_normal_, law=truncated(0, 1, -2, 2)),
    Case(
        key="truncated_normal",
        values={"mean": 0.5, "std": 2, "low": 0, "high": 1},
        by_hand=lambda w: init.trunc_normal_(w, 0.5, 2, 0, 1),
        law=truncated(0.5, 2, 0, 1),
    ),
    Case(
        key="truncated_normal",
        values={"std": 0.02},
        by_hand=lambda w: init.trunc_normal_(w, std=0.02),
        law=stats.norm(0, 0.02),
    ),
]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


@every_case
@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_a_draw_is_what_torch_gives_bit_for_bit(case: Case, seed: int) -> None:
    torch.manual_seed(seed)
    expected = torch.empty(7, 5)
    case.by_hand(expected)
    tensor = spec(7, 5)
    if case.key == "lecun_normal":
        torch.manual_seed(seed)
        init.kaiming_normal_(expected, nonlinearity="linear")
    assert torch.equal(case.drawn(tensor, seed), expected)


@every_case
def test_a_law_is_the_formula(case: Case) -> None:
    law = case.announced(WEIGHT)
    assert law.mean == pytest.approx(case.law.mean(), abs=1e-12)
    assert law.std == pytest.approx(case.law.std(), rel=1e-9)
    low, high = case.law.support()
    if law.kind == "truncated normal" and np.isinf(low):
        low, high = -2, 2
    assert (law.low, law.high) == pytest.approx((low, high))


def distance(values: torch.Tensor, law: Any) -> float:  # noqa: ANN401
    """Return Kolmogorov's distance between the values and a law."""
    flat = np.sort(values.double().numpy().ravel())
    steps = np.arange(flat.size + 1) / flat.size
    expected = law.cdf(flat)
    return float(max((steps[1:] - expected).max(), (expected - steps[:-1]).max()))


def allowed(count: int) -> float:
    """Return the distance that `count` right values exceed with probability CHANCE at most.

    By Massart's form of the Dvoretzky-Kiefer-Wolfowitz inequality.
    """
    return sqrt(log(2 / CHANCE) / (2 * count))


@every_case
def test_draws_follow_the_formula(case: Case) -> None:
    values = case.drawn(WEIGHT, 11)
    count = values.numel()
    law = case.law
    assert distance(values, law) < allowed(count)
    assert values.mean().item() == pytest.approx(law.mean(), abs=5.2 * law.std() / sqrt(count))
    kurtosis = float(law.stats("k")) + 3
    spread = 5.2 * sqrt((kurtosis - 1) / 4 / count)
    assert values.double().std().item() == pytest.approx(law.std(), rel=spread)


@every_case
@pytest.mark.parametrize("factor", [0.98, 1.02])
def test_a_wrong_standard_deviation_would_be_found(case: Case, factor: float) -> None:
    centre = case.law.mean()
    wrong = (case.drawn(WEIGHT, 12) - centre) * factor + centre
    assert distance(wrong, case.law) > allowed(wrong.numel())


@pytest.mark.parametrize("part", ["weight", "bias"])
def test_torch_default_is_what_linear_starts_with(part: str) -> None:
    torch.manual_seed(3)
    layer = nn.Linear(COLUMNS, ROWS) if part == "weight" else nn.Linear(2, 10**6)
    drawn = getattr(layer, part).detach()
    fan_in = layer.in_features
    tensor = WEIGHT if part == "weight" else spec(10**6, role="bias", fans=(2, 10**6))
    scheme = SCHEMES["torch_default"]
    assert scheme.draw is None
    law = scheme.law(scheme.parse({}), tensor)
    expected = uniform(1 / sqrt(fan_in))
    assert (law.mean, law.std) == pytest.approx((0, expected.std()))
    assert (law.low, law.high) == pytest.approx(expected.support())
    assert distance(drawn, expected) < allowed(drawn.numel())
    assert distance(1.02 * drawn, expected) > allowed(drawn.numel())


def test_torch_default_is_kaiming_with_the_slope_sqrt_5_bit_for_bit() -> None:
    torch.manual_seed(8)
    layer = nn.Linear(30, 20)
    kaiming = SCHEMES["kaiming_uniform"]
    assert kaiming.draw
    weight = torch.empty(20, 30)
    params = kaiming.parse({"nonlinearity": "leaky_relu", "a": sqrt(5)})
    kaiming.draw(weight, params, spec(*weight.shape), torch.Generator().manual_seed(8))
    assert torch.equal(layer.weight, weight)
    default, tensor = (
        SCHEMES["torch_default"],
        spec(20, 30),
    )
    assert default.law(default.parse({}), tensor).high == pytest.approx(
        kaiming.law(params, tensor).high
    )


@pytest.mark.parametrize("shape", [(60, 60), (40, 90), (90, 40), (1, 5), (5, 1)], ids=str)
@pytest.mark.parametrize("gain", [1.0, 1.7])
def test_orthogonal_keeps_lengths_up_to_its_gain(shape: tuple[int, int], gain: float) -> None:
    scheme = SCHEMES["orthogonal"]
    assert scheme.draw
    params = scheme.parse({"gain": gain})
    weight = torch.empty(shape)
    scheme.draw(weight, params, spec(*shape), torch.Generator().manual_seed(4))
    torch.manual_seed(4)
    assert torch.equal(weight, init.orthogonal_(torch.empty(shape), gain))
    rows, columns = shape
    short = weight if rows <= columns else weight.T
    eye = torch.eye(min(shape))
    torch.testing.assert_close(short @ short.T, gain**2 * eye, atol=2e-5, rtol=0)
    tensor = spec(*shape, fans=(columns, rows))
    law = scheme.law(params, tensor)
    # the squares of all entries sum to gain^2 min(rows, columns), whatever was drawn
    assert weight.double().pow(2).mean().sqrt().item() == pytest.approx(law.std, rel=1e-5)
    assert weight.abs().max() <= law.high * (1 + 1e-6) == -law.low * (1 + 1e-6)


def test_orthogonal_is_uniform_over_rotations_in_the_mean_of_an_entry() -> None:
    scheme = SCHEMES["orthogonal"]
    assert scheme.draw
    generator = torch.Generator().manual_seed(9)
    weights = torch.empty(4000, 3, 3)
    for weight in weights:
        scheme.draw(weight, scheme.parse({}), spec(*weight.shape), generator)
    spread = 1 / sqrt(3) / sqrt(len(weights))
    assert weights.mean(0).abs().max() < 5.2 * spread
    # the first entry of a random direction in three dimensions is uniform (Archimedes)
    assert distance(weights[:, 0, 0], uniform(1)) < allowed(len(weights))
