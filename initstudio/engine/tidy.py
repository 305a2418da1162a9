"""Readings as a tidy table, one number a row: for spreadsheets, pandas and R.

Columns: `probe`, `step` (updates made so far), `contender` (its name), `slot` (its identity: names
may repeat), `seed`, `layer` ("1 Linear", or a parameter's name; empty for a number of the whole
network), `bin_low` and `bin_high` (empty for a number of a whole layer), `value`. A distribution is
one row for each bin that is not empty: `value` values v lie in bin_low <= v < bin_high; values that
are not finite are counted in a row whose edges are `nan`. Of a reading that compares two examples
of the batch, `bin_low` and `bin_high` are their numbers, of values in order of size, and of a few
weights of many, `bin_low` is the place; both count from 1. Of a table of classes, `bin_low` is the
class of the examples and `bin_high` the one that they are taken for, and only what is not zero has
a row. Of the worst validation examples `layer` says what is told of the one at that place in their
order; classes and places in the data set count from 0. Of what is read along an input or a line, of
cells and of units they are the number along the first axis and along all others together, from 1;
what is meant to be drawn, cells, the weights of units and sketches of all weights, is written if
the experiment names it. Numbers are written with the fewest digits that give them back exactly;
what is not finite is spelled `nan`, `inf` or `-inf`.
"""

import csv
import io
from collections.abc import Iterator
from functools import lru_cache
from math import ldexp, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from initstudio.bins import filled
from initstudio.history import Header, Snapshot
from initstudio.measurement import VERDICT
from initstudio.probes import PROBES

COLUMNS = (
    "probe",
    "step",
    "contender",
    "slot",
    "seed",
    "layer",
    "bin_low",
    "bin_high",
    "value",
)
DRAWN = {"cell", "unit", "coordinate"}
"""Axes of readings that are of use to pictures only: they have thousands of numbers."""
NUMBERED = {"input", "place", "quantity", "unit", "coordinate"}
"""Axes along which the cells have numbers and no names."""
HEADING = ",".join(COLUMNS) + "\n"


class Tidy:
    """Turns the snapshots of one run into lines of CSV."""

    def __init__(self, header: Header) -> None:
        names = [one.name for one in header.experiment.contenders]
        seeds = header.experiment.seeds.count
        self._who = [
            _cells(names[replica // seeds], header.slots[replica], header.seeds[replica])
            for replica in range(len(header.slots))
        ]
        self._layers = [_cells(label) for label in header.layers]
        self._parameters = [_cells(name) for name in header.parameters]
        self._tensors = [_cells(label) for label in header.tensors]
        self._named = frozenset(header.experiment.recording.probes or ())

    def lines(self, snapshot: Snapshot) -> str:
        """Return all readings of a snapshot, each line with its end."""
        return "".join(
            f"{key},{snapshot.step},{row}\n"
            for key, values in snapshot.readings.items()
            if key in self._named or not DRAWN & set(PROBES[key].axes)
            for row in self._rows(PROBES[key].axes[1:], values)
        )

    def _rows(self, axes: tuple[str, ...], values: npt.NDArray[Any]) -> Iterator[str]:
        """Return the cells after `step`; `axes` are those after the replicas'."""
        if axes and axes[0] in NUMBERED:
            cells = values.reshape(len(self._who), values.shape[1], -1)
            for who, of_replica in zip(self._who, cells, strict=True):
                yield from (f"{who},,{row}" for row in _numbered(of_replica))
            return
        places = self._places_of(axes)
        cells = values.reshape(len(self._who), len(places), -1)
        for who, of_replica in zip(self._who, cells, strict=True):
            for place, found in zip(places, of_replica, strict=True):
                if axes[1:]:
                    yield from (f"{who},{place},{cells}" for cells in _PARTS[axes[1]](found))
                else:
                    # !s: formatting would widen a float32 to float64
                    yield f"{who},{place},,,{found[0]!s}"

    def _places_of(self, axes: tuple[str, ...]) -> list[str]:
        """Return the cells of `layer`, in their order.

        Raises:
            ValueError: No table is known for such readings.
        """
        match axes:
            case () | ("class", "class"):
                return [""]
            case ("layer",) | ("layer", "bin") | ("layer", "pair"):
                return self._layers
            case ("parameter",):
                return self._parameters
            case ("tensor",) | ("tensor", "bin" | "rank" | "place"):
                return self._tensors
            case ("verdict", "rank"):
                return [_cells(told) for told in VERDICT]
        message = f"no table is known for readings by {axes}"
        raise ValueError(message)


def _bins(counts: npt.NDArray[np.int32]) -> Iterator[str]:
    """Return "low,high,count" of each bin that is not empty, and of what is not finite."""
    bins, not_finite = filled(counts[None]), int(counts[2])
    rows = (bins.place.tolist(), bins.exponent.tolist(), bins.many.tolist())
    for index, exponent, count in zip(*rows, strict=True):
        yield f"{_edges(index, exponent)},{count}"
    if not_finite:
        yield f"nan,nan,{not_finite}"


def _pairs(values: npt.NDArray[Any]) -> Iterator[str]:
    """Return "first,second,value" of each pair of examples."""
    count = round((1 + sqrt(1 + 8 * len(values))) / 2)
    for first, second, value in zip(*np.triu_indices(count, 1), values, strict=True):
        yield f"{first + 1},{second + 1},{value!s}"


def _ranks(values: npt.NDArray[Any]) -> Iterator[str]:
    """Return "place,,value" of each value in an order of size."""
    yield from (f"{place},,{value!s}" for place, value in enumerate(values, 1))


def _classes(counts: npt.NDArray[Any]) -> Iterator[str]:
    """Return "class,predicted,count" of each pair of classes that occurs."""
    classes = round(sqrt(len(counts)))
    for at in np.flatnonzero(counts).tolist():
        yield f"{at // classes},{at % classes},{counts[at]!s}"


def _numbered(values: npt.NDArray[Any]) -> Iterator[str]:
    """Return "row,column,value" of each value of a table."""
    for row, cells in enumerate(values, 1):
        yield from (f"{row},{column},{value!s}" for column, value in enumerate(cells, 1))


@lru_cache(maxsize=2**16)  # the same few thousand bins come again at every snapshot
def _edges(place: int, exponent: int) -> str:
    """Return "low,high" of a bin."""
    return f"{ldexp(place, exponent)},{ldexp(place + 1, exponent)}"


def _cells(*values: object) -> str:
    """Return values as cells of CSV, quoted where they must be."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values)
    return text.getvalue()


_PARTS = {"bin": _bins, "pair": _pairs, "rank": _ranks, "place": _ranks, "class": _classes}
