"""A picture in a window of its own, for a second screen, and what stands in its place meanwhile."""

from collections.abc import Iterable

from PySide6.QtCore import QByteArray, QPoint, QSettings, QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from initstudio.ui.plots.plot import Plot

FIRST_SIZE = QSize(960, 600)
GRIP = QPoint(60, 20)
"""Where in a window that is dropped somewhere the mouse is."""


class PictureWindow(QWidget):
    """Holds one plot until it is closed, which `closed` tells; F11 fills the screen.

    `settings` names what is remembered: where the window of such a picture was last.
    """

    closed = Signal()

    def __init__(self, plot: Plot, settings: str, at: QPoint | None = None) -> None:
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("picture_window")
        self.setWindowTitle(f"{plot.label} - InitStudio")
        self.setAccessibleName(f"{plot.label} in a window of its own")
        self._plot = plot
        self._settings = f"picture windows/{settings}"
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(plot)
        plot.show()
        for keys, slot in (("F11", self.toggle_full_screen), ("Esc", self.leave_full_screen)):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)
        self._restore(at)

    def share(self, actions: Iterable[QAction]) -> None:
        """Let the keys of these actions work here, too."""
        self.addActions(list(actions))

    def toggle_full_screen(self) -> None:
        """Fill the screen, or leave it."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def leave_full_screen(self) -> None:
        """Leave the full screen."""
        if self.isFullScreen():
            self.showNormal()

    def toggle_maximized(self) -> None:
        """Take all of the desktop, or leave it."""
        if self.isMaximized() or self.isFullScreen():
            self.showNormal()
        else:
            self.showMaximized()

    def _restore(self, at: QPoint | None) -> None:
        self.resize(FIRST_SIZE)
        geometry = QSettings().value(self._settings)
        if isinstance(geometry, QByteArray):
            self.restoreGeometry(geometry)
        if at is not None:
            self.move(at - GRIP)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember where the window was, and tell that the picture is to go back."""
        QSettings().setValue(self._settings, self.saveGeometry())
        super().closeEvent(event)
        self.closed.emit()


class StandIn(QFrame):
    """Says that a picture is elsewhere; `back_asked` is the button's."""

    back_asked = Signal()

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("kind", "card")
        self.setAccessibleName(f"{label}: its place")
        text = QLabel(f"“{label}” is shown in its own window.", wordWrap=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text.setProperty("kind", "muted")
        self.back = QPushButton("Bring back")
        self.back.setAccessibleName(f"{label}: Bring back")
        self.back.setToolTip("Close that window and show the picture here again.")
        self.back.clicked.connect(self.back_asked)
        column = QVBoxLayout(self)
        column.addStretch(1)
        column.addWidget(text)
        column.addWidget(self.back, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
