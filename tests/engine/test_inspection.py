"""What is said of each tensor: which rule hit it, its numbers filled in, and a verdict."""

from math import nan, sqrt

import pytest
from msgspec.structs import replace

from initstudio.engine.inspection import inspect, law_in_words, rule_in_words, verdict
from initstudio.engine.network import every
from initstudio.engine.plan import layers_of
from initstudio.experiment import Choice, Contender, Rule
from initstudio.law import Law
from initstudio.presets import ARTICLE, contender

LAYERS = tuple(every(layers_of(ARTICLE)))


def rows(one: Contender) -> dict[str, str]:
    return {row.parameter: row.rule for row in inspect(one, LAYERS)}


def test_the_rule_that_won_is_named() -> None:
    rules = (
        Rule(role="weight", scheme=Choice("ones")),
        Rule(role="weight", scheme=Choice("zeros"), layer="output"),
        Rule(role="weight", scheme=Choice("zeros"), position=(2,)),
        Rule(role="bias", scheme=Choice("zeros"), parameter="0.*"),
    )
    assert rows(Contender(name="C", slot=0, rules=rules)) == {
        "0.weight": "rule 1: all weights",
        "0.bias": "rule 4: biases named 0.*",
        "2.weight": "rule 3: weights at 3",
        "2.bias": "no rule: as PyTorch starts it",
        "4.weight": "rule 2: weights of Output",
        "4.bias": "no rule: as PyTorch starts it",
    }
    assert rule_in_words(replace(rules[2], position=(2, 0))) == "weights at 3.1"


def test_the_default_says_what_it_does_here() -> None:
    found = inspect(Contender(name="Bare", slot=0, rules=()), LAYERS)[0]
    assert found.scheme == "PyTorch default"
    bound = 1 / sqrt(20)
    assert found.target == f"U(−{bound:.4g}, {bound:.4g})"
    assert f"std {bound / sqrt(3):.4g}" in found.formula


def test_the_formula_is_filled_in() -> None:
    xavier = inspect(contender("X", 0, "xavier_uniform", gain=2.0), LAYERS)[0]
    assert "= U(-b, b), b = 2 sqrt(6 / (20 + 64))" in xavier.formula
    assert xavier.formula.endswith(f"std {2 * sqrt(2 / 84):.4g}")
    kaiming = inspect(contender("K", 0, "kaiming_normal", mode="fan_out"), LAYERS)[0]
    assert "/ sqrt(64)" in kaiming.formula
    assert kaiming.target == f"N(0, {sqrt(2 / 64):.4g}²)"


@pytest.mark.parametrize(
    ("kind", "text"),
    [("constant", "0.5"), ("orthogonal", "orthogonal"), ("fixed", "fixed")],
)
def test_laws_in_words(kind: str, text: str) -> None:
    assert law_in_words(Law(kind=kind, mean=0.5, std=0.1)) == text  # type: ignore[arg-type]


def test_verdicts() -> None:
    assert verdict(1.0) == "exact"
    assert verdict(0.43) == "as it should be (p = 0.43)"
    assert verdict(2e-9) == "strays (p = 2e-09)"
    assert verdict(nan) == "not tested: tuned since"


def test_a_tensor_that_cannot_have_its_scheme_says_why() -> None:
    found = inspect(contender("K", 0, "zeros", bias="kaiming_normal"), LAYERS)[1]
    assert found.law is None
    assert found.target.startswith("Kaiming needs fan-in")
    wrong = contender("F", 0, "formula", formula="normal(0, sqrt(2 / fan_inn))")
    assert "did you mean fan_in?" in inspect(wrong, LAYERS)[0].target
