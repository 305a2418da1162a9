"""The formula scheme draws what torch.nn.init draws, by the law that the formula says.

A right implementation fails a distribution test here with probability 1e-6.
"""

from collections.abc import Callable
from dataclasses import replace
from math import sqrt
from typing import Any

import pytest
import torch
from scipy import stats
from torch.nn import init

from initstudio.catalogue import Role, Site, TensorSpec
from initstudio.errors import ExperimentError
from initstudio.formula import LONGEST
from initstudio.law import Law
from initstudio.schemes import SCHEMES
from tests.specs import spec

ROWS, COLUMNS = 400, 625
WEIGHT = TensorSpec(
    name="weight",
    role="weight",
    shape=(ROWS, COLUMNS),
    fan_in=COLUMNS,
    fan_out=ROWS,
    default=Law(kind="constant", mean=0, std=0),
    site=Site(activation="relu", at=2, layers=4),
)
BIAS = replace(WEIGHT, name="bias", role="bias", shape=(ROWS,))
CHANCE = 1e-6
FORMULA = SCHEMES["formula"]

CASES: list[tuple[str, Callable[[torch.Tensor], object], Any]] = [
    (
        "normal(0, sqrt(2 / fan_in))",
        lambda w: init.kaiming_normal_(w, nonlinearity="relu"),
        stats.norm(0, sqrt(2 / COLUMNS)),
    ),
    (
        "uniform(-sqrt(3 / fan_avg), sqrt(3 / fan_avg))",
        init.xavier_uniform_,
        stats.uniform(-sqrt(6 / (ROWS + COLUMNS)), 2 * sqrt(6 / (ROWS + COLUMNS))),
    ),
    (
        "truncated_normal(0.5, layer / layers, -1, 3)",
        lambda w: init.trunc_normal_(w, 0.5, 0.75, -1, 3),
        stats.truncnorm(-2, 10 / 3, 0.5, 0.75),
    ),
]


def drawn(text: str, tensor: TensorSpec, seed: int = 7) -> torch.Tensor:
    assert FORMULA.draw
    values = torch.empty(tensor.shape)
    generator = torch.Generator().manual_seed(seed)
    FORMULA.draw(values, FORMULA.parse({"formula": text}), tensor, generator)
    return values


def refusal(text: str, tensor: TensorSpec = WEIGHT) -> str | None:
    return FORMULA.refuses(FORMULA.parse({"formula": text}), tensor)


@pytest.mark.parametrize(("text", "by_hand", "law"), CASES, ids=[text for text, _, _ in CASES])
def test_a_formula_draws_by_its_law(
    text: str,
    by_hand: Callable[[torch.Tensor], object],
    law: Any,  # noqa: ANN401 - scipy has no types
) -> None:
    assert refusal(text) is None
    announced = FORMULA.law(FORMULA.parse({"formula": text}), WEIGHT)
    assert announced.mean == pytest.approx(law.mean(), abs=1e-12)
    assert announced.std == pytest.approx(law.std(), rel=1e-9)
    values = drawn(text, WEIGHT)
    assert stats.kstest(values.flatten().double().numpy(), law.cdf).pvalue > CHANCE
    torch.manual_seed(7)
    expected = torch.empty(WEIGHT.shape)
    by_hand(expected)
    assert torch.allclose(values, expected, rtol=1e-6, atol=0)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("normal(1 / 3, 2 / 7)", lambda w, g: init.normal_(w, 1 / 3, 2 / 7, generator=g)),
        ("uniform(-1 / 3, 2 / 7)", lambda w, g: init.uniform_(w, -1 / 3, 2 / 7, generator=g)),
        (
            "truncated_normal(0, 1, -2, 1 / 3)",
            lambda w, g: init.trunc_normal_(w, 0, 1, -2, 1 / 3, generator=g),
        ),
        ("orthogonal(gain)", lambda w, g: init.orthogonal_(w, sqrt(2), generator=g)),
        ("constant(1 / 3)", lambda w, _: init.constant_(w, 1 / 3)),
        ("1 / 3", lambda w, _: init.constant_(w, 1 / 3)),
        ("normal(0, 0)", lambda w, _: init.zeros_(w)),
    ],
)
def test_a_draw_has_the_bits_of_the_plain_call(
    text: str, plain: Callable[[torch.Tensor, torch.Generator], object]
) -> None:
    expected = torch.empty(WEIGHT.shape)
    plain(expected, torch.Generator().manual_seed(7))
    assert torch.equal(drawn(text, WEIGHT), expected)


def test_an_orthogonal_law_is_that_of_torch() -> None:
    law = FORMULA.law(FORMULA.parse({"formula": "orthogonal(3)"}), WEIGHT)
    values = drawn("orthogonal(3)", WEIGHT)
    # the rows are orthonormal but for the gain, so the mean square is known without chance
    assert values.square().mean().sqrt().item() == pytest.approx(law.std, rel=1e-5)
    assert law.kind == "orthogonal"


def test_a_bias_is_drawn_by_the_fans_of_its_weight() -> None:
    assert FORMULA.law(FORMULA.parse({}), BIAS).std == sqrt(2 / COLUMNS)
    assert refusal("orthogonal(1)", BIAS) == (
        "Column 1: orthogonal needs a matrix, and this has one dimension only."
    )


@pytest.mark.parametrize("role", ["scale", "shift", "slope"])
def test_other_tensors_can_have_one_that_asks_for_no_fans(role: Role) -> None:
    tensor = replace(WEIGHT, role=role, shape=(5,), fan_in=0, fan_out=0)
    assert refusal("normal(1, 0.1)", tensor) is None
    assert refusal("normal(0, 1 / fan_in)", tensor) == "Column 15: this divides by zero."


def test_a_mistake_is_a_sentence_with_its_column() -> None:
    assert refusal("normal(0, 1/fan_inn)") == (
        "Column 13: there is no 'fan_inn'; did you mean fan_in?"
    )


def test_a_long_text_is_refused_where_it_is_read() -> None:
    with pytest.raises(ExperimentError):
        FORMULA.parse({"formula": "1" * (LONGEST + 1)})


@pytest.mark.parametrize(
    ("activation", "gain"), [("relu", sqrt(2)), ("linear", 1.0), ("tanh", 1.5925), ("gelu", 1.5335)]
)
def test_the_gain_is_that_of_the_activation_that_follows(activation: str, gain: float) -> None:
    scheme = SCHEMES["formula"]
    params = scheme.parse({"formula": "normal(0, gain / sqrt(fan_in))"})
    law = scheme.law(params, spec(50, 100, site=Site(activation=activation)))
    assert law.std == pytest.approx(gain / 10, abs=6e-6)
