"""Numbers as a person types and reads them: texts, sentences about mistakes, and steps."""

import math
import re
from decimal import Decimal

from initstudio.declared import Param

GRACE = 1e-6
"""Where a parameter that steps by factors starts from zero, as a share of its upper limit."""
LEAST = 1e-9
"""Below this share of the upper limit such a parameter steps down to zero."""
SEQUENCE = (1, 2, 5)

_FRACTION = re.compile(r"([^/]+)/([^/]+)")
_ROOT = re.compile(r"(?:sqrt|√)\s*\(?\s*([^()]+?)\s*\)?")


def text_of(value: float) -> str:
    """Return the shortest text that reads back as exactly this value: 0.001, 1e-4, 25, 2e6."""
    if isinstance(value, int):
        return str(value)
    if not math.isfinite(value) or value == 0:
        return f"{value:g}".removeprefix("-") if value == 0 else str(value)
    exponent = math.floor(math.log10(abs(value)))
    number = Decimal(repr(value)).normalize()
    if -3 <= exponent < 6:
        return f"{number:f}"
    mantissa = number.scaleb(-number.adjusted()).normalize()
    return f"{mantissa:f}e{number.adjusted()}"


def value_of(text: str, param: Param) -> float:
    """Return the value that the text names.

    Thousands may be parted by commas in whole numbers; other numbers may be a fraction (5/3) or a
    root (sqrt 2).

    Raises:
        ValueError: It is no such number or out of the limits, as one sentence.
    """
    value = _whole(text, param) if param.kind == "integer" else _real(text, param)
    if not allows(param, value):
        message = f"{param.label} must be {limits(param)}."
        raise ValueError(message)
    return value


def allows(param: Param, value: float) -> bool:
    """Return whether the value is within the limits."""
    above = value > param.low if param.low_open else value >= param.low
    below = value < param.high if param.high_open else value <= param.high
    return above and below


def limits(param: Param) -> str:
    """Return the limits in words, as in "from 1 to 100" or "above 0 and at most 1,000"."""
    low, high = _shown(param.low), _shown(param.high)
    if math.isinf(param.low) and math.isinf(param.high):
        return "any number"
    if math.isinf(param.high):
        return f"above {low}" if param.low_open else f"at least {low}"
    if math.isinf(param.low):
        return f"below {high}" if param.high_open else f"at most {high}"
    if not param.low_open and not param.high_open:
        return f"from {low} to {high}"
    start = f"above {low}" if param.low_open else f"at least {low}"
    return f"{start} and {f'below {high}' if param.high_open else f'at most {high}'}"


def stepped(param: Param, value: float, steps: int) -> float:
    """Return the value that many steps on, or the last one on the way that the limits allow."""
    for _ in range(abs(steps)):
        following = _next(param, value, up=steps > 0)
        clamped = min(max(following, param.low), param.high)
        if not allows(param, clamped):
            break
        value = clamped
    return value


def _next(param: Param, value: float, *, up: bool) -> float:
    if param.log:
        following = _next_factor(param, value, up=up)
        return round(following) if param.kind == "integer" else following
    if param.kind == "integer":
        return value + (1 if up else -1)
    # a tenth of the leading digit's place: 0.9, 0.91; and 1.0, 1.1
    size = abs(value) if (value > 0) == up or value == 0 else abs(value) * (1 - 1e-12)
    digits = min(max(2 if size == 0 else 1 - math.floor(math.log10(size)), 0), 15)
    return round(value + math.copysign(10.0**-digits, 1 if up else -1), digits)


def _next_factor(param: Param, value: float, *, up: bool) -> float:
    """Return the next of ... 0.1 0.2 0.5 1 2 5 10 ..."""
    high = 1.0 if math.isinf(param.high) else param.high
    if value <= 0:
        return float(f"{high * GRACE:.12g}") if up else value
    exponent = math.floor(math.log10(value))
    ladder = [
        float(f"{digit}e{power}")
        for power in range(exponent - 1, exponent + 2)
        for digit in SEQUENCE
    ]
    if up:
        return next(rung for rung in ladder if rung > value * (1 + 1e-9))
    below = next(rung for rung in reversed(ladder) if rung < value * (1 - 1e-9))
    return 0.0 if param.low == 0 and not param.low_open and below < high * LEAST else below


def _whole(text: str, param: Param) -> int:
    plain = re.sub(r"(?<=\d)[,\s_](?=\d{3})", "", text.strip())
    try:
        value = float(plain)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value != int(value):
        message = f"{param.label} must be a whole number {limits(param)}."
        raise ValueError(message)
    return int(plain) if re.fullmatch(r"[+-]?\d+", plain) else int(value)


def _real(text: str, param: Param) -> float:
    if "," in text:
        message = f"{param.label} is written with a point, as in 0.001, and no comma."
        raise ValueError(message)
    try:
        value = _term(text.strip())
    except (ArithmeticError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        message = f"{param.label} must be a number, as in 0.001, 1e-3 or 5/3."
        raise ValueError(message)
    return value


def _term(text: str) -> float:
    if fraction := _FRACTION.fullmatch(text):
        return _term(fraction[1].strip()) / _term(fraction[2].strip())
    if root := _ROOT.fullmatch(text):
        return math.sqrt(float(root[1]))
    return float(text)


def _shown(limit: float) -> str:
    if math.isinf(limit):
        return ""
    whole = limit == int(limit) and abs(limit) < 1e12
    return f"{int(limit):,}" if whole else text_of(limit)
