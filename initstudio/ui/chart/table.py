"""A small table that is painted as part of a picture, in the size and on the side that fit best."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from initstudio.ui.chart.words import Fixed
from initstudio.ui.theme import LIGHT, Theme, font

SWATCH, GAP = 22.0, 16.0
"""Pixels of a contender's mark with its space, and between two columns."""
LONGEST = 150.0
LARGEST = 1.4
"""Times the plots' text size that a table grows to where there is room."""
TALL = 9.0
"""Pixels of a row besides its text."""
WIDE = 1.5
"""Times the width that is needed, to which columns are spread where there is room."""


class Cell(NamedTuple):
    """A text, and its ink where it is another than the others'."""

    text: str
    ink: str = ""


class Row(NamedTuple):
    """One contender: its colour slot, its name and a cell for each further column.

    `run` is 0 for the present run, and counts the pinned ones from 1 on; `of` is their name.
    """

    slot: int
    name: str
    cells: Sequence[Cell]
    run: int = 0
    of: str = ""

    @property
    def full_name(self) -> str:
        """Return the name with that of the run."""
        return f"{self.name} ({self.of})" if self.of else self.name


class _Box(NamedTuple):
    """A cell as it is painted: its text, its ink, and whose mark it has; no slot is -1."""

    text: str
    ink: str
    slot: int = -1
    run: int = 0


_Grid = list[list[_Box]]


class _Sized(NamedTuple):
    """A grid with the width of each column and the height of each row, and how it fits."""

    grid: _Grid
    widths: list[float]
    heights: list[float]
    scale: float


class Table(Fixed):
    """A row for each contender; or a column, where that way the text can be larger."""

    def __init__(self) -> None:
        super().__init__()
        self._heads: tuple[str, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._theme = LIGHT

    def show_rows(self, heads: tuple[str, ...], rows: tuple[Row, ...], theme: Theme) -> None:
        """Show these; the first heading is that of the names."""
        self._heads, self._rows, self._theme = heads, rows, theme
        self.update()

    def heading_at(self, x: float, y: float, view: QRectF) -> int:
        """Return the number of the heading that a place in pixels of the view is under; -1: none.

        Headings stand over their columns, or before their rows.
        """
        found = self._fitted(view)
        lies = found.grid[0][0].text != self._heads[0]
        ends = [0.0]
        for part in found.heights if lies else self._spread(found, view):
            ends.append(ends[-1] + part * found.scale)
        at = y if lies else x
        # where it lies, the headings stand before the rows of each run anew
        heads = (n % len(self._heads) for n, end in enumerate(ends[1:]) if ends[n] <= at < end)
        return next(heads, -1)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the table."""
        view = painter.transform().mapRect(self.boundingRect())
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(font(self._theme.plot_font))
        found = self._fitted(view)
        widths = self._spread(found, view)
        painter.translate(view.topLeft())
        painter.scale(found.scale, found.scale)
        top = 0.0
        for number, (row, height) in enumerate(zip(found.grid, found.heights, strict=True)):
            left = 0.0
            for at, (box, width) in enumerate(zip(row, widths, strict=True)):
                self._paint_box(painter, box, QRectF(left, top, width, height), right=at > 0)
                left += width
            top += height
            painter.setPen(QPen(QColor(self._theme.grid if number else self._theme.border), 1))
            painter.drawLine(QPointF(0, top - 0.5), QPointF(left, top - 0.5))

    def _fitted(self, view: QRectF) -> _Sized:
        """Return the table standing or lying, whichever can be larger."""
        standing, lying = self._sized(self._standing(), view), self._sized(self._lying(), view)
        return lying if lying.scale > standing.scale + 0.05 else standing

    def _standing(self) -> _Grid:
        """Return a row for each contender."""
        muted, text = self._theme.muted, self._theme.text
        grid = [[_Box(head, muted) for head in self._heads]]
        for row in self._rows:
            cells = [_Box(cell.text, cell.ink or text) for cell in row.cells]
            grid.append([_Box(row.full_name, text, row.slot, row.run), *cells])
        return grid

    def _lying(self) -> _Grid:
        """Return a column for each contender, those of each run below those of the one before."""
        muted, text = self._theme.muted, self._theme.text
        runs = [list(rows) for _, rows in groupby(self._rows, key=lambda row: row.run)]
        most = max((len(rows) for rows in runs), default=0)
        grid: _Grid = []
        for rows in runs:
            names = (_Box(row.name, text, row.slot, row.run) for row in rows)
            block = [[_Box(rows[0].of, text), *names]]
            for at, head in enumerate(self._heads[1:]):
                cells = [row.cells[at] for row in rows]
                label = _Box(head.replace("\n", " "), muted)
                block.append([label, *(_Box(cell.text, cell.ink or text) for cell in cells)])
            rest = [_Box("", text)] * (most - len(rows))
            grid += [line + rest for line in block]
        return grid

    def _sized(self, grid: _Grid, view: QRectF) -> _Sized:
        metrics = QFontMetricsF(font(self._theme.plot_font))

        def width(box: _Box) -> float:
            lines = [metrics.horizontalAdvance(line) for line in box.text.split("\n")]
            return max(lines) if box.slot < 0 else min(lines[0], LONGEST) + SWATCH

        columns = [max(width(row[at]) for row in grid) for at in range(len(grid[0]))]
        widths = [one + (GAP if at else 2.0) for at, one in enumerate(columns)]
        lines = [max(box.text.count("\n") for box in row) + 1 for row in grid]
        heights = [TALL + metrics.height() * count for count in lines]
        scale = min(LARGEST, view.width() / sum(widths), view.height() / sum(heights))
        return _Sized(grid, widths, heights, max(scale, 0.01))

    def _spread(self, found: _Sized, view: QRectF) -> list[float]:
        """Return the widths of columns that share the room that is left."""
        needed = sum(found.widths)
        room = min(view.width() / found.scale, needed * WIDE)
        spare = max(0.0, room - needed) / max(1, len(found.widths) - 1)
        return [width + (spare if at else 0.0) for at, width in enumerate(found.widths)]

    def _paint_box(self, painter: QPainter, box: _Box, area: QRectF, *, right: bool) -> None:
        metrics = QFontMetricsF(painter.font())
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        line = metrics.height()
        lines = box.text.split("\n")
        if box.slot >= 0:
            lines = [metrics.elidedText(box.text, Qt.TextElideMode.ElideRight, LONGEST)]
            start = area.right() - metrics.horizontalAdvance(lines[0]) - SWATCH if right else 0.0
            self._paint_swatch(painter, box, start, area.center().y())
            area = area if right else area.adjusted(SWATCH, 0, 0, 0)
        painter.setPen(QColor(box.ink))
        top = area.center().y() - line * len(lines) / 2
        for number, text in enumerate(lines):
            place = QRectF(area.left(), top + number * line, area.width(), line)
            painter.drawText(place, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_swatch(self, painter: QPainter, box: _Box, left: float, middle: float) -> None:
        theme = self._theme
        pen = pg.mkPen(theme.colour(box.slot), width=2 if box.run else 3)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if dash := theme.pinned_dash(box.run) if box.run else theme.dash(box.slot):
            pen.setDashPattern([part / 1.5 for part in dash])
        painter.setPen(pen)
        painter.drawLine(QPointF(left, middle), QPointF(left + SWATCH - 6, middle))
