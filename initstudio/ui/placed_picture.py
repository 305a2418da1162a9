"""One picture of a board: its plot, what can be done with it, and the window that it may have."""

from collections.abc import Iterable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from initstudio.ui.picture_keys import PICTURE_ACTS
from initstudio.ui.picture_window import PictureWindow, StandIn
from initstudio.ui.plots.plot import Plot


class PlacedPicture(QObject):
    """A plot in its place; `asked(key)` tells which of `PICTURE_ACTS` a person wants."""

    asked = Signal(str)
    came_back = Signal()
    """Its window was closed."""

    def __init__(self, plot: Plot, page: str, parent: QObject) -> None:
        super().__init__(parent)
        self.plot = plot
        self._page = page
        self.window: PictureWindow | None = None
        self._stand_in: StandIn | None = None
        plot.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.acts = self._make_acts()

    @property
    def widget(self) -> QWidget:
        """Return what is to be seen in its place on the board."""
        return self._stand_in or self.plot

    @property
    def is_torn_off(self) -> bool:
        """Return whether it is in a window of its own."""
        return self.window is not None

    def show_state(self, *, large: bool, full: bool) -> None:
        """Enable what is possible, and name it as it is; `full`: the board has no more room."""
        self.acts["duplicate"].setEnabled(not full)
        self.acts["back"].setEnabled(large)
        self.acts["enlarge"].setText("Give &all their places back" if large else "&Enlarge")
        text = "Bring &back to the board" if self.window else "In a &window of its own"
        self.acts["window"].setText(text)

    def tear_off(self, at: QPoint | None, actions: Iterable[QAction]) -> None:
        """Move the plot into a window of its own; the keys of `actions` work there, too."""
        if self.window:
            return
        self._stand_in = StandIn(self.plot.label)
        self._stand_in.back_asked.connect(self.bring_back)
        self.window = PictureWindow(self.plot, f"{self._page} {self.plot.key}", at)
        self.window.share(actions)
        self.window.closed.connect(self._on_closed)
        self.window.show()
        self.window.activateWindow()
        self.plot.setFocus()

    def bring_back(self) -> None:
        """Close the window, if there is one; the plot is then to be laid out anew."""
        if self.window:
            self.window.close()

    def discard(self) -> None:
        """Let go of the plot and its window."""
        window, self.window = self.window, None
        for widget in (window, self._stand_in, self.plot):
            if widget:
                widget.hide()
                widget.deleteLater()
        self.deleteLater()

    def _make_acts(self) -> dict[str, QAction]:
        """Return the actions by key, in the plot's menu and under its keys."""
        menu = self.plot.more.menu()
        menu.addSeparator()
        acts = {}
        for act in PICTURE_ACTS:
            action = QAction(act.text, self.plot)
            action.setShortcuts([QKeySequence(keys) for keys in act.shortcuts])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(partial(self._on_triggered, act.key))
            self.plot.addAction(action)
            if act.in_menu:
                menu.addAction(action)
            acts[act.key] = action
        return acts

    def _on_triggered(self, key: str, *_checked: bool) -> None:
        self.asked.emit(key)

    def _on_closed(self) -> None:
        window, self.window = self.window, None
        stand_in, self._stand_in = self._stand_in, None
        if window is None:
            return
        self.plot.setParent(stand_in.parentWidget() if stand_in else None)
        for widget in (window, stand_in):
            if widget:
                widget.hide()
                widget.deleteLater()
        self.came_back.emit()
