"""What a person does with the mouse over a pair of axes, as signals in the plane's own units."""

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent

from initstudio.ui.chart.lines import Range

NOTCH = 120
"""Eighths of a degree that a notch of a wheel turns."""


class PointedPlot(pg.PlotWidget):
    """A plot that tells where it is pointed at, clicked, dragged and wheeled."""

    hovered = Signal(object)
    """The x below the mouse, or None."""
    pointed = Signal(object)
    """The place (x, y) below the mouse, or None."""
    clicked = Signal(object)
    """The place (x, y) at which the left button was pressed."""
    wheeled = Signal(float, float)
    """The x below the mouse, and by how many notches the wheel was turned away from the person."""
    dragged = Signal(float)
    """By how much x is to move to the right in what is seen."""
    double_clicked = Signal()

    view: tuple[Range, Range]
    viewbox: pg.ViewBox
    _grabbed: float | None = None

    def place_at(self, spot: QPointF) -> tuple[float, float] | None:
        """Return the place (x, y) below a spot of ours; None outside of the axes."""
        scene = self.mapToScene(spot.toPoint())
        if not self.viewbox.sceneBoundingRect().contains(scene):
            return None
        place = self.viewbox.mapSceneToView(scene)
        return float(place.x()), float(place.y())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Tell where the mouse is."""
        super().mouseMoveEvent(event)
        if self._grabbed is not None:
            by = event.position().x() - self._grabbed
            self._grabbed = event.position().x()
            left, right = self.view[0]
            self.dragged.emit(-by * (right - left) / max(1, int(self.viewbox.width())))
        place = self.place_at(event.position())
        self.hovered.emit(place[0] if place else None)
        self.pointed.emit(place)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Tell of the wheel over the axes."""
        place = self.place_at(event.position())
        if place is not None:
            self.wheeled.emit(place[0], event.angleDelta().y() / NOTCH)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of what is drawn, and tell where."""
        super().mousePressEvent(event)
        if event.button() != Qt.MouseButton.LeftButton:
            return
        event.accept()
        self._grabbed = event.position().x()
        place = self.place_at(event.position())
        if place is not None:
            self.clicked.emit(place)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._grabbed = None
        super().mouseReleaseEvent(event)
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Tell of it."""
        event.accept()
        self.double_clicked.emit()

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the mouse has gone."""
        super().leaveEvent(event)
        self.hovered.emit(None)
        self.pointed.emit(None)
