"""A table with as many columns as rows: its cells, the numbers in them, and its names."""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QFont, QFontMetricsF

from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import Pixels
from initstudio.ui.chart.lines import Array
from initstudio.ui.chart.panels import Panel
from initstudio.ui.chart.words import PlainWords, Word, width_of
from initstudio.ui.theme import Theme, font

SMALLER = 1.5
"""Points by which numbers may be smaller than small text, where there is no room."""
LONGEST = 9
"""Letters of a name."""
BESIDE = 3.0
"""Pixels between a name and its row or column."""
LEAST_OUTLINED = 4
"""Pixels of a cell below which its outline would hide it."""


@dataclass(frozen=True)
class SquareTable:
    """Where a table lies on a canvas whose plane is that of its pixels."""

    panel: Panel
    names: tuple[str, ...]
    cell: float
    """Pixels of a side."""

    def draw_cells(self, canvas: Canvas, key: Hashable, colours: Pixels, theme: Theme) -> None:
        """Draw cells uint8 [rows, columns, 4], the first row uppermost, the diagonal outlined."""
        canvas.image(key, self.panel.area, colours[::-1], z=1)
        if self.cell >= LEAST_OUTLINED:
            canvas.line(("diagonal", key), *self._outlines(), theme.text, width=1, z=5)

    def draw_texts(
        self, canvas: Canvas, key: Hashable, texts: Sequence[str], inks: Sequence[str], used: QFont
    ) -> None:
        """Write a text into each cell, row by row, each in its colour."""
        told = zip(self._middles(), texts, inks, strict=True)
        some = [(Word(*at, text), ink) for at, text, ink in told if text]
        words, colours = tuple(one for one, _ in some), tuple(ink for _, ink in some)
        canvas.put(("texts", key), PlainWords, z=8).show_words(words, colours, used)

    def draw_names(self, canvas: Canvas, key: Hashable, theme: Theme) -> None:
        """Write the names left of the rows and below the columns; where it is narrow, a few."""
        (left, _), (bottom, top) = self.panel.area
        made = font(theme.small_font)
        names = shortened(self.names)
        wide = max(width_of(name, theme.small_font) for name in names) + 2 * BESIDE
        tall = QFontMetricsF(made).ascent() + 1
        rows, columns = (-(-room // self.cell) for room in (tall, wide))
        words = [
            Word(left, top - (at + 0.5) * self.cell, names[at], right=-1, gap=BESIDE)
            for at in range(0, len(names), max(1, int(rows)))
        ]
        words += [
            Word(left + (at + 0.5) * self.cell, bottom, names[at], up=-1, gap=BESIDE - 2)
            for at in range(0, len(names), max(1, int(columns)))
        ]
        item = canvas.put(("names", key), PlainWords, z=8)
        item.show_words(tuple(words), (theme.muted,) * len(words), made)

    def cell_at(self, place: tuple[float, float]) -> tuple[int, int] | None:
        """Return row, from the uppermost, and column of the cell at a place; None: outside."""
        count = len(self.names)
        found = self.panel.cell_at(place, count, count)
        return (count - 1 - found[0], found[1]) if found else None

    def _outlines(self) -> tuple[Array, Array]:
        """Return one line around each cell of the diagonal, with gaps."""
        (left, _), (_, top) = self.panel.area
        corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0], [np.nan, np.nan]])
        places = (np.arange(len(self.names))[:, None, None] + corners).reshape(-1, 2)
        return left + places[:, 0] * self.cell, top - places[:, 1] * self.cell

    def _middles(self) -> list[tuple[float, float]]:
        (left, _), (_, top) = self.panel.area
        steps = (np.arange(len(self.names)) + 0.5) * self.cell
        return [(left + x, top - y) for y in steps.tolist() for x in steps.tolist()]


def font_for(texts: Collection[str], cell: float, theme: Theme) -> QFont | None:
    """Return the larger of two fonts in which every text fits into a cell, or None."""
    for size in (theme.small_font, theme.small_font - SMALLER):
        made = font(size)
        widest = max((width_of(text, size) for text in texts), default=0.0)
        if widest + 3 <= cell and QFontMetricsF(made).ascent() + 1 <= cell:
            return made
    return None


def table_in(panel: Panel, names: tuple[str, ...], theme: Theme) -> SquareTable:
    """Return the largest table of whole pixels in a panel, with room for names of its classes."""
    (left, right), (bottom, top) = panel.area
    metrics = QFontMetricsF(font(theme.small_font))
    widest = max(width_of(name, theme.small_font) for name in shortened(names))
    beside = widest + BESIDE + 1
    below = metrics.height() + BESIDE
    room = min(right - left - beside, top - bottom - below)
    cell = max(room, 1.0) / len(names)
    cell = float(np.floor(cell)) if cell >= 1 else cell
    side = cell * len(names)
    start = round((left + right - side + beside) / 2)
    upper = round(top)
    area = (float(start), start + side), (upper - side, float(upper))
    return SquareTable(Panel(area, panel.pixel), names, cell)


def shortened(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names with what is too long cut off."""
    return tuple(one if len(one) <= LONGEST else f"{one[: LONGEST - 1]}…" for one in names)


def inks_on(colours: Pixels, theme: Theme) -> list[str]:
    """Return the colour of text that is read best on each of these [..., 4], in their order."""
    flat = colours.reshape(-1, colours.shape[-1])
    ground = np.where(flat[:, 3:] > 0, flat[:, :3], _parts_of(theme.base))
    light = _luminance(ground)
    contrasts = []
    for ink in (theme.text, theme.base):
        own = _luminance(_parts_of(ink))
        contrasts.append((np.maximum(light, own) + 0.05) / (np.minimum(light, own) + 0.05))
    first = contrasts[0] >= contrasts[1]
    return [theme.text if one else theme.base for one in first.tolist()]


def _parts_of(colour: str) -> npt.NDArray[np.int64]:
    """Return red, green and blue of "#rrggbb"."""
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)])


def _luminance(colours: npt.NDArray[np.integer]) -> Array:
    """Return the relative luminance of colours [..., 3] (WCAG 2.2)."""
    part = colours.astype(np.float64) / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    found: Array = linear @ np.array([0.2126, 0.7152, 0.0722])
    return found
