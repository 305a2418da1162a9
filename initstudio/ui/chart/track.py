"""The curve of each contender over steps, kept from frame to frame: only new rows are computed."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from initstudio.history import CAPACITY, Series
from initstudio.ui.chart.lines import Array, Range, columns_of, decimate

BLOCK = 128


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
        self._weight = weight
        self._quartiles = quartiles
        self._series: Series | None = None
        self._stride = 0
        self._rows = 0
        self._data = np.empty((4, len(groups), CAPACITY))
        self._banded = any(len(group) > 1 for group in groups)
        self._x = np.empty(CAPACITY)
        self._columns = _Columns(self)

    def follow(self, series: Series) -> None:
        """Take in the rows that are new; all of them if the series has thinned itself."""
        if series is not self._series or series.stride != self._stride:
            self._series, self._stride, self._rows = series, series.stride, 0
            # a row of `stride` readings weighs as much as that many single ones
            self._smoother = Smoother(self._weight**series.stride, 3 * len(self._groups))
        new = slice(self._rows, len(series))
        if new.start == new.stop:
            return
        self._x[new] = series.steps[new]
        for index, group in enumerate(self._groups):
            self._data[1:, index, new] = _summary(series, group, new, quartiles=self._quartiles)
        raw = self._data[1:, :, new]
        smooth = self._smoother(raw.reshape(-1, raw.shape[-1])).reshape(raw.shape)
        self._data[0, :, new] = smooth[0]
        if self._banded:
            self._data[2:, :, new] = smooth[1:]
        self._rows = len(series)

    @property
    def x(self) -> Array:
        """Return the steps, float64 [n]."""
        return self._x[: self._rows]

    @property
    def curves(self) -> Array:
        """Return smoothed middle, middle, least and greatest, float64 [4, C, n]."""
        return self._data[..., : self._rows]

    @property
    def age(self) -> tuple[int, int]:
        """Return what changes when earlier rows have changed."""
        return id(self._series), self._stride

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


def _summary(
    series: Series, group: npt.NDArray[np.int64], rows: slice, *, quartiles: bool
) -> Array:
    """Return the middle, least and greatest [3, n] of one contender's replicas."""
    values = series.mean[rows][:, group].astype(np.float64)
    if len(group) == 1:
        low, high = series.low[rows][:, group[0]], series.high[rows][:, group[0]]
        return np.stack([values[:, 0], low, high])
    known = np.isfinite(values)
    middle = np.median(np.where(known, values, np.inf), axis=1)
    if quartiles:
        return np.stack([middle, *_quartiles(values, known)])
    low = np.where(known, values, np.inf).min(1)
    high = np.where(known, values, -np.inf).max(1)
    return np.stack([middle, low, high])


def _quartiles(values: Array, known: npt.NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return the lower and upper quartile [n] of what is known in rows [n, seeds].

    Between two values they are interpolated, as numpy's `quantile` does.
    """
    ordered = np.sort(np.where(known, values, np.inf), axis=1)
    last = np.maximum(known.sum(1) - 1, 0)
    found = []
    for share in (0.25, 0.75):
        place = share * last
        below = np.floor(place).astype(np.int64)
        above = np.minimum(below + 1, last)
        rows = np.arange(len(values))
        low, high = ordered[rows, below], ordered[rows, above]
        inner = np.where(above > below, place - below, 0.0)
        with np.errstate(invalid="ignore"):
            found.append(np.where(inner > 0, low + inner * (high - low), low))
    return found[0], found[1]
