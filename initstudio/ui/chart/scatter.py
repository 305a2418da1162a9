"""Many dots in a few colours, each on a ring, painted once while they stay where they are."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPixmap, QPolygonF, QTransform
from PySide6.QtWidgets import QWidget

from initstudio.ui.chart.lines import Array

RING = 1.0
"""Width of a ring, pixels."""


class Scatter(pg.GraphicsObject):
    """Dots of a fixed size on the screen. On a widget they are painted from a picture of them."""

    def __init__(self) -> None:
        super().__init__()
        self._points: Array = np.zeros((0, 2))
        self._chosen: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._groups: list[QPolygonF] = []
        self._look: tuple[tuple[str, ...], str, float] = ((), "", 1.0)
        self._layer = QPixmap()
        self._painted: tuple[QTransform, QSize, float] | None = None

    def show_points(
        self,
        points: Array,
        groups: npt.NDArray[np.int64],
        colours: Sequence[str],
        *,
        ring: str,
        size: float,
    ) -> None:
        """Show dots at points [n, 2], each in the colour of its group [n]; `size` in pixels."""
        look = (tuple(colours), ring, size)
        same = np.array_equal(points, self._points) and np.array_equal(groups, self._chosen)
        if same and look == self._look:
            return
        self._points, self._chosen, self._look = points, groups, look
        self._groups = [
            QPolygonF([QPointF(*place) for place in points[groups == at].tolist()])
            for at in range(len(colours))
        ]
        self._painted = None
        self.update()

    def boundingRect(self) -> QRectF:
        """Return all that is in view."""
        return QRectF(self.viewRect())

    def paint(self, painter: QPainter, _option: object, widget: QWidget | None = None) -> None:
        """Paint the dots; on a widget a picture of them, made anew where they have moved."""
        placed = painter.transform()
        painter.resetTransform()
        if widget is None:
            self._paint_dots(painter, placed)
            return
        ratio = widget.devicePixelRatioF()
        state = (placed, widget.size(), ratio)
        if state != self._painted:
            self._layer = QPixmap(widget.size() * ratio)
            self._layer.setDevicePixelRatio(ratio)
            self._layer.fill(Qt.GlobalColor.transparent)
            inner = QPainter(self._layer)
            self._paint_dots(inner, placed)
            inner.end()
            self._painted = state
        painter.drawPixmap(QPointF(), self._layer)

    def _paint_dots(self, painter: QPainter, placed: QTransform) -> None:
        colours, ring, size = self._look
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        groups = [placed.map(group).toList() for group in self._groups]
        for ink, radius in ((ring, size / 2 + RING), ("", size / 2)):
            for colour, group in zip(colours, groups, strict=True):
                painter.setBrush(QBrush(QColor(ink or colour)))
                for place in group:
                    painter.drawEllipse(place, radius, radius)

    def viewTransformChanged(self) -> None:  # noqa: N802 - pyqtgraph's name
        """Note that another part is in view, and forget the one that was."""
        super().viewTransformChanged()
        self.prepareGeometryChange()
