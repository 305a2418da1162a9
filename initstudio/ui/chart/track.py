"""The curve of each contender over steps, kept from frame to frame: only new rows are computed."""

from collections.abc import Sequence
from math import ceil, log

import numpy as np
import numpy.typing as npt

from initstudio.levels import CAPACITY
from initstudio.series import Cut, Rows, Series
from initstudio.ui.chart.lines import Array, Range, columns_of, decimate, quartiles_of

BLOCK = 128
NEAR = 2048
"""Most rows of a part of the steps that is looked at."""
TOLERANCE = 1e-3
"""Share of the readings' span by which smoothing may err in such a part."""


class Smoother:
    """An exponential moving average of rows [C, n], free of the pull of its start.

    s_t = sum_j a^(t-j) x_j / sum_j a^(t-j) over the finite x_j; NaN where x_t is not finite.
    """

    def __init__(self, weight: float, curves: int) -> None:
        self._weight = weight
        self._sums = np.zeros((2, curves))
        lags = np.arange(BLOCK)[:, None] - np.arange(BLOCK)[None, :]
        self._powers = np.where(lags >= 0, float(weight) ** np.maximum(lags, 0), 0.0)

    def __call__(self, rows: Array) -> Array:
        """Return the average at each of the next rows [C, n]."""
        if self._weight == 0:
            return rows
        smooth = np.empty_like(rows)
        for start in range(0, rows.shape[1], BLOCK):
            part = rows[:, start : start + BLOCK]
            known = np.isfinite(part)
            size = part.shape[1]
            taken = np.stack([np.where(known, part, 0.0), known])
            carried = self._sums[..., None] * self._weight ** np.arange(1, size + 1)
            sums = taken @ self._powers[:size, :size].T + carried
            self._sums = sums[..., -1]
            with np.errstate(invalid="ignore", divide="ignore"):
                smooth[:, start : start + size] = np.where(known, sums[0] / sums[1], np.nan)
        return smooth


class Track:
    """For C contenders over the rows of a Series: the middle, its smoothed form, and a band.

    `curves` is float64 [4, C, n]: smoothed middle, middle, least and greatest.

    With one seed the middle is the mean reading of each row and the band its least and greatest
    reading. With several it is the median over the seeds, in which one that has no finite number
    counts as infinite, and the band the least and greatest of the finite ones, or their quartiles,
    smoothed as well.
    """

    def __init__(
        self, groups: Sequence[npt.NDArray[np.int64]], weight: float, *, quartiles: bool = False
    ) -> None:
        self._groups = groups
        self._alike = _of_one_size(groups)
        self._weight = weight
        self._quartiles = quartiles
        self._series: Series | None = None
        self._key = (0, 1, 0)
        self._rows = 0
        most = self._most_rows()
        self._data = np.empty((4, len(groups), most))
        self._banded = any(len(group) > 1 for group in groups)
        self._x = np.empty(most)
        self._columns = _Columns(self)
        self._closeup: Closeup | None = None

    def follow(self, series: Series) -> None:
        """Take in the rows that are new; all of them if the series has thinned itself."""
        self._begin(series, series.stride, 0)
        new = slice(self._rows, len(series))
        low, mean, high = series.low[new], series.mean[new], series.high[new]
        self._add(Rows(series.steps[new], low, mean, high, series.stride == 1, series.stride))

    def near(self, part: Range) -> "Track":
        """Return the track of a part of the steps, as fine as the readings are kept.

        That is this one, unless there are finer rows than those of the overview.
        """
        series = self._series
        if series is None or series.stride == 1:
            return self
        cut = series.cut(*part, NEAR)
        if cut.stride >= series.stride:
            return self
        if self._closeup is None:
            self._closeup = Closeup(self._groups, self._weight, quartiles=self._quartiles)
        self._closeup.look(series, cut)
        return self._closeup

    def _most_rows(self) -> int:
        return CAPACITY

    def _begin(self, series: Series, stride: int, first: int) -> None:
        """Begin anew with the rows from `first` on, unless it is these that are there."""
        key = (id(series), stride, first)
        if series is not self._series or key != self._key:
            self._series, self._key, self._rows = series, key, 0
            # a row of `stride` readings weighs as much as that many single ones
            self._smoother = Smoother(self._weight**stride, 3 * len(self._groups))

    def _add(self, rows: Rows) -> None:
        """Take in the rows that follow."""
        if not len(rows.steps):
            return
        new = slice(self._rows, self._rows + len(rows.steps))
        self._x[new] = rows.steps
        for places, replicas in self._alike:
            found = _summary(rows, replicas, quartiles=self._quartiles)
            self._data[1:, places, new] = found
        raw = self._data[1:, :, new]
        smooth = self._smoother(raw.reshape(-1, raw.shape[-1])).reshape(raw.shape)
        self._data[0, :, new] = smooth[0]
        if self._banded:
            self._data[2:, :, new] = smooth[1:]
        self._rows = new.stop

    @property
    def x(self) -> Array:
        """Return the steps, float64 [n]."""
        return self._x[: self._rows]

    @property
    def curves(self) -> Array:
        """Return smoothed middle, middle, least and greatest, float64 [4, C, n]."""
        return self._data[..., : self._rows]

    @property
    def stride(self) -> int:
        """Return how many readings a row holds."""
        return self._key[1]

    @property
    def age(self) -> tuple[int, int, int]:
        """Return what changes when earlier rows have changed."""
        return self._key

    def decimated(self, view: Range, columns: int) -> tuple[Array, Array, Array]:
        """Return each pixel column's x [k], and least and greatest `curves`, float64 [4, C, k].

        Of a part of the steps only those rows are there, and one more on either side.
        """
        first = max(0, int(np.searchsorted(self.x, view[0])) - 1)
        last = int(np.searchsorted(self.x, view[1], side="right")) + 1
        if first == 0 and last >= len(self.x):
            return self._columns.reduce(view, columns)
        rows = slice(first, last)
        inside = self.curves[..., rows]
        return decimate(self.x[rows], inside, inside, view, columns)

    def cut(self, until: float, x: Array, low: Array, high: Array) -> tuple[Array, Array, Array]:
        """Return columns as `decimated` gave them, without any row after `until`."""
        kept = int(np.searchsorted(x, until, side="right"))
        if not kept or kept == len(x):
            return x[:kept], low[..., :kept], high[..., :kept]
        # of the last column only some rows belong
        first = int(np.searchsorted(self.x, float(x[kept - 1])))
        last = int(np.searchsorted(self.x, until, side="right"))
        rows = self.curves[..., first:last]
        low, high = low[..., :kept].copy(), high[..., :kept].copy()
        low[..., -1], high[..., -1] = np.fmin.reduce(rows, -1), np.fmax.reduce(rows, -1)
        return x[:kept], low, high

    def values_at(self, x: float) -> Array:
        """Return the smoothed middle at the last row at or before x, float64 [C]; NaN: none."""
        row = int(np.searchsorted(self.x, x, side="right")) - 1
        return self._data[0, :, row] if row >= 0 else np.full(len(self._groups), np.nan)


class Closeup(Track):
    """The track of a part of the steps: of at most NEAR rows, and of earlier ones to smooth them.

    So many rows before the part are smoothed with it that its curve differs from that of all rows
    of the same stride by less than 1e-3 of the readings' span, where those are kept.
    """

    def look(self, series: Series, cut: Cut) -> None:
        """Take in the rows of a part; only the new ones, if it begins where it did."""
        stride, start, stop = cut
        first = max(0, start - earlier_rows(self._weight**stride), series.kept_from(stride))
        self._begin(series, stride, first)
        self._add(series.take(Cut(stride, min(first + self._rows, stop), stop)))

    def _most_rows(self) -> int:
        return NEAR + earlier_rows(self._weight)


def earlier_rows(weight: float) -> int:
    """Return after how many rows all those before weigh less than TOLERANCE in an average.

    They weigh most where they are known and of the later ones only the last is: together
    a^n / (1 - a) against 1.
    """
    return ceil(log(TOLERANCE * (1 - weight)) / log(weight)) if weight > 0 else 0


class _Columns:
    """The pixel columns of a track; those that are complete are kept from frame to frame."""

    def __init__(self, track: Track) -> None:
        self._track = track
        self._key: object = None
        self._count = 0
        self._last_start = 0

    def reduce(self, view: Range, columns: int) -> tuple[Array, Array, Array]:
        """Return x, least and greatest of each column."""
        track = self._track
        if len(track.x) <= columns:
            return track.x, track.curves, track.curves
        if (view, columns, track.age) != self._key:
            self._begin(view, columns)
        rows = slice(self._last_start, len(track.x))
        starts = columns_of(track.x[rows], view, columns)
        new = slice(self._count, self._count + len(starts))
        curves = track.curves[..., rows]
        self._x[new] = track.x[rows][starts]
        self._ends[0, ..., new] = np.fmin.reduceat(curves, starts, axis=-1)
        self._ends[1, ..., new] = np.fmax.reduceat(curves, starts, axis=-1)
        # the last column may still get rows, and is reduced again
        self._count, self._last_start = new.stop - 1, rows.start + int(starts[-1])
        return self._x[: new.stop], self._ends[0, ..., : new.stop], self._ends[1, ..., : new.stop]

    def _begin(self, view: Range, columns: int) -> None:
        self._key = (view, columns, self._track.age)
        self._count = self._last_start = 0
        self._x = np.empty(columns + 2)
        self._ends = np.empty((2, *self._track.curves.shape[:2], columns + 2))


def _of_one_size(
    groups: Sequence[npt.NDArray[np.int64]],
) -> list[tuple[list[int], npt.NDArray[np.int64]]]:
    """Return the groups by size: their places, and their replicas [k, size]."""
    sizes = dict.fromkeys(len(group) for group in groups)
    found = [[at for at, group in enumerate(groups) if len(group) == size] for size in sizes]
    return [(places, np.stack([groups[at] for at in places])) for places in found]


def _summary(rows: Rows, replicas: npt.NDArray[np.int64], *, quartiles: bool) -> Array:
    """Return the middle, least and greatest [3, k, n] of k contenders' replicas [k, seeds]."""
    values = np.moveaxis(rows.mean[:, replicas], 0, 1).astype(np.float64)
    if replicas.shape[1] == 1:
        first = replicas[:, 0]
        return np.stack([values[..., 0], rows.low[:, first].T, rows.high[:, first].T])
    known = np.isfinite(values)
    ordered = np.sort(np.where(known, values, np.inf), axis=2)
    half = ordered.shape[2] // 2
    middle = ordered[..., half]
    if ordered.shape[2] % 2 == 0:
        middle = (ordered[..., half - 1] + middle) / 2
    if quartiles:
        flat = ordered.reshape(-1, ordered.shape[2])
        low, high = quartiles_of(flat, known.reshape(flat.shape).sum(1))
        return np.stack([middle, low.reshape(middle.shape), high.reshape(middle.shape)])
    high = np.where(known, values, -np.inf).max(2)
    return np.stack([middle, ordered[..., 0], high])
