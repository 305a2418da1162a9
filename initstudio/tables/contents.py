"""What a person's own file turns out to hold: columns with names, or arrays."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

MOST_BYTES = 2**28
"""No file, and no array in one, may be larger, packed or unpacked."""
MOST_NAMED = 5
LARGEST = float(np.finfo(np.float32).max)


@dataclass(frozen=True)
class Trouble:
    """Something in a line, counted from 1, that could not be used as it stands, and why."""

    line: int
    why: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Column:
    """One column: numbers, or texts as places in the sorted `words`; NaN where a cell is missing.

    What is missing, not finite or too large for float32 is NaN. A column without any filled cell
    counts as numbers.
    """

    name: str
    values: npt.NDArray[np.float64]
    words: tuple[str, ...] = ()

    @property
    def kind(self) -> Literal["number", "text"]:
        """Return what the cells are."""
        return "text" if self.words else "number"

    def cell(self, row: int) -> str:
        """Return one cell as text; "" where it is missing."""
        value = float(self.values[row])
        if np.isnan(value):
            return ""
        return self.words[int(value)] if self.words else f"{value:.10g}"


@dataclass(frozen=True, kw_only=True, eq=False)
class Table:
    """Columns of equal length, the line of the file that each row starts in, and what was amiss."""

    columns: tuple[Column, ...]
    lines: npt.NDArray[np.int64]
    troubles: tuple[Trouble, ...] = ()

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.lines)


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrays:
    """Examples [rows, ...] and their targets [rows] or [rows, values], with the names they have.

    Both are numbers, whole ones or not; targets that were texts are places in the sorted `words`.
    """

    x: npt.NDArray[np.generic]
    y: npt.NDArray[np.generic]
    names: tuple[str, str]
    words: tuple[str, ...] = field(default=())

    @property
    def rows(self) -> int:
        """Return the number of rows."""
        return len(self.x)


def counted(numbers: Iterable[int], one: str = "line", many: str = "lines") -> str:
    """Return "line 3", "lines 3, 7 and 9", or the first few and how many more."""
    listed = list(numbers)
    words = [f"{number:,}" for number in listed[:MOST_NAMED]]
    if len(listed) > MOST_NAMED:
        words.append(f"{len(listed) - MOST_NAMED:,} more")
    return f"{one if len(words) == 1 else many} {_joined(words)}"


def named(names: Iterable[str]) -> str:
    """Return "'a', 'b' and 'c'", or the first few and how many more; long ones are cut."""
    listed = list(names)
    words = [f"'{name[:30]}'" for name in listed[:MOST_NAMED]]
    if len(listed) > MOST_NAMED:
        words.append(f"{len(listed) - MOST_NAMED:,} more")
    return _joined(words)


def _joined(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def size_in_words(size: float) -> str:
    """Return a number of bytes as "3.1 MB"."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:,.3g} GB" if size < 1000 else f"{size:,.0f} GB"
