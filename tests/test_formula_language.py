"""Formulas: Python's own arithmetic is the oracle for values, random text for robustness."""

import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initstudio.catalogue import Branch, Site, TensorSpec
from initstudio.formula import FormulaError, completions, evaluate, facts_of, start
from initstudio.formula.facts import CONSTANTS, FACTS
from initstudio.formula.functions import FUNCTIONS, OUTER
from initstudio.formula.numbers import number
from initstudio.formula.parser import DEEPEST, MOST_NODES, parse
from initstudio.formula.text import LONGEST
from initstudio.law import Law

TENSOR = TensorSpec(
    name="weight",
    role="weight",
    shape=(32, 16, 3, 3),
    fan_in=144,
    fan_out=288,
    default=Law(kind="constant", mean=0, std=0),
    site=Site(at=1, layers=5, branch=Branch(number=0, branches=2, at=1, layers=3)),
)
KNOWN = facts_of(TENSOR)
PYTHON: dict[str, Any] = {
    **{name: getattr(math, name) for name in vars(math) if name in FUNCTIONS},
    "abs": abs,
    "min": min,
    "max": max,
    "round": round,
    "pow": lambda x, y: x**y,
    "sign": lambda x: 0.0 if x == 0 else math.copysign(1, x),
    "sigmoid": lambda x: 0.5 * (1 + math.tanh(x / 2)),
    "clip": lambda x, low, high: sorted((low, x, high))[1] if low <= high else 1 / 0,
}


def test_the_facts_of_a_tensor() -> None:
    assert {
        "fan_in": 144,
        "fan_out": 288,
        "fan_avg": 216,
        "rows": 32,
        "columns": 144,
        "size": 32 * 144,
        "dims": 4,
        "layers": 5,
        "layer": 2,
        "is_first": 0,
        "is_last": 0,
        "branches": 2,
        "branch_layers": 3,
        "gain": math.sqrt(2),
    } == KNOWN
    assert KNOWN.keys() | CONSTANTS.keys() == FACTS.keys()
    assert evaluate("gain", {}).mean == math.sqrt(2)
    assert evaluate("gain", {"gain": 3}).mean == 3


@pytest.mark.parametrize(
    ("text", "law"),
    [
        ("normal(0, sqrt(2 / fan_in))", Law(kind="normal", mean=0, std=math.sqrt(2 / 144))),
        (
            "uniform(-1/sqrt(fan_in), 3/sqrt(fan_in))",
            Law(kind="uniform", mean=1 / 12, std=(1 / 3) / math.sqrt(12), low=-1 / 12, high=3 / 12),
        ),
        ("constant(pi)", Law(kind="constant", mean=math.pi, std=0, low=math.pi, high=math.pi)),
        (
            "1 if is_first else 1/0 < 2 if 0 else .5",
            Law(kind="constant", mean=0.5, std=0, low=0.5, high=0.5),
        ),
        (
            "orthogonal(gain)",
            Law(
                kind="orthogonal",
                mean=0,
                std=math.sqrt(2) / 12,
                low=-math.sqrt(2),
                high=math.sqrt(2),
            ),
        ),
        ("(normal(1, 2)) if layer == 2 else orthogonal(1)", Law(kind="normal", mean=1, std=2)),
    ],
)
def test_a_formula_gives_its_law(text: str, law: Law) -> None:
    made = evaluate(text, KNOWN)
    assert made.kind == law.kind
    for name in ("mean", "std", "low", "high"):
        assert getattr(made, name) == pytest.approx(getattr(law, name), rel=1e-15)


def test_a_truncated_normal_keeps_its_own_numbers_beside_the_law() -> None:
    made = start("truncated_normal(0, 1, -2, 2)", KNOWN)
    assert (made.name, made.numbers) == ("truncated_normal", (0, 1, -2, 2))
    # 1 - 2 a pdf(a) / (2 cdf(a) - 1) with a = 2
    pdf, mass = math.exp(-2) / math.sqrt(2 * math.pi), math.erf(math.sqrt(2))
    assert made.law.std == pytest.approx(math.sqrt(1 - 4 * pdf / mass), rel=1e-12)


@pytest.mark.parametrize(
    ("text", "marked", "why"),
    [
        ("normal(0, fan_inn)", "fan_inn", "there is no 'fan_inn'; did you mean fan_in?"),
        ("nrmal(0, 1)", "nrmal", "there is no function 'nrmal'; did you mean normal?"),
        ("sqrt", "sqrt", "it is written sqrt(x)."),
        ("fan_in(2)", "fan_in", "fan_in is a number, not a function."),
        ("1 / (layer - 2)", "layer - 2", "this divides by zero."),
        ("7 % 0", "0", "this divides by zero."),
        ("0 ** -1", "0 ** -1", "zero has no negative power."),
        ("(0-8) ** 0.5", "0-8) ** 0.5", "a negative number has whole powers only."),
        ("normal(0, -2)", "-2", "the standard deviation is -2, which is negative."),
        ("uniform(2, 1)", "2", "the low bound 2 is above the high bound 1."),
        ("9**9**9**9", "9**9**9", "this becomes too large a number."),
        ("1e999", "1e999", "this number is too large."),
        ("1e7", "1e7", "this is 1e+07, and 1,000,000 is the most."),
        ("exp(1e4)", "exp(1e4)", "this becomes too large a number."),
        ("2 * sqrt(-1)", "sqrt(-1)", "sqrt(x) has no value for -1."),
        ("normal(0)", "normal(0)", "it is normal(mean, std), and 1 was given."),
        ("min(1)", "min(1)", "it is min(x, y, ...), and 1 was given."),
        ("normal(0, sqrt(2)", "(", "this parenthesis is not closed."),
        ("sqrt(2))", ")", "this parenthesis closes nothing."),
        ("2 ^ 3", "^", "a power is written **."),
        ("a.b", ".", "'.' has no meaning in a formula."),
        ("fan_in[0]", "[", "'[' has no meaning in a formula."),
        ("2 pi", "pi", "an operator, such as *, is missing before 'pi'."),
        ("0,5", ",", "a comma stands only between arguments; write 0.5 for a half."),
        ("1 + normal(0, 1)", "normal(0, 1)",
         "normal is a distribution and cannot be a part of a number."),
        ("truncated_normal(3, 1, -2, 2)", "3", "the mean 3 lies outside the bounds -2 and 2."),
        ("1 if 2", "", "after 'if' and its condition comes 'else'."),
        ("1 +", "", "something is missing at the end."),
        ("", "", "the formula is empty; try normal(0, sqrt(2 / fan_in))."),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(text: str, marked: str, why: str) -> None:
    with pytest.raises(FormulaError) as caught:
        evaluate(text, KNOWN)
    error = caught.value
    assert error.why == why
    assert text[error.position : error.position + error.length] == marked
    assert error.sentence == f"Column {error.position + 1}: {why}"


def test_a_formula_has_limits() -> None:
    evaluate("+".join(["1"] * (MOST_NODES // 2)), {})
    for text in (
        "+".join(["1"] * (MOST_NODES // 2 + 1)),
        "(" * DEEPEST + "1" + ")" * DEEPEST,
        "-" * DEEPEST + "1",
        "2**" * DEEPEST + "1",
        "1 if 1 else " * DEEPEST + "1",
        " " * (LONGEST + 1),
    ):
        with pytest.raises(FormulaError, match=r"at most|more than"):
            evaluate(text, {})


def outcome(text: str) -> tuple[Law | None, FormulaError | None]:
    try:
        return evaluate(text, KNOWN), None
    except FormulaError as error:
        return None, error


SIGNS = [*"()+-*/%<>,.19e", "**", "//", " if ", " else ", "1e308", "=="]
WORDS = [*FACTS, *FUNCTIONS, *OUTER, *SIGNS]


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.text(max_size=500), st.lists(st.sampled_from(WORDS), max_size=90).map("".join)))
def test_any_text_gives_a_law_or_a_formula_error_at_once(text: str) -> None:
    begun = time.process_time()
    law, error = outcome(text)
    assert time.process_time() - begun < 0.5
    if error:
        assert 0 <= error.position <= len(text)
        assert error.length >= 1
        assert error.why.endswith((".", "?"))
    if law:
        assert math.isfinite(law.mean)
        assert math.isfinite(law.std)
    completions(text, len(text) // 2)


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "!=", ">"])
    calls = st.sampled_from(sorted(FUNCTIONS)).flatmap(
        lambda name: st.tuples(*[inner] * len(FUNCTIONS[name].arguments)).map(
            lambda parts: f"{name}({', '.join(parts)})"
        )
    )
    return st.one_of(
        st.tuples(inner, signs, inner).map(" ".join),
        st.tuples(inner, inner, inner).map("({0[0]} if {0[1]} else {0[2]})".format),
        st.tuples(st.sampled_from(["-", "+", ""]), inner).map("{0[0]}({0[1]})".format),
        inner.map("-{}".format),
        calls,
    )


LEAVES = st.one_of(
    st.floats(0, 1e3).map(repr),
    st.integers(0, 9).map(float).map(str),
    st.sampled_from(sorted(FACTS)),
)


@settings(max_examples=500, deadline=None)
@given(st.recursive(LEAVES, grown, max_leaves=12))
def test_values_are_those_of_python(text: str) -> None:
    """Without parentheses around what is generated, precedence is under test, too."""
    try:
        mine = number(parse(text), KNOWN)
    except FormulaError as error:
        if "at most" in error.why or "more than" in error.why:
            return
        mine = math.nan
    try:
        theirs = eval(text, {"__builtins__": {}}, {**PYTHON, **KNOWN, **CONSTANTS})  # noqa: S307 - the oracle
        theirs = math.nan if isinstance(theirs, complex) else float(theirs)
    except (ArithmeticError, ValueError, TypeError):
        theirs = math.nan
    if math.isfinite(mine) and math.isfinite(theirs):
        assert mine == pytest.approx(theirs, rel=1e-9, abs=1e-300)
    elif math.isfinite(mine):
        pytest.fail(f"{text} is {mine}, and not for Python")


@pytest.mark.parametrize(
    ("text", "value"),
    [("-2**2", -4), ("2**-1", 0.5), ("2**3**2", 512), ("7-2-1", 4), ("8/2/2", 2), ("-7//2", -4),
     ("-7%3", 2), ("1<2<3", 1), ("3>2>2", 0), ("1+2*3", 7), ("round(2.5)", 2), ("1<2==1", 0),
     ("1 if 0 else 2 if 0 else 3", 3), ("(1+2)*3", 9)],
)  # fmt: skip
def test_precedence(text: str, value: float) -> None:
    assert number(parse(text), {}) == value


def test_completions_begin_as_the_word_before_the_cursor() -> None:
    words = [word for word, _ in completions("normal(0, sqrt(2 / fa))", 21)]
    assert words == ["fan_in", "fan_out", "fan_avg"]
    assert completions("sq", 2) == [("sqrt", "sqrt(x): The square root.")]
    assert len(completions("", 0)) == len(FACTS) + len(FUNCTIONS) + len(OUTER)
    assert completions("zz", 2) == []
    assert all(help_.endswith(".") for _, help_ in completions("", 0))
