"""The number that the tree of a formula comes to, in double precision."""

import operator
from collections.abc import Callable, Mapping
from math import isfinite

from initstudio.formula.facts import CONSTANTS, GAIN
from initstudio.formula.functions import FUNCTIONS, OUTER, power, signature
from initstudio.formula.parser import (
    Call,
    Choice,
    Comparison,
    Name,
    Node,
    Number,
    Operation,
    Sign,
)
from initstudio.formula.text import FormulaError

OPERATIONS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": power,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}


def number(node: Node, facts: Mapping[str, float]) -> float:
    """Return the value of a part, finite; what is true counts as 1.

    Raises:
        FormulaError: With the place of what cannot be computed.
    """
    while isinstance(node, Choice):
        node = chosen(node, facts)
    match node:
        case Number(value=value):
            return value
        case Name(name=name):
            return _fact(node, name, facts)
        case Sign(sign=sign, operand=operand):
            return -number(operand, facts) if sign == "-" else number(operand, facts)
        case Operation(sign=sign, left=left, right=right):
            return _operation(node, sign, number(left, facts), number(right, facts))
        case Comparison():
            return float(_holds(node, facts))
        case Call(name=name, arguments=arguments):
            if name in OUTER:
                raise fail(node, f"{name} is a distribution and cannot be a part of a number.")
            return _call(node, name, [number(one, facts) for one in arguments])


def chosen(node: Choice, facts: Mapping[str, float]) -> Node:
    """Return the side that is taken; the other is not computed."""
    return node.value if number(node.condition, facts) else node.other


def fail(node: Node, why: str) -> FormulaError:
    """Return the error that marks a part."""
    return FormulaError(node.at, max(1, node.end - node.at), why)


def _fact(node: Name, name: str, facts: Mapping[str, float]) -> float:
    if name in CONSTANTS:
        return CONSTANTS[name]
    value = facts.get(name, GAIN if name == "gain" else None)
    if value is None or not isfinite(value):
        raise fail(node, f"{name} is not known here.")
    return float(value)


def _operation(node: Operation, sign: str, left: float, right: float) -> float:
    try:
        return _finite(node, OPERATIONS[sign](left, right))
    except ZeroDivisionError:
        if sign == "**":
            raise fail(node, "zero has no negative power.") from None
        raise fail(node.right, "this divides by zero.") from None
    except ValueError as error:
        if isinstance(error, FormulaError):
            raise
        raise fail(node, "a negative number has whole powers only.") from None
    except OverflowError:
        raise fail(node, "this becomes too large a number.") from None


def _holds(node: Comparison, facts: Mapping[str, float]) -> bool:
    left = number(node.first, facts)
    for sign, part in node.rest:
        right = number(part, facts)
        if not COMPARISONS[sign](left, right):
            return False
        left = right
    return True


def _call(node: Call, name: str, values: list[float]) -> float:
    try:
        return _finite(node, float(FUNCTIONS[name].compute(*values)))
    except ZeroDivisionError:
        raise fail(node, "zero has no negative power.") from None
    except ValueError as error:
        if isinstance(error, FormulaError):
            raise
        shown = ", ".join(f"{value:g}" for value in values)
        raise fail(node, f"{signature(name)} has no value for {shown}.") from None
    except OverflowError:
        raise fail(node, "this becomes too large a number.") from None


def _finite(node: Node, value: float) -> float:
    if not isfinite(value):
        raise fail(node, "this becomes too large a number.")
    return value
