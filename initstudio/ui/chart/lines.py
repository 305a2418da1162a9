"""From numbers to the few points that a screen can show; and axes that grow in steps."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]
Range: TypeAlias = tuple[float, float]
Points: TypeAlias = tuple[Array, Array]
"""Places x and y [n]."""

HUGE = 1e30
"""Values beyond this, of either sign, are not drawn."""
SMALLEST = 1e-300
"""No axis is narrower."""
COLUMNS = 190
"""Most pixel columns that a curve is reduced to, each of at most two points."""


def masked(values: npt.NDArray[np.floating], *, log: bool) -> tuple[Array, int, int]:
    """Return the values as they are drawn, float64, NaN where they cannot be.

    With it, the number of values that are no finite number up to 1e30, and of those at or below
    0 on a log scale, whose drawn value is the decimal logarithm.
    """
    drawn = values.astype(np.float64)
    hostile = ~(np.abs(drawn) <= HUGE)
    drawn[hostile] = np.nan
    lost = 0
    if log:
        low = drawn <= 0
        lost = int(low.sum())
        drawn[low] = np.nan
        drawn = np.log10(drawn)
    return drawn, int(hostile.sum()), lost


def columns_of(x: Array, view: Range, columns: int) -> npt.NDArray[np.int64]:
    """Return the index at which each occupied pixel column begins, int64 [k]; x must not fall."""
    span = view[1] - view[0]
    column = np.floor((x - view[0]) * (columns / span)) if span > 0 else np.zeros(len(x))
    return np.flatnonzero(np.diff(np.clip(column, -1, columns), prepend=-np.inf))


def decimate(
    x: Array, low: Array, high: Array, view: Range, columns: int = COLUMNS
) -> tuple[Array, Array, Array]:
    """Return each pixel column's x [k] and its least and greatest value [..., k], NaN where none.

    `low` and `high` are [..., n]; at most `columns` columns come back for points inside `view`.
    """
    if len(x) <= columns:
        return x, low, high
    starts = columns_of(x, view, columns)
    return (
        x[starts],
        np.fmin.reduceat(low, starts, axis=-1),
        np.fmax.reduceat(high, starts, axis=-1),
    )


def zigzag(x: Array, low: Array, high: Array) -> tuple[Array, Array]:
    """Return one line [2k] that visits the least and the greatest value of every column [k]."""
    if np.array_equal(low, high, equal_nan=True):
        return x, low
    line = np.empty(2 * len(x))
    turn = np.arange(len(x)) % 2 == 0
    line[0::2] = np.where(turn, low, high)
    line[1::2] = np.where(turn, high, low)
    return np.repeat(x, 2), line


def dashed(x: Array, y: Array, scale: tuple[float, float], marks: tuple[float, float]) -> Points:
    """Return a line [n] as dashes of an even length, also where it is steep: x and y [m].

    `scale` has the pixels of a unit of either axis, `marks` the pixels of a dash and of a gap. A
    gap in the line, where y is NaN, stays one.
    """
    found: list[tuple[Array, Array]] = []
    breaks = np.flatnonzero(np.diff(np.isfinite(y))) + 1
    for across, up in zip(np.split(x, breaks), np.split(y, breaks), strict=True):
        if len(up) < 2 or not np.isfinite(up[0]):
            continue
        parts = np.hypot(np.diff(across) * scale[0], np.diff(up) * scale[1])
        way = np.concatenate([[0.0], np.cumsum(parts)])
        starts = np.arange(0, way[-1], sum(marks))
        at = np.minimum(starts[:, None] + np.linspace(0, marks[0], 4), way[-1])
        gap = np.full((len(at), 1), np.nan)
        dashes = np.interp(at, way, across), np.interp(at, way, up)
        found += [(np.hstack([dashes[0], dashes[0][:, -1:]]), np.hstack([dashes[1], gap]))]
    if not found:
        return np.zeros(0), np.zeros(0)
    return (
        np.concatenate([dashes.ravel() for dashes, _ in found]),
        np.concatenate([dashes.ravel() for _, dashes in found]),
    )


def fair_top(lows: Sequence[float], highs: Sequence[float], factor: float = 3.0) -> float:
    """Return where an axis ends so that one runaway does not flatten all others.

    That is the greatest of `highs`, or `factor` times the (lower) median's height over the least
    of `lows`, if the greatest is well beyond that.
    """
    base = min(0.0, *lows) if len(lows) else 0.0
    usual = sorted(highs)[(len(highs) - 1) // 2]
    limit = base + factor * (usual - base)
    return limit if usual > base and max(highs) > 1.5 * limit else max(highs)


def nice_range(low: float, high: float) -> Range:
    """Return round numbers around [low, high], never an empty range."""
    least = max(1e-9 * max(abs(low), abs(high)), SMALLEST)
    if not high - low > least:  # too close for a float's steps
        half = abs(low) / 2 or 0.5
        low, high = low - half, high + half
    step = nice_step((high - low) / 5)
    return floor(low / step + 1e-9) * step, ceil(high / step - 1e-9) * step


def nice_log_range(low: float, high: float) -> Range:
    """Return decimal logarithms of 1, 2 or 5 times a power of ten around [low, high]."""
    if high - low < 0.3:
        low, high = low - 0.15, high + 0.15
    margin = 0.02 * (high - low) if high - low > 6 else 0.0  # whole decades are narrow then
    low, high = low - margin, high + margin
    marks = (0.0, log10(2), log10(5), 1.0)
    bottom = max(mark for mark in marks if mark <= low - floor(low) + 1e-9) + floor(low)
    top = min(mark for mark in marks if mark >= high - floor(high) - 1e-9) + floor(high)
    return bottom, top


def grown(present: Range | None, low: float, high: float, *, log: bool = False) -> Range:
    """Return the axis to use: the present one while [low, high] fills it well, else a new one."""
    if not (isfinite(low) and isfinite(high)):
        return present or (0.0, 1.0)
    if present and present[0] <= low and high <= present[1]:
        filled = (high - low) / (present[1] - present[0])
        if filled >= 0.45 or high == low:
            return present
    return nice_log_range(low, high) if log else nice_range(low, high)


def step_end(last: float, total: float) -> float:
    """Return the right end of an axis over steps: grown in steps, never past the run's end."""
    if last >= total:
        return max(total, 1)
    last = max(last, 50)  # the first axis has some room
    power = 10.0 ** floor(log10(last))
    end = next(mark * power for mark in (1, 1.5, 2, 3, 4, 6, 8, 10, 15) if mark * power > last)
    return max(min(end, total), 1)


def number(value: float, digits: int = 3) -> str:
    """Return a number as a person reads it, with `digits` digits that count."""
    if not isfinite(value):
        return "no number" if value != value else "infinite"  # noqa: PLR0124 - NaN
    size = abs(value)
    if size == 0:
        return "0"
    if 1e-3 <= size < 10**6:
        places = max(0, digits - 1 - floor(log10(size)))
        text = f"{value:,.{places}f}"
        return (text.rstrip("0").rstrip(".") if "." in text else text).replace("-", "−")
    mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    power = superscript(int(exponent))
    return (f"10{power}" if mantissa == "1" else f"{mantissa}×10{power}").replace("-", "−")


def superscript(exponent: int) -> str:
    """Return an integer in raised digits."""
    return str(exponent).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def counted(number_of: int, noun: str) -> str:
    """Return "1 point", "3 points"."""
    return f"{number_of:,} {noun}" if number_of == 1 else f"{number_of:,} {noun}s"


def middle(values: npt.NDArray[np.floating]) -> float:
    """Return the median of what is not NaN, also of the hugest numbers; NaN where there is none."""
    known = np.sort(values[~np.isnan(values)].astype(np.float64)).tolist()
    if not known:
        return np.nan
    below, above = known[(len(known) - 1) // 2], known[len(known) // 2]
    return float(below if below == above else below / 2 + above / 2)


def over_seeds(drawn: Array) -> tuple[Array, Array, Array]:
    """Return the median, the least and the greatest [n] over rows [seeds, n] of what is not NaN.

    NaN where there is nothing; the median also of the hugest numbers.
    """
    known = ~np.isnan(drawn)
    some, count = known.any(0), known.sum(0)
    low = np.where(some, np.where(known, drawn, np.inf).min(0), np.nan)
    high = np.where(some, np.where(known, drawn, -np.inf).max(0), np.nan)
    ordered = np.sort(drawn, axis=0)  # what is no number comes last
    below, above = (
        np.take_along_axis(ordered, place[None], axis=0)[0]
        for place in (np.maximum(count - 1, 0) // 2, count // 2 % len(drawn))
    )
    return np.where(some, below / 2 + above / 2, np.nan), low, high


def quartiles_of(ordered: Array, known: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the lower and upper quartile [n] of the first `known` [n] of rows [n, k].

    The rows are in order. Between two values they are interpolated, as numpy's `quantile` does.
    """
    last = np.maximum(known - 1, 0)
    found = []
    for share in (0.25, 0.75):
        place = share * last
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, last)
        rows = np.arange(len(ordered))
        low, high = ordered[rows, below], ordered[rows, above]
        inner = np.where(above > below, place - below, 0.0)
        with np.errstate(invalid="ignore"):
            found.append(np.where(inner > 0, low + inner * (high - low), low))
    return found[0], found[1]


def nice_step(step: float) -> float:
    """Return the next step of 1, 2, 2.5 or 5 times a power of ten."""
    power = 10.0 ** floor(log10(step))
    return next(mark * power for mark in (1, 2, 2.5, 5, 10) if mark * power >= step * (1 - 1e-9))
