"""What a reading of a distribution says, worked out slowly in exact numbers."""

from fractions import Fraction
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from initstudio.bins import BINS, HEAD


class Bin(NamedTuple):
    """A bin that holds values: its edges, how many there are, and their mean as it is told."""

    low: Fraction
    high: Fraction
    many: int
    mean: Fraction


def slow_bins(reading: npt.NDArray[np.int32]) -> list[Bin]:
    """Return the bins of one reading that hold values, walking outwards from 0."""
    exponent, first, _, _, digits, _ = (int(number) for number in reading[:HEAD])
    counts = reading[HEAD : HEAD + BINS].tolist()
    means = np.ascontiguousarray(reading[HEAD + BINS :]).view(np.uint8).tolist()
    found = []
    for at in np.flatnonzero(reading[HEAD : HEAD + BINS]).tolist():
        number = first + at
        near, far = _edges(number if number >= 0 else -1 - number, digits)
        low, high = (near, far) if number >= 0 else (-far, -near)
        unit = Fraction(2) ** exponent
        mean = low + Fraction(means[at], 255) * (high - low)
        found.append(Bin(low * unit, high * unit, counts[at], mean * unit))
    return found


def _edges(number: int, digits: int) -> tuple[int, int]:
    """Return the edges of a bin by its number from 0, in widths of the finest."""
    if not digits:
        return number, number + 1
    edge, step = 0, 1
    for past in range(number):
        edge += step
        # as many bins as there are from 0 to 2^digits, then as many again in each octave
        if past + 1 >= 2 * 2**digits and (past + 1) % 2**digits == 0:
            step *= 2
    return edge, edge + step


def assert_counted(reading: npt.NDArray[np.int32], values: npt.NDArray[np.floating]) -> None:
    """Compare a reading with values [...]: each is in the bin that it belongs to, and no other."""
    known = [Fraction(float(value)) for value in values.flat if np.isfinite(value)]
    assert reading[2:4].tolist() == [values.size - len(known), len(known)]
    found = slow_bins(reading)
    assert sum(one.many for one in found) == len(known)
    for one in found:
        inside = [value for value in known if one.low <= value < one.high]
        assert len(inside) == one.many
        mean = sum(inside, Fraction()) / len(inside)
        assert abs(mean - one.mean) <= (one.high - one.low) * Fraction(51, 25500)
