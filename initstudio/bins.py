"""Readings of distributions: how many of a tensor's values lie in which bin, and where in it.

A reading is int32 [..., SIZE]: HEAD numbers (the finest bins' exponent k, the first bin, how many
values are not finite, how many are, `digits`, and whether values are repeated), then BINS counts,
then the mean of each bin's values as a byte: its place between the bin's edges, in 255ths.

All bins are [i 2^e, (i + 1) 2^e), so that of any two one holds the other or they are apart: bins of
any readings merge into common ones without moving a single value. Where `digits` is 0, all have the
width 2^k, and bin j has i = first + j. Else they are those of a floating-point number with so many
digits: 2^digits bins of width 2^k on either side of 0, and as many in each octave beyond, twice as
wide from one to the next. Those below 0 count -1, -2, ... away from it.

A density needs more than counts in a few hundred equal bins, of which it has not enough for three
reasons, each seen in trainings: long tails (gradients) make equal bins as wide as the bandwidth;
exact zeros (behind a ReLU) are at a bin's edge and not at its middle; and of a few thousand values
the places within their bins do not even out. Bins that are at most a third of the bandwidth wide
where the values are, and the mean of each, mend all three.
"""

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

HEAD = 6
BINS = 512
SIZE = HEAD + BINS + BINS // 4
LEAST = -100
"""The exponent of a reading of no values."""
Reading: TypeAlias = npt.NDArray[np.int32]
Counts: TypeAlias = npt.NDArray[np.int64]
Array: TypeAlias = npt.NDArray[np.float64]


class Filled(NamedTuple):
    """Bins that hold values: their readings' rows, exponents e, places i, numbers and means [n].

    A mean is a place between the bin's edges, from 0 to 1. Where values are `repeated`, those of a
    bin are rather equal than spread over it.
    """

    row: Counts
    exponent: Counts
    place: Counts
    many: Counts
    mean: Array
    repeated: npt.NDArray[np.bool_]


def filled(readings: Reading) -> Filled:
    """Return the bins of readings [n, SIZE] that hold values."""
    counts = np.ascontiguousarray(readings[:, HEAD : HEAD + BINS]).ravel()
    means = np.ascontiguousarray(readings[:, HEAD + BINS :]).view(np.uint8).ravel()
    some = np.flatnonzero(counts)
    row, slot = some // BINS, some % BINS
    head = readings[:, :HEAD].astype(np.int64)
    slot += head[row, 1]
    if head[:, 4].any():
        exponent, index = bin_at(head[row, 0], head[row, 4], slot)
    else:
        exponent, index = head[row, 0], slot
    count = counts[some].astype(np.int64)
    return Filled(row, exponent, index, count, means[some] / 255, head[row, 5] > 0)


def bin_at(exponent: Counts, digits: Counts, slot: Counts) -> tuple[Counts, Counts]:
    """Return exponents and indices of bins [...] by their numbers from 0, in readings' grids."""
    sign = slot >> 63
    away = slot ^ sign
    octave = np.where(digits > 0, np.maximum((away >> digits) - 1, 0), 0)
    index = np.where(octave > 0, (1 << digits) + (away & ((1 << digits) - 1)), away)
    return exponent + octave, index ^ sign


def slots_at(places: Array, head: Counts) -> Array:
    """Return in which bin places [m] lie, and how far in it, as numbers from the first, [..., m].

    They grow evenly within each bin. `head` is [..., HEAD].
    """
    exponent, first, digits = (head[..., at, None] for at in (0, 1, 4))
    with np.errstate(over="ignore"):
        scaled = np.ldexp(places, -exponent)
    away = np.abs(scaled)
    octave = np.where(digits > 0, np.maximum(np.frexp(away)[1] - 1 - digits, 0), 0)
    slot = np.ldexp(away, -octave) + np.ldexp(octave.astype(np.float64), digits)
    return np.asarray(np.copysign(slot, scaled) - first, np.float64)


def edge_at(slot: Counts, head: Counts) -> Array:
    """Return the lower edges of bins [...] by their numbers from the first, given [..., HEAD]."""
    exponent, index = bin_at(head[..., 0], head[..., 4], head[..., 1] + slot)
    with np.errstate(over="ignore"):
        return np.asarray(np.ldexp(index.astype(np.float64), exponent), np.float64)
