"""Several small pictures on one canvas: where each of them lies, and its title."""

from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil, floor

import numpy as np

from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.lines import Range

TITLE = 20.0
"""Height of a panel's title, pixels."""
GAP = 10.0


@dataclass(frozen=True)
class Panel:
    """One small picture: the part of the plane that it fills, below its title."""

    area: tuple[Range, Range]
    pixel: tuple[float, float] = (1.0, 1.0)
    """Width and height of a pixel, in the plane's units."""

    def draw_title(self, canvas: Canvas, key: Hashable, name: str, colour: str) -> None:
        """Draw a line in the contender's colour above the picture, and its name on it."""
        (left, right), (_, top) = self.area
        wide, tall = self.pixel
        level = np.full(2, top + 2.5 * tall)
        canvas.line(("panel", key), np.array([left, right]), level, colour, width=3)
        place = ((left + right) / 2, top + 4 * tall)
        canvas.words(("panel", key), place, name, room=(right - left) / wide)

    def cell_at(
        self, place: tuple[float, float], rows: int, columns: int
    ) -> tuple[int, int] | None:
        """Return the row, from the lowest, and column of the cell at a place; None: outside."""
        (left, right), (bottom, top) = self.area
        across, up = (place[0] - left) / (right - left), (place[1] - bottom) / (top - bottom)
        if not (0 <= across < 1 and 0 <= up < 1):
            return None
        return floor(up * rows), floor(across * columns)


def panels_in(count: int, width: float, height: float, *, square: bool = False) -> list[Panel]:
    """Return so many panels in the rows and columns that make them largest, in order of reading.

    The plane is that of the canvas's pixels.
    """

    def size(columns: int) -> tuple[float, float]:
        rows = ceil(count / columns)
        wide = max(2.0, (width - GAP * (columns - 1)) / columns)
        tall = max(2.0, (height - GAP * (rows - 1)) / rows - TITLE)
        return (min(wide, tall),) * 2 if square else (wide, tall)

    best = max(range(1, count + 1), key=lambda columns: min(size(columns)))
    wide, tall = size(best)
    rows = ceil(count / best)
    whole = best * wide + GAP * (best - 1)
    spare = height - rows * (tall + TITLE) - GAP * (rows - 1)
    found = []
    for at in range(count):
        row, column = divmod(at, best)
        left = (width - whole) / 2 + column * (wide + GAP)
        top = height - spare / 2 - TITLE - row * (tall + TITLE + GAP)
        found.append(Panel(((left, left + wide), (top - tall, top))))
    return found
