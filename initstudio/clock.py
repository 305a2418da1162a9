"""How long a run took: the seconds of training at its steps, few enough to keep of any run."""

from math import isfinite

import numpy as np
import numpy.typing as npt

CAPACITY = 2048
"""How many moments are kept; of more, those are let go that lie closest together in steps."""


class Clock:
    """Moments of a run: how many steps were made, and the seconds of training that they took.

    Both grow. The newest moment is always kept; between the others lie at least `apart` steps,
    a number that grows with the run so that they never become more than `CAPACITY`.
    """

    def __init__(self) -> None:
        self._steps = np.zeros(CAPACITY, np.int64)
        self._seconds = np.zeros(CAPACITY, np.float64)
        self._count = 0
        self.apart = 1

    def __len__(self) -> int:
        return self._count

    @property
    def steps(self) -> npt.NDArray[np.int64]:
        """Return the steps made at each moment, int64 [n], growing."""
        return self._steps[: self._count]

    @property
    def seconds(self) -> npt.NDArray[np.float64]:
        """Return the seconds of training until each moment, float64 [n], never falling."""
        return self._seconds[: self._count]

    def note(self, step: int, seconds: float) -> None:
        """Take in a moment; one before the newest, or without a number, is passed over."""
        if not isfinite(seconds) or step < 0:
            return
        if self._count:
            newest = int(self._steps[self._count - 1])
            if step < newest:
                return
            seconds = max(seconds, float(self._seconds[self._count - 1]))
            if step == newest or self._newest_is_close():
                self._count -= 1
        self._steps[self._count] = step
        self._seconds[self._count] = seconds
        self._count += 1
        if self._count == CAPACITY:
            self._thin()

    def seconds_at(self, steps: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Return the seconds of training until these steps, float64 of their shape.

        Between two moments it is a straight line; before the first and after the last, theirs.
        NaN where a step is NaN or infinite, and everywhere if no moment is known.
        """
        asked = np.asarray(steps, np.float64)
        if not self._count:
            return np.full(asked.shape, np.nan)
        found = np.interp(asked, self.steps.astype(np.float64), self.seconds)
        return np.where(np.isfinite(asked), found, np.nan)

    def _newest_is_close(self) -> bool:
        """Return whether the newest moment is only kept until there is another."""
        if self._count < 2:
            return False
        return int(self._steps[self._count - 1] - self._steps[self._count - 2]) < self.apart

    def _thin(self) -> None:
        """Keep at most about half of the moments, evenly over the steps, and the newest."""
        span = int(self._steps[self._count - 1] - self._steps[0])
        self.apart = max(self.apart, -(-2 * span // CAPACITY))
        kept = [0]
        for at in range(1, self._count):
            if self._steps[at] - self._steps[kept[-1]] >= self.apart:
                kept.append(at)
        if kept[-1] != self._count - 1:
            kept.append(self._count - 1)
        self._steps[: len(kept)] = self._steps[kept]
        self._seconds[: len(kept)] = self._seconds[kept]
        self._count = len(kept)
