"""Values counted into the bins of a reading, as `bins.py` says what they are.

First their bins are chosen, row by row, from the ends and a few quantiles; then all are counted in
one pass, many rows at once: a call costs as much as the work on thousands of values. One sum for
each bin tells how many values it has and where their mean lies.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from math import sqrt
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from initstudio.bins import BINS, HEAD, LEAST, SIZE, Array, Counts, Reading

FINEST = 23
"""Equal bins are never finer than the greatest value over 2^FINEST, so that indices stay small."""
DEEPEST = 60
"""Nor are graded ones finer than it over 2^DEEPEST: float32 can tell how many there are."""
PARTS, ENOUGH = 6.4, 4096
"""Bins are at most a bandwidth over PARTS wide and more than half of that, where BINS of them do;
else twice as wide. Of fewer values than ENOUGH they are finer: less of what they hide evens out."""
MOST_DIGITS = 8
FEW = 192
"""Bins that are so few may be narrower by half."""
SAMPLE = 128
"""Values of a row from which its quartiles are guessed, about."""
OFTEN = 4
"""Of so many values of a sample one is there twice, where values are taken to be repeated."""
SHARES = (0.2, 0.25, 0.3, 0.7, 0.75, 0.8)
BLOCK = 2**15
"""Values that are counted at once: they fit into the nearest caches."""
ROWS = 24
"""Rows whose sums are made at once, at most."""
PRECISE = 2.0**26
"""Of more values float64 cannot tell the sum of the places: their bins' means count as middles."""

Floats: TypeAlias = npt.NDArray[np.floating[Any]]
Indices: TypeAlias = npt.NDArray[np.int32]
Exponents: TypeAlias = npt.NDArray[np.integer[Any]]
Tally: TypeAlias = Callable[[Indices, Array, int], Array]
"""Sums weights by index, as `numpy.bincount` does, into so many sums."""


class Grid(NamedTuple):
    """Which bins some rows have: exponents, first bins and digits, int64 [rows] each."""

    exponent: Counts
    first: Counts
    digits: Counts


class _Piece(NamedTuple):
    """Some columns of some rows: values [n, m], the rows' numbers, and where a block has them."""

    values: Floats
    rows: slice
    spot: slice
    narrow: bool
    """Whether float32 will do."""


def reading_of(values: Array) -> Reading:
    """Return the distribution of float64 values [...] as a reading, int32 [SIZE]."""
    known = values[np.isfinite(values)].reshape(1, -1)
    if not known.size:
        found = np.zeros(SIZE, np.int32)
        found[0], found[2] = LEAST, values.size
        return found
    found = readings_of([known], known.min(1), known.max(1), _tally)
    found[0, 2] = values.size - known.size
    return found.reshape(SIZE)


def readings_of(parts: Sequence[Floats], low: Array, high: Array, tally: Tally) -> Reading:
    """Return the readings [rows, SIZE] of the rows of all parts [n, m], of finite values.

    `low` and `high` are the least and greatest values [rows].
    """
    fine, bulk, repeated = _fineness(parts, low, high)
    grid = grid_of(low, high, fine, bulk)
    readings = np.zeros((len(low), SIZE), np.int32)
    readings[:, 0], readings[:, 1], readings[:, 4], readings[:, 5] = *grid, repeated
    readings[:, 3] = np.repeat([part.shape[1] for part in parts], [len(part) for part in parts])
    # above the sum of all places in any bin, so that one sum tells places and their number
    shift = 2.0 ** int(readings[:, 3].max()).bit_length()
    total, start, stop = _sums(), 0, 0
    total[:] = 0
    for pieces in _blocks(parts, grid):
        begin, end = pieces[0].rows.start, pieces[-1].rows.stop
        if end - start > ROWS:
            _take(total[: begin - start], shift, readings[start:begin])
            kept = total[begin - start : stop - start].copy()
            total[:] = 0
            total[: len(kept)] = kept
            start = begin
        total[begin - start : end - start] += _counted(pieces, grid, shift, tally)
        stop = end
    _take(total[: stop - start], shift, readings[start:stop])
    return readings


def grid_of(low: Array, high: Array, fine: Array, bulk: Array) -> Grid:
    """Return the bins for values in [low, high] [rows], at most `fine` wide up to `bulk` from 0.

    They are equal where BINS of them suffice, or where none can be fine there.
    """
    ends = np.stack([low, high])
    greatest = np.abs(ends).max(0)
    finest = np.where(greatest > 0, np.frexp(greatest)[1] - FINEST, LEAST)
    wanted = np.where(fine > 0, np.frexp(fine)[1] - 1, finest)
    exponent = np.maximum(wanted, finest)
    bounds = _floor(ends, exponent)
    span = bounds[1] - bounds[0]
    change = (span >= BINS).astype(np.int64) - (span < FEW)
    change[wanted + change < finest] = 0
    if change.any():
        wanted, exponent = wanted + change, exponent + change
        bounds = _floor(ends, exponent)
    digits = np.zeros_like(exponent)
    wide = np.flatnonzero((bounds[1] - bounds[0] >= BINS) | (wanted < finest))
    if len(wide):
        exponent[wide], bounds[0, wide] = _equal(ends[:, wide], finest[wide])
        graded, chosen = _graded_grid(ends[:, wide], wanted[wide], bulk[wide], exponent[wide])
        for mine, its in zip((exponent, bounds[0], digits), chosen, strict=True):
            mine[wide[graded]] = its[graded]
    return Grid(exponent.astype(np.int64), bounds[0].astype(np.int64), digits.astype(np.int64))


def _equal(ends: Array, finest: Exponents) -> tuple[Exponents, Array]:
    """Return the least exponents for which BINS equal bins hold ends [2, n], and the first bins."""
    spread = (ends[1] / 2 - ends[0] / 2) / (BINS / 2)  # halved first: the difference may overflow
    exponent = np.maximum(np.frexp(spread)[1] - 1, finest)
    for _ in range(2):  # a range that straddles one edge more needs the next power
        first, last = _floor(ends, exponent)
        exponent = exponent + (last - first >= BINS)
    return exponent, _floor(ends[0], exponent)


def _graded_grid(
    ends: Array, wanted: Exponents, bulk: Array, equal: Exponents
) -> tuple[npt.NDArray[np.bool_], Grid]:
    """Return graded bins for ends [2, n], and where they are finer up to `bulk` than equal ones."""
    finest = np.maximum(wanted, np.frexp(np.abs(ends).max(0))[1] - DEEPEST)
    possible = np.arange(MOST_DIGITS, 0, -1)[:, None, None]
    slots = _slots(_over(ends, finest), possible)
    fits = slots[:, 1] - slots[:, 0] < BINS
    best = fits.argmax(0)
    digits = MOST_DIGITS - best
    octaves = np.maximum(np.frexp(np.ldexp(bulk, -finest))[1] - 1 - digits, 0)
    better = fits.any(0) & (finest + octaves < equal)
    return better, Grid(finest.astype(np.int64), slots[best, 0, np.arange(len(best))], digits)


def _fineness(
    parts: Sequence[Floats], low: Array, high: Array
) -> tuple[Array, Array, npt.NDArray[np.bool_]]:
    """Return how wide bins of all parts' rows may be, and up to where most values lie, [rows] each.

    The width is a PARTS-th of a guess of Silverman's bandwidth for ENOUGH values or more, from the
    quartiles: of a sample; or of all values, where the sample's lie beside many equal values and
    may be far off. 0 if all are equal. The third is whether many values but 0 are repeated.
    """
    scale = np.maximum(np.abs(low), np.abs(high))
    scale[scale == 0] = 1.0
    sampled, repeated = [], []
    for part in parts:
        sample = np.sort(part[:, :: (part.shape[1] // SAMPLE) | 1], axis=1)
        last = sample.shape[1] - 1
        sampled.append(sample[:, [round(last * share) for share in SHARES]])
        known = sample != 0
        equal = (sample[:, 1:] == sample[:, :-1]) & known[:, 1:]
        repeated.append(OFTEN * np.count_nonzero(equal, axis=1) > np.count_nonzero(known, axis=1))
    quantiles = np.concatenate(sampled).astype(np.float64) / scale[:, None]
    outer, lower, inner, inner_end, upper, outer_end = quantiles.T
    spread = (upper - lower) / 1.34
    unsure = (spread == 0) | (4 * (inner_end - inner) < outer_end - outer)
    unsure &= low < high
    sizes = np.repeat([part.shape[1] for part in parts], [len(part) for part in parts])
    if unsure.any():
        rows = [row for part in parts for row in part]
        for at in np.flatnonzero(unsure):
            spread[at] = _spread(rows[at] / scale[at], equal=outer[at] == outer_end[at])
    bulk = np.maximum(np.abs(lower), np.abs(upper))
    fine = 0.9 / PARTS * np.maximum(sizes, ENOUGH) ** -0.2 * spread * scale
    return fine, bulk * scale, np.concatenate(repeated)


def _spread(values: Floats, *, equal: bool) -> float:
    """Return the quartiles' distance / 1.34, or about the deviation where it is 0.

    `equal` tells that the quartiles are.
    """
    if not equal:
        known = np.sort(values)
        at = (len(values) - 1) // 4
        if between := float(known[-1 - at] - known[at]) / 1.34:
            return between
    return sqrt(max(0.0, float(values @ values) / len(values) - float(values.mean()) ** 2))


def _blocks(parts: Sequence[Floats], grid: Grid) -> Iterator[list[_Piece]]:
    """Yield pieces of all parts, in the order of their rows, with BLOCK values at most."""
    pieces: list[_Piece] = []
    filled, row = 0, 0
    # what lies above 1 may not be made less in float32: it would become 0
    small = grid.exponent <= 0
    for part in parts:
        count, size = part.shape
        together = min(ROWS, max(1, BLOCK // size))
        for start in range(0, count, together):
            some = part[start : start + together]
            rows = slice(row + start, row + start + len(some))
            narrow = part.dtype == np.float32 and bool(small[rows].all())
            for begin in range(0, size, BLOCK):
                values = some[:, begin : begin + BLOCK]
                if pieces and (
                    filled + values.size > BLOCK
                    or narrow != pieces[0].narrow
                    or rows.stop - pieces[0].rows.start > ROWS
                ):
                    yield pieces
                    pieces, filled = [], 0
                spot = slice(filled, filled := filled + values.size)
                pieces.append(_Piece(values, rows, spot, narrow))
        row += count
    if pieces:
        yield pieces


def _counted(pieces: Sequence[_Piece], grid: Grid, shift: float, tally: Tally) -> Array:
    """Return for each bin of the pieces' rows [n, BINS] `shift` a value, and its place in it."""
    start, stop, end = pieces[0].rows.start, pieces[-1].rows.stop, pieces[-1].spot.stop
    kind = np.float32 if pieces[0].narrow else np.float64
    scaled, floors = (_floats(at, kind)[:end] for at in range(2))
    index, weights = _indices()[:end], _weights()[:end]
    exponent, digits = grid.exponent[start:stop, None], grid.digits[start:stop, None]
    base = BINS * np.arange(stop - start)[:, None] - grid.first[start:stop, None]
    base_there = base.astype(scaled.dtype)
    graded = digits.any()
    far: list[tuple[Counts, Counts, Floats]] = []
    for values, rows, spot, narrow in pieces:
        some = slice(rows.start - start, rows.stop - start)
        own = scaled[spot].reshape(values.shape)
        if narrow:
            _scale(values, exponent[some], own)
        else:
            _scale_widely(values, exponent[some], own)
        if graded and digits[some].any():
            far.append(_far(own, digits[some], base[some], spot.start, floors))
    np.floor(scaled, out=floors)
    np.subtract(scaled, floors, out=scaled)
    np.copyto(weights, scaled)
    weights += shift
    for values, rows, spot, _ in pieces:
        own = floors[spot].reshape(values.shape)
        own += base_there[rows.start - start : rows.stop - start]
    np.copyto(index, floors, casting="unsafe")
    for spots, slots, places in far:
        index[spots] = slots
        weights[spots] = places + shift
    return tally(index, weights, BINS * (stop - start)).reshape(-1, BINS)


def _take(total: Array, shift: float, readings: Reading) -> None:
    """Write numbers of values and means of their places, from sums [n, BINS] that are used up."""
    many = total * (1 / shift)
    np.floor(many, out=many)
    readings[:, HEAD : HEAD + BINS] = many
    many *= shift
    total -= many
    np.maximum(many, 1, out=many)
    total /= many
    total *= 255 * shift
    if shift > PRECISE:
        total[:] = 128
    means = np.rint(total, out=total).astype(np.uint8)
    readings[:, HEAD + BINS :] = means.view(np.int32)


def _far(
    scaled: Floats, digits: Counts, base: Counts, start: int, scratch: Floats
) -> tuple[Counts, Counts, Floats]:
    """Take values that lie in wider bins out of rows [n, m], and return where they belong.

    Those are their places in the block, their bins, and where they lie in them.
    """
    ends = np.where(digits > 0, np.ldexp(2.0, digits), np.inf).astype(scaled.dtype)
    size = np.abs(scaled, out=scratch[: scaled.size].reshape(scaled.shape))
    spots = np.flatnonzero(size >= ends)
    rows, width = scaled.shape
    several = np.diff(np.searchsorted(spots, width * np.arange(rows + 1)))
    flat = scaled.reshape(-1)
    slots, places = _graded(flat[spots], np.repeat(digits[:, 0], several))
    flat[spots] = 0.0
    slots += np.repeat(base[:, 0], several).astype(slots.dtype)
    return start + spots, slots, places


def _graded(scaled: Floats, digits: Counts) -> tuple[npt.NDArray[Any], Floats]:
    """Return the graded bins of values over the finest width, and their places in them.

    They are at least 2^digits from 0. Bins grow by octaves as the distances of floats do, so their
    numbers are read off a float's bits; those of the one below a negative value tell that an edge
    belongs to the bin above it.
    """
    kind, mantissa, bias = _FORMATS[scaled.dtype.itemsize]
    digits = digits.astype(kind)
    shift, near = mantissa - digits, (bias + digits) << mantissa
    above = np.abs(scaled).view(kind) - near
    sign = -(scaled < 0).astype(kind)
    slot = (above + sign) >> shift
    place = (above - (slot << shift)) * np.ldexp(1.0, -shift).astype(scaled.dtype)
    return (slot + (1 << digits)) ^ sign, np.abs(place.astype(scaled.dtype) + sign)


_FORMATS: dict[int, tuple[type[np.signedinteger[Any]], int, int]] = {
    4: (np.int32, 23, 127),
    8: (np.int64, 52, 1023),
}
"""Of floats by their bytes: integers of that size, bits of the mantissa, bias of the exponent."""


def _slots(scaled: Array, digits: Counts) -> Counts:
    """Return the graded bins of values over the finest width, which may be near to 0."""
    close = np.abs(scaled) < np.ldexp(2.0, digits)
    far = _graded(np.where(close, np.ldexp(2.0, digits), scaled), digits)[0]
    return np.where(close, np.floor(scaled), far).astype(np.int64)


def _scale(values: Floats, exponent: Counts, out: Floats) -> None:
    """Write float32 values [n, m] over 2^exponent [n, 1], of at most 0, exactly."""
    step = np.maximum(exponent, -126)
    np.multiply(values, np.ldexp(np.float32(1), -step), out=out)
    if exponent.min() < -126:
        np.multiply(out, np.ldexp(np.float32(1), step - exponent), out=out)


def _scale_widely(values: Floats, exponent: Counts, out: Floats) -> None:
    """Write values [n, m] over 2^exponent [n, 1], exactly."""
    out[...] = _over(values.astype(np.float64), exponent)


def _tally(index: Indices, weights: Array, bins: int) -> Array:
    return np.asarray(np.bincount(index, weights, bins), np.float64)


def _floor(ends: Array, exponent: Exponents) -> Array:
    """Return floor(ends / 2^exponent)."""
    return np.floor(_over(ends, exponent))


def _over(values: Array, exponent: Exponents) -> Array:
    """Return values / 2^exponent; what is below 0 and would become 0 stays below it."""
    scaled = np.asarray(np.ldexp(values, -exponent), np.float64)
    lost = (scaled == 0) & (values < 0)
    if lost.any():
        scaled[lost] = -np.finfo(np.float64).smallest_subnormal
    return scaled


@cache
def _floats(_number: int, kind: type[np.floating[Any]]) -> Floats:
    """Return memory that each block writes anew; asked for each time, it costs as the work does."""
    return np.empty(BLOCK, kind)


@cache
def _indices() -> Indices:
    return np.empty(BLOCK, np.int32)


@cache
def _weights() -> Array:
    return np.empty(BLOCK)


@cache
def _sums() -> Array:
    return np.empty((ROWS, BINS))
