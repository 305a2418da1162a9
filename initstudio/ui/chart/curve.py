"""Lines and dots that cost little: their bounds are the part in view, and nothing is asked twice.

pyqtgraph's own curve asks for its bounds and its view in every frame; with 16 contenders that took
longer than drawing them.
"""

import numpy as np
import numpy.typing as npt
import pyqtgraph as pg
from pyqtgraph.graphicsItems.PlotCurveItem import arrayToLineSegments
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem

from initstudio.ui.chart.lines import Array

Connect = str | npt.NDArray[np.int32]
"""How points are joined: "finite" leaves out what is NaN; or, for each, whether it is joined."""


class Seen(QGraphicsItem):
    """Something drawn that fills the part of the plane that is in view."""

    def __init__(self) -> None:
        super().__init__()
        self._area = QRectF()

    def show_in(self, area: QRectF) -> None:
        """Take the part that is in view."""
        if area != self._area:
            self.prepareGeometryChange()
            self._area = area

    def boundingRect(self) -> QRectF:
        """Return the part in view."""
        return self._area


class Curve(Seen):
    """A line through points, in straight pieces or as one path."""

    def __init__(self) -> None:
        super().__init__()
        self.x_values = np.zeros(0)
        self.y_values = np.zeros(0)
        self._pen = QPen()
        self._pieces: object = None
        self._path: QPainterPath | None = None
        self._smooth = False

    @property
    def pen(self) -> QPen:
        """Return what it is drawn with."""
        return self._pen

    def show_line(  # noqa: PLR0913 - what a line is
        self, x: Array, y: Array, pen: QPen, connect: Connect, *, smooth: bool, pieces: bool
    ) -> None:
        """Show a line through points [n]; in pieces it is several times as quick."""
        self.x_values, self.y_values, self._pen, self._smooth = x, y, pen, smooth
        known = np.flatnonzero(np.isfinite(y))
        if len(known) < 2:  # no line, and readers of SVG choke on a path of nothing
            self._path = self._pieces = None
        elif pieces:
            self._path = None
            self._pieces = arrayToLineSegments(
                x, y, connect=connect, finiteCheck=True, out=self._pieces
            )
        else:
            self._path, self._pieces = pg.arrayToQPath(x, y, connect=connect), None

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the line."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, self._smooth)
        painter.setPen(self._pen)
        if self._path is not None:
            painter.drawPath(self._path)
        elif self._pieces is not None:
            painter.drawLines(*self._pieces.drawargs())  # type: ignore[attr-defined]


class Dots(Seen):
    """Round dots of a fixed size on the screen; far cheaper than a scatter plot's."""

    def __init__(self) -> None:
        super().__init__()
        self._points = QPolygonF()
        self._brush = QBrush()
        self._radius = 1.0

    def show_points(self, x: Array, y: Array, colour: str, size: float) -> None:
        """Show dots at these places."""
        self._points = QPolygonF([QPointF(*at) for at in zip(x.tolist(), y.tolist(), strict=True)])
        self._brush = QBrush(QColor(colour))
        self._radius = size / 2

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint the dots."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._brush)
        places = painter.transform().map(self._points)
        painter.resetTransform()
        for place in places.toList():
            painter.drawEllipse(place, self._radius, self._radius)
