"""The distribution that a formula means for one tensor."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np

from initstudio.formula.functions import OUTER
from initstudio.formula.numbers import chosen, fail, number
from initstudio.formula.parser import Call, Choice, Node, parse
from initstudio.law import Law, constant_law, normal_law

FAR = 9.0
"""In standard deviations; beyond lies less of a normal than double precision can tell."""
GREATEST = 1e6
"""No number of a distribution is larger, as in all schemes."""


@dataclass(frozen=True, kw_only=True)
class Start:
    """What a formula came to: the distribution's name, its numbers in order, and its law."""

    name: str
    numbers: tuple[float, ...]
    law: Law


def evaluate(text: str, facts: Mapping[str, float]) -> Law:
    """Return the law that a formula means where these facts hold.

    Raises:
        FormulaError: With the place of the mistake.
    """
    return start(text, facts).law


def start(text: str, facts: Mapping[str, float]) -> Start:
    """Return the distribution that a formula means where these facts hold, with its numbers.

    Raises:
        FormulaError: With the place of the mistake.
    """
    node = parse(text)
    while isinstance(node, Choice):
        node = chosen(node, facts)
    name = "constant"
    parts: tuple[Node, ...] = (node,)
    if isinstance(node, Call) and node.name in OUTER:
        name, parts = node.name, node.arguments
    numbers = tuple(_limited(part, facts) for part in parts)
    return Start(name=name, numbers=numbers, law=_law(node, name, parts, numbers, facts))


def _limited(part: Node, facts: Mapping[str, float]) -> float:
    value = number(part, facts)
    if abs(value) > GREATEST:
        raise fail(part, f"this is {value:g}, and {GREATEST:,.0f} is the most.")
    return value


def _law(
    node: Node,
    name: str,
    parts: tuple[Node, ...],
    numbers: tuple[float, ...],
    facts: Mapping[str, float],
) -> Law:
    match name, numbers:
        case "normal", (mean, std):
            if std < 0:
                raise fail(parts[1], f"the standard deviation is {std:g}, which is negative.")
            return normal_law(std, mean)
        case "uniform", (low, high):
            _ordered(parts[0], low, high)
            spread = (high - low) / sqrt(12)
            return Law(kind="uniform", mean=(low + high) / 2, std=spread, low=low, high=high)
        case "truncated_normal", (mean, std, low, high):
            return _truncated(parts, mean, std, low, high)
        case "orthogonal", (gain,):
            return _orthogonal(node, parts[0], gain, facts)
    return constant_law(numbers[0])


def _ordered(part: Node, low: float, high: float) -> None:
    if low > high:
        raise fail(part, f"the low bound {low:g} is above the high bound {high:g}.")


def _truncated(parts: tuple[Node, ...], mean: float, std: float, low: float, high: float) -> Law:
    """Return the law, its moments by Gauss-Legendre quadrature.

    The closed form loses all digits where the bounds are close together.
    """
    if std <= 0:
        raise fail(parts[1], f"the standard deviation is {std:g}, and must be above 0.")
    _ordered(parts[2], low, high)
    if low == high:
        raise fail(parts[2], f"both bounds are {low:g}.")
    if not low <= mean <= high:
        # torch warns that trunc_normal_ may then draw wrongly
        raise fail(parts[0], f"the mean {mean:g} lies outside the bounds {low:g} and {high:g}.")
    below, above = max((low - mean) / std, -FAR), min((high - mean) / std, FAR)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    z = (above + below) / 2 + (above - below) / 2 * nodes
    density = weights * np.exp(-(z**2) / 2)
    middle = np.average(z, weights=density)
    spread = np.sqrt(np.average((z - middle) ** 2, weights=density))
    return Law(
        kind="truncated normal",
        mean=mean + std * float(middle),
        std=std * float(spread),
        low=low,
        high=high,
        uncut=(mean, std),
    )


def _orthogonal(node: Node, part: Node, gain: float, facts: Mapping[str, float]) -> Law:
    """Return the law of one entry: each of the shorter axis' vectors has length `gain`."""
    if gain < 0:
        raise fail(part, f"the gain is {gain:g}, which is negative.")
    if facts.get("dims", 0) < 2:
        raise fail(node, "orthogonal needs a matrix, and this has one dimension only.")
    longest = max(facts.get("rows", 0), facts.get("columns", 0))
    if longest < 1:
        raise fail(node, "orthogonal needs a matrix with values in it.")
    return Law(kind="orthogonal", mean=0, std=gain / sqrt(longest), low=-gain, high=gain)
