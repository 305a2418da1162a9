"""The table of everything that a formula may call, with its help."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Function:
    """A function of numbers: its arguments as written, one line of help, and how it is computed.

    `compute` raises ValueError or OverflowError outside of its domain. `most` is the greatest
    number of arguments; those in `arguments` are the least.
    """

    arguments: tuple[str, ...]
    help: str
    compute: Callable[..., float]
    most: int = 0

    def allows(self, count: int) -> bool:
        """Return whether it can be called with so many arguments."""
        return len(self.arguments) <= count <= max(self.most, len(self.arguments))


@dataclass(frozen=True)
class Outer:
    """A distribution: it stands outside of everything else, and is the formula's result."""

    arguments: tuple[str, ...]
    help: str

    def allows(self, count: int) -> bool:
        """Return whether it can be called with so many arguments."""
        return count == len(self.arguments)


def _sigmoid(x: float) -> float:
    """Return 1 / (1 + exp(-x)) without an overflow."""
    small = math.exp(-abs(x))
    return 1 / (1 + small) if x >= 0 else small / (1 + small)


def _sign(x: float) -> float:
    return float((x > 0) - (x < 0))


def _clip(x: float, low: float, high: float) -> float:
    if low > high:
        raise ValueError
    return min(max(x, low), high)


def power(x: float, y: float) -> float:
    """Return x to the power y.

    Raises:
        ValueError: The power is no real number.
        OverflowError: It is too large for a number of double precision.
        ZeroDivisionError: Zero has no negative power.
    """
    if x < 0 and y != math.floor(y):
        raise ValueError
    return float(x**y)


ANY = 100

FUNCTIONS: Mapping[str, Function] = {
    "sqrt": Function(("x",), "The square root.", math.sqrt),
    "exp": Function(("x",), "e to the power x.", math.exp),
    "log": Function(("x",), "The natural logarithm.", math.log),
    "log2": Function(("x",), "The logarithm to base 2.", math.log2),
    "log10": Function(("x",), "The logarithm to base 10.", math.log10),
    "abs": Function(("x",), "The size without the sign.", abs),
    "min": Function(("x", "y"), "The least of two or more numbers.", min, ANY),
    "max": Function(("x", "y"), "The greatest of two or more numbers.", max, ANY),
    "floor": Function(("x",), "The next whole number below.", math.floor),
    "ceil": Function(("x",), "The next whole number above.", math.ceil),
    "round": Function(("x",), "The nearest whole number; halves go to the even one.", round),
    "sin": Function(("x",), "The sine of x in radians.", math.sin),
    "cos": Function(("x",), "The cosine of x in radians.", math.cos),
    "tan": Function(("x",), "The tangent of x in radians.", math.tan),
    "tanh": Function(("x",), "The hyperbolic tangent.", math.tanh),
    "sigmoid": Function(("x",), "1 / (1 + exp(-x)).", _sigmoid),
    "erf": Function(("x",), "The error function.", math.erf),
    "sign": Function(("x",), "-1, 0 or 1 by the sign.", _sign),
    "clip": Function(("x", "low", "high"), "x, kept between low and high.", _clip),
    "pow": Function(("x", "y"), "x to the power y, as x ** y.", power),
    "hypot": Function(("x", "y"), "sqrt(x ** 2 + y ** 2).", math.hypot),
}

OUTER: Mapping[str, Outer] = {
    "normal": Outer(("mean", "std"), "A bell curve."),
    "uniform": Outer(("low", "high"), "Every value between two bounds is equally likely."),
    "truncated_normal": Outer(
        ("mean", "std", "low", "high"), "A bell curve without the values beyond two bounds."
    ),
    "constant": Outer(("value",), "Every value is the same number."),
    "orthogonal": Outer(("gain",), "A random matrix that keeps angles, scaled by a gain."),
}


def signature(name: str) -> str:
    """Return the call as it is written: "clip(x, low, high)"."""
    entry = FUNCTIONS.get(name) or OUTER[name]
    more = ", ..." if isinstance(entry, Function) and entry.most else ""
    return f"{name}({', '.join(entry.arguments)}{more})"
