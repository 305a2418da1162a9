"""A small table that is painted as part of a picture, in the size that the room allows."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen

from initstudio.ui.chart.words import Fixed
from initstudio.ui.theme import LIGHT, Theme, font

SWATCH, GAP = 22.0, 18.0
"""Pixels of a contender's mark with its space, and between two columns."""
LONGEST = 180.0
LARGEST = 1.4
"""Times the plots' text size that a table grows to where there is room."""


class Cell(NamedTuple):
    """A text, and its ink where it is another than the others'."""

    text: str
    ink: str = ""


class Row(NamedTuple):
    """One contender: its colour slot, its name and a cell for each further column."""

    slot: int
    name: str
    cells: Sequence[Cell]


class Table(Fixed):
    """Headings of up to two lines over rows; the columns share the width that is there."""

    def __init__(self) -> None:
        super().__init__()
        self._heads: tuple[str, ...] = ()
        self._rows: tuple[Row, ...] = ()
        self._theme = LIGHT
        self._edges: tuple[float, ...] = ()

    def show_rows(self, heads: tuple[str, ...], rows: tuple[Row, ...], theme: Theme) -> None:
        """Show these; the first heading is that of the names."""
        self._heads, self._rows, self._theme = heads, rows, theme
        self.update()

    def column_at(self, share: float) -> int:
        """Return the column at a share of the width, 0 to 1, as it was painted last; -1: none."""
        return next((at for at, right in enumerate(self._edges) if share <= right), -1)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint them."""
        view = painter.transform().mapRect(self.boundingRect())
        painter.resetTransform()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        small, body = font(self._theme.small_font), font(self._theme.plot_font)
        widths = self._widths(small, body)
        tall = QFontMetricsF(body).height() + 9
        lines = max((head.count("\n") + 1 for head in self._heads), default=1)
        top = QFontMetricsF(small).height() * lines + 8
        needed = sum(widths)
        whole = top + tall * len(self._rows)
        scale = min(LARGEST, view.width() / needed, view.height() / whole)
        room = min(view.width() / scale, needed * 1.5)
        spare = (room - needed) / max(1, len(widths) - 1)
        rights = [sum(widths[: at + 1]) + spare * at for at in range(len(widths))]
        self._edges = tuple(right * scale / max(view.width(), 1) for right in rights)
        painter.translate(view.topLeft())
        painter.scale(scale, scale)
        self._paint_heads(painter, small, widths, rights, top)
        painter.setFont(body)
        for at, row in enumerate(self._rows):
            self._paint_row(painter, row, widths, rights, QRectF(0, top + at * tall, room, tall))

    def _widths(self, small: QFont, body: QFont) -> list[float]:
        """Return the least width of each column, with its gap."""
        heads, cells = QFontMetricsF(small), QFontMetricsF(body)
        names = [cells.horizontalAdvance(row.name) for row in self._rows]
        found = [SWATCH + min(LONGEST, max(names, default=0.0)) + 4]
        for at, head in enumerate(self._heads[1:]):
            texts = [cells.horizontalAdvance(row.cells[at].text) for row in self._rows]
            lines = [heads.horizontalAdvance(line) for line in head.split("\n")]
            found.append(max(texts + lines) + GAP)
        return found

    def _paint_heads(
        self, painter: QPainter, small: QFont, widths: list[float], rights: list[float], top: float
    ) -> None:
        painter.setFont(small)
        painter.setPen(QColor(self._theme.muted))
        low = Qt.AlignmentFlag.AlignBottom
        for at, (head, right) in enumerate(zip(self._heads, rights, strict=True)):
            side = Qt.AlignmentFlag.AlignRight if at else Qt.AlignmentFlag.AlignLeft
            line_height = QFontMetricsF(small).height()
            lines = head.split("\n")
            for number, line in enumerate(reversed(lines)):
                bottom = top - 5 - number * line_height
                box = QRectF(right - widths[at], bottom - line_height, widths[at], line_height)
                painter.drawText(box, side | low, line)
        painter.setPen(QPen(QColor(self._theme.border), 1))
        painter.drawLine(QPointF(0, top - 1), QPointF(rights[-1], top - 1))

    def _paint_row(
        self, painter: QPainter, row: Row, widths: list[float], rights: list[float], box: QRectF
    ) -> None:
        theme = self._theme
        middle = box.center().y()
        pen = QPen(QColor(theme.colour(row.slot)), 3)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        if dash := theme.dash(row.slot):
            pen.setDashPattern([part / 1.5 for part in dash])
        painter.setPen(pen)
        painter.drawLine(QPointF(0, middle), QPointF(SWATCH - 6, middle))
        metrics = QFontMetricsF(painter.font())
        name = metrics.elidedText(row.name, Qt.TextElideMode.ElideRight, LONGEST)
        painter.setPen(QColor(theme.text))
        centre = Qt.AlignmentFlag.AlignVCenter
        left = QRectF(SWATCH, box.top(), widths[0], box.height())
        painter.drawText(left, centre | Qt.AlignmentFlag.AlignLeft, name)
        for at, cell in enumerate(row.cells, start=1):
            place = QRectF(rights[at] - widths[at], box.top(), widths[at], box.height())
            painter.setPen(QColor(cell.ink or theme.text))
            painter.drawText(place, centre | Qt.AlignmentFlag.AlignRight, cell.text)
        painter.setPen(QPen(QColor(theme.grid), 1))
        painter.drawLine(QPointF(0, box.bottom() - 0.5), QPointF(rights[-1], box.bottom() - 0.5))
