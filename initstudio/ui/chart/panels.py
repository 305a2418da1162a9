"""Several small pictures on one canvas: where each of them lies, and its title."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor

import numpy as np

from initstudio.ui.chart.axis import marks_between
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.lines import Array, Range
from initstudio.ui.chart.words import Word, line_height, width_of
from initstudio.ui.theme import Theme

RULE = 5.0
"""Pixels between a panel and its title, or the numbers below it."""
GAP = 10.0
APART = 6.0
"""Pixels between two numbers, at least."""
SPILL = 5.0
"""Pixels that a number may reach beyond its panel."""


@dataclass(frozen=True)
class Panel:
    """One small picture: the part of the plane that it fills, below its title."""

    area: tuple[Range, Range]
    pixel: tuple[float, float] = (1.0, 1.0)
    """Width and height of a pixel, in the plane's units."""

    def draw_title(
        self,
        canvas: Canvas,
        key: Hashable,
        name: str,
        colour: str,
        dash: tuple[float, ...] = (),
    ) -> None:
        """Draw a line in the contender's colour above the picture, and its name on it."""
        (left, right), (_, top) = self.area
        wide, tall = self.pixel
        level = np.full(2, top + 2.5 * tall)
        canvas.line(("panel", key), np.array([left, right]), level, colour, width=3, dash=dash)
        place = ((left + right) / 2, top + 4 * tall)
        canvas.words(("panel", key), place, name, room=(right - left) / wide)

    def across(self, values: Array, view: Range) -> Array:
        """Return where values [n] lie whose axis `view` is as wide as the panel."""
        left, right = self.area[0]
        return np.asarray(left + (values - view[0]) * ((right - left) / (view[1] - view[0])))

    @lru_cache(maxsize=512)  # noqa: B019 - a panel is a value, and soon another
    def numbers_below(self, view: Range, points: float) -> tuple[Word, ...]:
        """Return the numbers of an axis below the panel, as many as fit there in full.

        `points` is the size of their font.
        """
        (left, right), (bottom, _) = self.area
        size = (right - left) / self.pixel[0]
        for part in (1.0, 0.7, 0.5, 0.3, 0.15):
            marks = marks_between(*view, part * size, log=False)
            places = self.across(np.array([at for at, _ in marks], np.float64), view).tolist()
            halves = [(width_of(text, points) + APART) / 2 * self.pixel[0] for _, text in marks]
            fit = [
                (x, half, text)
                for x, half, (_, text) in zip(places, halves, marks, strict=True)
                if left <= x - half + SPILL * self.pixel[0]
                and x + half - SPILL * self.pixel[0] <= right
            ]
            apart = all(a + ha < b - hb for (a, ha, _), (b, hb, _) in pairwise(fit))
            if apart:
                return tuple(Word(x, bottom, text, up=-1, gap=2) for x, _, text in fit)
        return ()

    def cell_at(
        self, place: tuple[float, float], rows: int, columns: int
    ) -> tuple[int, int] | None:
        """Return the row, from the lowest, and column of the cell at a place; None: outside."""
        (left, right), (bottom, top) = self.area
        across, up = (place[0] - left) / (right - left), (place[1] - bottom) / (top - bottom)
        if not (0 <= across < 1 and 0 <= up < 1):
            return None
        return floor(up * rows), floor(across * columns)


def strip_height(theme: Theme) -> float:
    """Return the pixels that a title above a panel needs, or the numbers below it."""
    return line_height(theme.plot_font) + RULE


def panels_on(canvas: Canvas, count: int, theme: Theme, *, square: bool = False) -> list[Panel]:
    """Return so many panels that fill a canvas, with titles; see `panels_in`."""
    return panels_in(count, canvas.columns, canvas.rows, strip_height(theme), square=square)


def panels_in(
    count: int, width: float, height: float, title: float, *, square: bool = False
) -> list[Panel]:
    """Return so many panels in the rows and columns that make them largest, in order of reading.

    The plane is that of the canvas's pixels; `title` is the height of a panel's title.
    """

    def size(columns: int) -> tuple[float, float]:
        rows = ceil(count / columns)
        wide = max(2.0, (width - GAP * (columns - 1)) / columns)
        tall = max(2.0, (height - GAP * (rows - 1)) / rows - title)
        return (min(wide, tall),) * 2 if square else (wide, tall)

    best = max(range(1, count + 1), key=lambda columns: min(size(columns)))
    wide, tall = size(best)
    rows = ceil(count / best)
    whole = best * wide + GAP * (best - 1)
    spare = height - rows * (tall + title) - GAP * (rows - 1)
    found = []
    for at in range(count):
        row, column = divmod(at, best)
        left = (width - whole) / 2 + column * (wide + GAP)
        top = height - spare / 2 - title - row * (tall + title + GAP)
        found.append(Panel(((left, left + wide), (top - tall, top))))
    return found
