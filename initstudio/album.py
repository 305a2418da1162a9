"""What is kept of the readings by layer over a run: a bounded choice of its snapshots.

All are kept until they take LIMIT bytes, or are MOST; then every second one is let go, and from
there on every `stride`-th is kept. Which are kept depends on their number and size alone, so two
equal runs keep the same ones. The start is always among them.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from initstudio.packing import Packed, packed

Values: TypeAlias = npt.NDArray[Any]
Integers: TypeAlias = npt.NDArray[np.int64]
_Kept: TypeAlias = Values | Packed

LIMIT = 96 * 2**20
"""Bytes that the readings by layer of one run may take."""
MOST = 1024
OVERHEAD = 200
"""Bytes that an array takes beside its numbers, about: thousands of small ones are kept."""
FEWEST = 4
"""Snapshots that are kept, however large they are."""


class Page(Mapping[str, Values]):
    """Readings of one moment; what is kept packed is unpacked when it is asked for first."""

    def __init__(self, kept: Mapping[str, _Kept]) -> None:
        self._kept = kept
        self._known: dict[str, Values] = {}

    def __getitem__(self, key: str) -> Values:
        if key not in self._known:
            self._known[key] = _unpacked(self._kept[key])
        return self._known[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    def __or__(self, other: "Page") -> "Page":
        return Page({**self._kept, **other._kept})


class Album:
    """Snapshots of the readings by layer, from the first to the newest, thinned by halves."""

    def __init__(self, limit: int = LIMIT) -> None:
        self.stride = 1
        """Every so-manieth snapshot is kept."""
        self.revision = 0
        """Grows with each snapshot that is kept, and with each thinning."""
        self._limit = limit
        self._met = 0
        self._steps: list[int] = []
        self._pages: list[dict[str, _Kept]] = []
        self._keys: set[str] = set()
        """The keys of all pages."""
        self._bytes = 0
        self._stacked: dict[str, tuple[int, Integers, Values]] = {}

    def __len__(self) -> int:
        return len(self._steps)

    @property
    def steps(self) -> Integers:
        """Return the steps of the snapshots that are kept, in order, int64 [n]."""
        return np.array(self._steps, np.int64)

    @property
    def bytes(self) -> int:
        """Return how much memory the readings take."""
        return self._bytes

    def add(self, step: int, readings: dict[str, Values]) -> None:
        """Take in the next snapshot, which is kept if its turn has come."""
        turn, self._met = self._met, self._met + 1
        if turn % self.stride:
            return
        page = {key: _kept(values) for key, values in readings.items()}
        self._steps.append(step)
        self._pages.append(page)
        self._keys |= page.keys()
        self._bytes += _size(page)
        self.revision += 1
        while len(self) > MOST or (self._bytes > self._limit and len(self) > FEWEST):
            self._thin()

    def at(self, step: int) -> tuple[int, Page]:
        """Return the newest step kept at or before `step`, and the readings as they were then.

        Of what is not measured at each snapshot these are the newest ones until then. Step -1 and
        no readings are returned where there are none yet.
        """
        place = int(np.searchsorted(self.steps, step, side="right"))
        if not place:
            return -1, Page({})
        found: dict[str, _Kept] = {}
        for page in reversed(self._pages[:place]):
            found = {**page, **found}
            if len(found) == len(self._keys):
                break
        return self._steps[place - 1], Page(found)

    def over(self, key: str, rows: Sequence[int] | None = None) -> tuple[Integers, Values]:
        """Return one reading over the run: steps int64 [n], and values [n, R, ...].

        `rows` are places among the snapshots that have it, all unless given: of distributions a
        few are wanted, as each takes as much memory again. Empty arrays are returned of what no
        snapshot has.
        """
        if rows is None:
            known = self._stacked.get(key)
            if known and known[0] == self.revision:
                return known[1], known[2]
        having = self._having(key)
        chosen = having if rows is None else [having[row] for row in rows]
        steps = np.array([self._steps[at] for at in chosen], np.int64)
        values = [_unpacked(self._pages[at][key]) for at in chosen]
        stacked = np.stack(values) if values else np.zeros((0, 0), np.float32)
        if rows is None and not any(isinstance(self._pages[at][key], Packed) for at in chosen):
            self._stacked[key] = self.revision, steps, stacked
        return steps, stacked

    def steps_of(self, key: str) -> Integers:
        """Return the steps of the snapshots that have a reading, int64 [n]."""
        return np.array([self._steps[at] for at in self._having(key)], np.int64)

    def _having(self, key: str) -> list[int]:
        """Return the places of the snapshots that have a reading."""
        return [at for at, page in enumerate(self._pages) if key in page]

    def _thin(self) -> None:
        """Let every second snapshot go."""
        self.stride *= 2
        self._steps, self._pages = self._steps[::2], self._pages[::2]
        self._bytes = sum(_size(page) for page in self._pages)
        self._stacked = {}
        self.revision += 1


def _kept(values: Values) -> _Kept:
    """Return a copy that takes little memory: the message that they came in must not live on."""
    found = packed(values)
    return values.copy() if found is None else found


def _unpacked(kept: _Kept) -> Values:
    return kept.unpacked() if isinstance(kept, Packed) else kept


def _size(page: dict[str, _Kept]) -> int:
    return sum(one.nbytes + OVERHEAD for one in page.values())
