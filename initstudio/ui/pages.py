"""The middle of the window: two boards behind tabs, that of the race and that of the start."""

from collections.abc import Sequence

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QTabBar,
    QVBoxLayout,
    QWidget,
)

from initstudio.ui.board import Board
from initstudio.ui.pins_button import PinsButton
from initstudio.ui.session import Session
from initstudio.ui.studied import START
from initstudio.ui.studies import Studies
from initstudio.ui.timeline_bar import TimelineBar

RACE, XRAY = 0, 1
LATE = 500
"""Milliseconds after which it is told how far a measurement has come."""
TIPS = {
    RACE: "The race: losses, weights and gradients while the contenders train (Ctrl+1)",
    XRAY: "The X-ray: how the contenders start, beside theory, before any training (Ctrl+2)",
}


class Pages(QWidget):
    """Shows one of the boards; that of the start is made when it is first asked for."""

    def __init__(self, session: Session, studies: Studies, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._studies = studies
        self._actions: tuple[QAction, ...] = ()
        self.race = Board(session)
        self._xray: Board | None = None
        self.tabs = QTabBar(drawBase=False)
        self.tabs.setAccessibleName("Pages")
        for at, title in ((RACE, "Race"), (XRAY, "X-ray")):
            self.tabs.addTab(title)
            self.tabs.setTabToolTip(at, TIPS[at])
        self.tabs.currentChanged.connect(self.show_page)
        self.status = QLabel()
        self.status.setAccessibleName("X-ray: state")
        self.status.setProperty("kind", "muted")
        self.status.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._late = QTimer(self, singleShot=True, interval=LATE)
        self._late.timeout.connect(self._show_status)
        studies.changed.connect(self._on_studied)
        self._boards = QStackedWidget()
        self._menus = QStackedWidget()
        head = QHBoxLayout()
        head.setContentsMargins(8, 0, 8, 0)
        head.addWidget(self.tabs)
        head.addWidget(self.status, 1)
        self.pins = PinsButton(session)
        head.addWidget(self.pins)
        head.addSpacing(6)
        head.addWidget(self._menus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._boards, 1)
        self.timeline = TimelineBar(session)
        column.addWidget(self.timeline)
        self._add(self.race)

    @property
    def xray(self) -> Board:
        """Return the board of the start."""
        if self._xray is None:
            self._xray = Board(self._session, self._studies)
            self._add(self._xray)
        return self._xray

    @property
    def present(self) -> Board:
        """Return the board that is shown."""
        return self.xray if self.tabs.currentIndex() == XRAY else self.race

    def show_page(self, at: int) -> None:
        """Show the race or the start."""
        self.tabs.setCurrentIndex(at)
        board = self.present
        self._boards.setCurrentWidget(board)
        self._menus.setCurrentWidget(board.menus)
        self.timeline.setVisible(board is self.race)
        self._show_status()

    def share(self, actions: Sequence[QAction]) -> None:
        """Let the keys of the window's actions work in pictures' own windows, too."""
        self._actions = tuple(actions)
        for board in (self.race, self._xray):
            if board:
                board.shared_actions = self._actions

    def _on_studied(self, study: str) -> None:
        known = self._studies.of(study)
        if study != START or known is None:
            return
        if known.share >= 1 or known.trouble or self.status.text():
            self._late.stop()
            self._show_status()
        elif not self._late.isActive():
            self._late.start()

    def _show_status(self) -> None:
        """Tell how far a start that takes long has been measured, or why it cannot be."""
        known = self._studies.of(START)
        text = ""
        if known and self.tabs.currentIndex() == XRAY:
            text = known.trouble
            if not text and known.share < 1:
                text = f"Measuring the start: {100 * known.share:.0f} %"
        self.status.setText(text)
        self.status.setToolTip(text)

    def _add(self, board: Board) -> None:
        board.shared_actions = self._actions
        self._boards.addWidget(board)
        self._menus.addWidget(board.menus)
