"""The menu of pictures: a click puts one more on the board."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QMenu, QToolButton, QWidget

from initstudio.ui.arrangement import MOST
from initstudio.ui.board_edits import Page
from initstudio.ui.plots import PLOTS

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

TIP = f"Choose up to {MOST} pictures for the board; a picture's own menu takes it off again."
FULL = f"There is room for {MOST} pictures: take one off the board first."


class PictureMenu(QToolButton):
    """Lists all pictures of a page; those that are there are checked. `chosen(key)`."""

    chosen = Signal(str)

    def __init__(self, page: Page, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setText("Pictures")
        self.setAccessibleName("Pictures")
        self.setToolTip(TIP)
        menu = QMenu(self)
        menu.setToolTipsVisible(True)
        self.actions_of: dict[str, QAction] = {}
        self._there: Counter[str] = Counter()
        for key in PLOTS:
            if page.knows(key):
                action = menu.addAction(PLOTS[key].label)
                action.setCheckable(True)
                action.triggered.connect(partial(self._on_triggered, key))
                self.actions_of[key] = action
        self.setMenu(menu)

    def show_pictures(self, keys: Iterable[str]) -> None:
        """Check those that are on the board, and say how often where it is more than once."""
        self._there = Counter(keys)
        full = self._there.total() >= MOST
        for key, action in self.actions_of.items():
            count = self._there[key]
            action.setText(PLOTS[key].label + (f"\t{count} ×" if count > 1 else ""))
            action.setChecked(count > 0)
            action.setEnabled(not full)
            action.setToolTip(FULL if full else PLOTS[key].summary)

    def _on_triggered(self, key: str, *_checked: bool) -> None:
        self.chosen.emit(key)
        self.actions_of[key].setChecked(self._there[key] > 0)  # a click is no switch here
