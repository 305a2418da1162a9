"""Numbers over the steps of a run, for each replica: every one of them, and ever coarser levels.

A Series keeps each reading until all take LIMIT bytes; then the oldest are let go, and `exact_from`
says from which step on all are there. Above the readings stand levels, in which a row is the least,
mean and greatest of `FACTOR` rows below; each level may take a quarter of what the one below may
and reaches back further. The overview has rows over the whole run, however long: up to `CAPACITY`,
then neighbours are merged in pairs and its `stride` doubles. All of it takes at most 4/3 of LIMIT
and the overview's `CAPACITY` rows. A part of the steps is read from the finest level that
has it in the few rows that are asked for, so it costs the same however long the run is.
"""

from typing import NamedTuple

from initstudio.levels import CHUNK, Floats, Integers, Level, Overview, merged

LIMIT = 40 * 2**20
"""Bytes that the readings of one series may take: those of 8 replicas over 1.3 million steps."""
FACTOR = 16
"""Rows of one level that make a row of the next."""
FEWEST = 4
"""Rows that must be asked for at least."""


class Rows(NamedTuple):
    """Rows of `stride` readings each: first steps [n]; least, mean, greatest float32 [n, R]."""

    steps: Integers
    low: Floats
    mean: Floats
    high: Floats
    exact: bool
    """Whether each row is one reading."""
    stride: int


class Cut(NamedTuple):
    """Rows `start` to `stop` among those of `stride` readings, counted from the run's first."""

    stride: int
    start: int
    stop: int


class Series:
    """Numbers over steps, for each replica; as an object itself, their overview over the run."""

    def __init__(self, replicas: int, limit: int = LIMIT) -> None:
        self._replicas = replicas
        self._limit = limit
        self._overview = Overview(replicas)
        self._levels = [Level(1, replicas, limit)]

    def __len__(self) -> int:
        return self._overview.stop

    @property
    def stride(self) -> int:
        """Return how many readings a row of the overview holds."""
        return self._overview.stride

    @property
    def steps(self) -> Integers:
        """Return the first step of each row, int64 [n]."""
        return self._overview.steps[: len(self)]

    @property
    def low(self) -> Floats:
        """Return the least reading of each row, float32 [n, R]; NaN where one was NaN."""
        return self._overview.values[0, : len(self)]

    @property
    def mean(self) -> Floats:
        """Return the mean reading of each row, float32 [n, R]."""
        return self._overview.values[1, : len(self)]

    @property
    def high(self) -> Floats:
        """Return the greatest reading of each row, float32 [n, R]."""
        return self._overview.values[2, : len(self)]

    @property
    def exact_from(self) -> int:
        """Return the step from which on every reading is kept; 0 where there is none yet."""
        return self._levels[0].first_step

    @property
    def bytes(self) -> int:
        """Return how much memory the numbers take."""
        return self._overview.bytes + sum(level.bytes for level in self._levels)

    def extend(self, steps: Integers, values: Floats) -> None:
        """Append readings [k, R] taken at `steps` [k], which must not fall."""
        self._overview.extend(steps, values)
        # in portions, or a level would let rows go before the next one has them
        for start in range(0, len(steps), CHUNK):
            portion = slice(start, start + CHUNK)
            self._levels[0].append(steps[portion], values[None, portion])
            self._raise()

    def part(self, first_step: float, last_step: float, rows: int) -> Rows:
        """Return a part of the steps in at most so many rows, as fine as can be.

        These are the rows that begin from `first_step` to `last_step`, and one more on either side
        where there is one. Row j of stride s holds the readings from the (j s)-th of the run on,
        whatever part is asked for; of the newest readings those that make no whole row are left
        out. A stride is a power of two. Raises ValueError if `rows` is below 4.
        """
        return self.take(self.cut(first_step, last_step, rows))

    def cut(self, first_step: float, last_step: float, rows: int) -> Cut:
        """Return which rows `part` takes: they stay the same while the stride does."""
        if rows < FEWEST:
            raise ValueError(rows)
        stride = 1
        while True:
            source, size = self._source(stride)
            before = -(-source.find(first_step, "left") // size)
            until = -(-source.find(last_step, "right") // size)
            start, stop = max(0, before - 1), min(source.stop // size, until + 1)
            if stop - start <= rows and start * size >= source.first:
                return Cut(stride, start, max(start, stop))
            stride *= 2

    def take(self, cut: Cut) -> Rows:
        """Return the rows of a cut. Raises ValueError if they are not kept."""
        source, size = self._source(cut.stride)
        start, stop = cut.start * size, cut.stop * size
        if not source.first <= start <= stop <= source.stop:
            raise ValueError(cut)
        steps, values = source.take(start, stop)
        if size > 1:
            steps, values = steps[::size], merged(values, size)
        low, mean, high = values[0], values[len(values) // 2], values[-1]
        return Rows(steps, low, mean, high, cut.stride == 1, cut.stride)

    def kept_from(self, stride: int) -> int:
        """Return the first of the rows of so many readings that is kept."""
        source, size = self._source(stride)
        return -(-source.first // size)

    def _source(self, stride: int) -> tuple[Overview | Level, int]:
        """Return what holds the rows of a stride, and how many of its rows make one of them."""
        if stride >= self._overview.stride:
            return self._overview, stride // self._overview.stride
        level = (stride.bit_length() - 1) // (FACTOR.bit_length() - 1)
        return self._levels[level], stride // self._levels[level].stride

    def _raise(self) -> None:
        """Make the rows of each level that are complete."""
        at = 0
        while at < len(self._levels):
            below = self._levels[at]
            ready = below.stop // FACTOR
            at += 1
            if at == len(self._levels):
                if not ready:
                    return
                limit = self._limit // 4**at
                self._levels.append(Level(below.stride * FACTOR, self._replicas, limit))
            level = self._levels[at]
            if ready == level.stop:
                return
            steps, values = below.take(level.stop * FACTOR, ready * FACTOR)
            level.append(steps[::FACTOR], merged(values, FACTOR))
