"""Rows of readings over steps: each reading, or the least, mean and greatest of a number of them.

An `Overview` has few rows over a whole run, however long; a `Level` has the newest of its rows.
Rows are counted from the run's first reading: row j of stride s holds those from the (j s)-th on.
"""

from bisect import bisect_left, bisect_right
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float32]
Integers: TypeAlias = npt.NDArray[np.int64]
Side: TypeAlias = Literal["left", "right"]

CAPACITY = 8192
"""Most rows of an overview."""
CHUNK = 512
"""Rows of a level that are kept, and let go, together."""


class Overview:
    """Rows over the whole run: exact at first, then of `stride` readings."""

    first = 0

    def __init__(self, replicas: int) -> None:
        self.steps = np.zeros(CAPACITY, np.int64)
        self.values = np.zeros((3, CAPACITY, replicas), np.float32)
        self.stop = 0
        self.stride = 1
        self._pending_steps = np.zeros(0, np.int64)
        self._pending = np.zeros((0, replicas), np.float32)

    @property
    def bytes(self) -> int:
        """Return how much memory the rows take."""
        arrays = (self.steps, self.values, self._pending_steps, self._pending)
        return sum(one.nbytes for one in arrays)

    def extend(self, steps: Integers, values: Floats) -> None:
        """Append readings [k, R] taken at `steps` [k]."""
        steps = np.concatenate([self._pending_steps, steps])
        values = np.concatenate([self._pending, values])
        while len(steps) >= self.stride:
            rows = min(len(steps) // self.stride, CAPACITY - self.stop)
            taken = rows * self.stride
            new = slice(self.stop, self.stop + rows)
            self.steps[new] = steps[: taken : self.stride]
            self.values[:, new] = merged(values[None, :taken], self.stride)
            self.stop = new.stop
            steps, values = steps[taken:], values[taken:]
            if self.stop == CAPACITY:
                self._halve()
        # a copy, or the readings left over would keep their whole message alive
        self._pending_steps, self._pending = steps.copy(), values.copy()

    def find(self, step: float, side: Side) -> int:
        """Return the number of rows that begin before a step, or until it on the right side."""
        return int(np.searchsorted(self.steps[: self.stop], step, side))

    def take(self, start: int, stop: int) -> tuple[Integers, Floats]:
        """Return rows by number: first steps [n], and values float32 [3, n, R]."""
        return self.steps[start:stop].copy(), self.values[:, start:stop].copy()

    def _halve(self) -> None:
        """Merge the rows in pairs."""
        half = CAPACITY // 2
        self.steps[:half] = self.steps[::2].copy()
        self.values[:, :half] = merged(self.values, 2)
        self.stop = half
        self.stride *= 2


class Level:
    """The newest rows of `stride` readings each: a reading, or its least, mean and greatest.

    Row numbers count from the run's first reading; `first` is that of the oldest row kept.
    """

    def __init__(self, stride: int, replicas: int, limit: int) -> None:
        self.stride = stride
        self.first = 0
        self.stop = 0
        self._shape = (1 if stride == 1 else 3, CHUNK, replicas)
        # three at least: what comes in at once, and what waits for a row of the next level
        self._most = max(3, limit // max(1, 4 * int(np.prod(self._shape))))
        self._values: list[Floats] = []
        self._steps: list[range | Integers] = []
        self._first_steps: list[int] = []

    @property
    def bytes(self) -> int:
        """Return how much memory the rows take."""
        steps = sum(one.nbytes for one in self._steps if isinstance(one, np.ndarray))
        return steps + sum(one.nbytes for one in self._values)

    @property
    def first_step(self) -> int:
        """Return the step of the oldest row that is kept; 0 where there is none."""
        return self._first_steps[0] if self._first_steps else 0

    def append(self, steps: Integers, values: Floats) -> None:
        """Take in the next rows, at their first steps [k]: values float32 [1 or 3, k, R]."""
        at = 0
        while at < len(steps):
            place = self.stop % CHUNK
            if not place:
                self._begin(int(steps[at]))
            taken = min(CHUNK - place, len(steps) - at)
            new, old = slice(place, place + taken), slice(at, at + taken)
            self._values[-1][:, new] = values[:, old]
            newest = self._steps[-1]
            if isinstance(newest, np.ndarray):
                newest[new] = steps[old]
                if new.stop == CHUNK:
                    self._steps[-1] = _short(newest)
            self.stop += taken
            at += taken

    def find(self, step: float, side: Side) -> int:
        """Return the number of rows that begin before a step, or until it on the right side.

        It is never less than `first`.
        """
        bisect = bisect_left if side == "left" else bisect_right
        chunk = bisect(self._first_steps, step) - 1
        if chunk < 0:
            return self.first
        start = self.first + chunk * CHUNK
        steps = _long(self._steps[chunk])[: self.stop - start]
        return start + int(np.searchsorted(steps, step, side))

    def take(self, start: int, stop: int) -> tuple[Integers, Floats]:
        """Return rows by number: first steps [n], and values float32 [1 or 3, n, R]."""
        steps, values = (
            [np.zeros(0, np.int64)],
            [np.zeros((self._shape[0], 0, self._shape[2]), "f4")],
        )
        at = start
        while at < stop:
            chunk, place = divmod(at - self.first, CHUNK)
            rows = slice(place, min(CHUNK, place + stop - at))
            steps.append(_long(self._steps[chunk])[rows])
            values.append(self._values[chunk][:, rows])
            at += rows.stop - rows.start
        return np.concatenate(steps), np.concatenate(values, axis=1)

    def _begin(self, step: int) -> None:
        """Begin a chunk of rows, and let the oldest go if it is one too many."""
        if len(self._values) == self._most:
            del self._values[0], self._steps[0], self._first_steps[0]
            self.first += CHUNK
        self._values.append(np.empty(self._shape, np.float32))
        self._steps.append(np.empty(CHUNK, np.int64))
        self._first_steps.append(step)


def merged(values: Floats, size: int) -> Floats:
    """Return least, mean and greatest, float32 [3, n, R], of each `size` of rows [1 or 3, m, R]."""
    planes, _, replicas = values.shape
    grouped = values.reshape(planes, -1, size, replicas)
    merged = np.empty((3, grouped.shape[1], replicas), np.float32)
    grouped[0].min(1, out=merged[0])
    grouped[-1].max(1, out=merged[2])
    with np.errstate(invalid="ignore"):  # infinite less infinite
        merged[1] = grouped[planes // 2].mean(1, dtype=np.float64)
    return merged


def _short(steps: Integers) -> range | Integers:
    """Return steps as a range if they are one: they would take as much memory as two replicas."""
    stride = int(steps[1] - steps[0])
    if stride > 0 and (np.diff(steps) == stride).all():
        return range(int(steps[0]), int(steps[-1]) + 1, stride)
    return steps


def _long(steps: range | Integers) -> Integers:
    if isinstance(steps, range):
        return np.arange(steps.start, steps.stop, steps.step, dtype=np.int64)
    return steps
