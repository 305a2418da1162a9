"""Words and signs on a picture: names at the ends of lines, and where one broke off."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QGraphicsItem

from initstudio.ui.chart.lines import Array

GAP = 6.0
LEADER = 10.0
"""Pixels from the axes to the names."""
LONGEST = 130.0
CROSS = 4.5


class Mark(NamedTuple):
    """A word at a height (of the canvas), in a colour "#rrggbb"; `x` where it is not at the end."""

    y: float
    text: str
    colour: str
    x: float = 0.0


def spread_out(places: Sequence[float], gap: float, low: float, high: float) -> Array:
    """Return places at least `gap` apart, within [low, high] while they fit, moved the least.

    The least in the sum of squares, for places in their order (pool adjacent violators).
    """
    order = np.argsort(np.asarray(places, np.float64), kind="stable")
    steps = gap * np.arange(len(order))
    wanted = np.asarray(places, np.float64)[order] - steps
    means: list[float] = []
    counts: list[int] = []
    for one in wanted:
        mean, count = float(one), 1
        while means and means[-1] > mean:
            before, several = means.pop(), counts.pop()
            mean = (mean * count + before * several) / (count + several)
            count += several
        means.append(mean)
        counts.append(count)
    pooled = np.repeat(means, counts)
    room = max(high - low - steps[-1], 0.0) if len(steps) else 0.0
    found = np.empty(len(order))
    found[order] = np.clip(pooled, low, low + room) + steps
    return found


class EndNames(QGraphicsItem):
    """The names of lines, right of the axes, each at the height at which its line ends."""

    def __init__(self, viewbox: pg.ViewBox, parent: QGraphicsItem) -> None:
        super().__init__(parent)
        self._viewbox = viewbox
        self._marks: tuple[Mark, ...] = ()
        self._font = QFont()

    def show_marks(self, marks: Sequence[Mark], face: QFont) -> None:
        """Show these names."""
        if (tuple(marks), face) != (self._marks, self._font):
            self.prepareGeometryChange()
            self._marks, self._font = tuple(marks), face
            self.update()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return what is shown."""
        return self._marks

    @property
    def room(self) -> int:
        """Return how many pixels the names need right of the axes; in steps, so that it rests."""
        metrics = QFontMetricsF(self._font)
        widths = [min(metrics.horizontalAdvance(mark.text), LONGEST) for mark in self._marks]
        return int(-(-(max(widths) + LEADER + GAP) // 12) * 12) if widths else 0

    def boundingRect(self) -> QRectF:
        """Return what may be painted on."""
        area = self._viewbox.geometry()
        return QRectF(area.right(), area.top() - 12, LONGEST + LEADER + GAP, area.height() + 24)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the words and signs."""
        painter.setFont(self._font)
        metrics = QFontMetricsF(self._font)
        area = self._viewbox.geometry()
        heights = [self._height(mark.y, area) for mark in self._marks]
        half = metrics.height() / 2
        places = spread_out(
            heights, metrics.height() * 0.95, area.top() + half, area.bottom() - half
        )
        for mark, true, place in zip(self._marks, heights, places, strict=True):
            painter.setPen(QPen(QColor(mark.colour), 1))
            left = area.right()
            painter.drawLine(QPointF(left + 1, true), QPointF(left + LEADER - 2, place))
            text = metrics.elidedText(mark.text, Qt.TextElideMode.ElideRight, LONGEST)
            baseline = place + (metrics.ascent() - metrics.descent()) / 2
            painter.drawText(QPointF(left + LEADER, baseline), text)

    def _height(self, y: float, area: QRectF) -> float:
        (_, _), (bottom, top) = self._viewbox.viewRange()
        share = (y - bottom) / (top - bottom) if top > bottom else 0.5
        return area.bottom() - min(max(share, 0.0), 1.0) * area.height()


class Crosses(pg.GraphicsObject):
    """Crosses of a fixed size on the screen, each with a word beside it."""

    def __init__(self) -> None:
        super().__init__()
        self._marks: tuple[Mark, ...] = ()
        self._font = QFont()

    def show_marks(self, marks: Sequence[Mark], face: QFont) -> None:
        """Show these."""
        self._marks, self._font = tuple(marks), face
        self.update()

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Return what is shown."""
        return self._marks

    def boundingRect(self) -> QRectF:
        """Return what may be painted on."""
        return QRectF(self.viewRect())

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the words and signs."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        transform = painter.transform()
        painter.resetTransform()
        painter.setFont(self._font)
        metrics = QFontMetricsF(self._font)
        window = transform.mapRect(self.boundingRect())
        for mark in self._marks:
            at = transform.map(QPointF(mark.x, mark.y))
            painter.setPen(QPen(QColor(mark.colour), 2.2))
            for side in (-1, 1):
                arm = QPointF(CROSS, side * CROSS)
                painter.drawLine(at - arm, at + arm)
            width = metrics.horizontalAdvance(mark.text)
            left = at.x() + CROSS + GAP
            if left + width > window.right():
                left = at.x() - CROSS - GAP - width
            painter.drawText(QPointF(left, at.y() - CROSS), mark.text)

    def viewTransformChanged(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Note that the view has changed, and forget the old one."""
        super().viewTransformChanged()
        self.prepareGeometryChange()
