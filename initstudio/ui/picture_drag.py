"""A picture is taken by its title and dropped where another lies, or out of the window."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel

from initstudio.ui.board_grid import BoardGrid
from initstudio.ui.plots.plot import Plot

BELOW = QPoint(14, 12)
"""From the mouse to the name that goes along with it, pixels."""


class PictureDrag(QObject):
    """Watches the titles of the pictures on a grid. The person's wishes are its signals."""

    dropped = Signal(object, int)
    """A plot is to lie in that place."""
    torn = Signal(object, QPoint)
    """A plot is to have a window of its own, about there on the screen."""

    def __init__(self, grid: BoardGrid, is_loose: Callable[[Plot], bool]) -> None:
        super().__init__(grid)
        self._grid = grid
        self._is_loose = is_loose
        self._plots: dict[QObject, Plot] = {}
        self._from: QPoint | None = None
        self._held: Plot | None = None
        self._name: QLabel | None = None

    @property
    def held(self) -> Plot | None:
        """Return the picture that is being dragged."""
        return self._held

    def watch(self, plot: Plot) -> None:
        """Let this picture be dragged."""
        self._plots[plot.title] = plot
        plot.title.setCursor(Qt.CursorShape.OpenHandCursor)
        plot.title.installEventFilter(self)

    def forget(self, plot: Plot) -> None:
        """Let go of a picture that is taken off."""
        if self._held is plot:
            self._end()
        plot.title.removeEventFilter(self)
        self._plots.pop(plot.title, None)

    def _begin(self, plot: Plot) -> None:
        self._held = plot
        plot.title.setCursor(Qt.CursorShape.ClosedHandCursor)
        self._name = QLabel(plot.label, self._grid.window())
        self._name.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._name.setProperty("kind", "chip")
        self._name.show()
        self._name.adjustSize()  # the style sheet's margins are known only now
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]  # there is one

    def _end(self) -> None:
        """End the drag, whatever comes of it."""
        plot, self._held, self._from = self._held, None, None
        if plot is None:
            return
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        plot.title.setCursor(Qt.CursorShape.OpenHandCursor)
        self._grid.mark(None)
        if self._name:
            self._name.hide()
            self._name.deleteLater()
            self._name = None

    def _place(self, plot: Plot, spot: QPoint) -> int | None:
        """Return the place below a spot of the screen, if another picture lies there."""
        here = self._grid.mapFromGlobal(spot)
        place = self._grid.place_at(here)
        own = self._grid.place_at(plot.geometry().center())
        return None if place == own else place

    def _follow(self, plot: Plot, spot: QPoint) -> None:
        if self._name:
            self._name.move(self._grid.window().mapFromGlobal(spot) + BELOW)
        self._grid.mark(self._place(plot, spot))

    def _drop(self, plot: Plot, spot: QPoint) -> None:
        place = self._place(plot, spot)
        outside = not self._grid.window().frameGeometry().contains(spot)
        self._end()
        if place is not None:
            self.dropped.emit(plot, place)
        elif outside:
            self.torn.emit(plot, spot)

    def _on_mouse(self, plot: Plot, event: QMouseEvent) -> bool:
        """Return whether the event was part of a drag."""
        spot = event.globalPosition().toPoint()
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                self._from = None if self._is_loose(plot) else spot
            case QEvent.Type.MouseButtonDblClick:
                self._from = None
                if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                    self.torn.emit(plot, spot)
                    return True
            case QEvent.Type.MouseMove if self._from is not None:
                far = (spot - self._from).manhattanLength() >= QApplication.startDragDistance()
                if self._held is None and far:
                    self._begin(plot)
                if self._held:
                    self._follow(self._held, spot)
                    return True
            case QEvent.Type.MouseButtonRelease:
                held, self._from = self._held, None
                if held:
                    self._drop(held, spot)
                    return True
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        """Give up the drag; return whether the key was for us."""
        if event.key() != Qt.Key.Key_Escape:
            return False
        event.accept()
        if event.type() == QEvent.Type.KeyPress:
            self._end()
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the mouse over titles, and Esc everywhere while a picture is dragged."""
        if isinstance(event, QKeyEvent) and self._held:
            return self._on_key(event)
        plot = self._plots.get(watched)
        if plot is not None and isinstance(event, QMouseEvent):
            return self._on_mouse(plot, event)
        return super().eventFilter(watched, event)
