"""The real window in a test, driven as a person does: by what is written on its controls."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction, QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QMenu, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from initstudio.experiment import Experiment
from initstudio.history import History
from initstudio.presets import ARTICLE
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.main_window import MainWindow
from initstudio.ui.session import Session, State
from initstudio.ui.theme import present
from initstudio.ui.worker import RunWorker, examiner

PATIENCE = 30_000
"""Milliseconds that an engine may take to load torch on a busy machine."""


W = TypeVar("W", bound=QWidget)


class Studio:
    """A window with its session and its engine."""

    def __init__(self, experiment: Experiment = ARTICLE) -> None:
        self.worker = RunWorker()
        self.session = Session(experiment, self.worker)
        self.worker.start()
        self.window = MainWindow(self.session, QSize(1280, 800), examiner)
        self.window.show()

    def close(self) -> None:
        self.session.undo_stack.setClean()
        self.window.close()
        self.session.close()
        self.window.deleteLater()
        QApplication.processEvents()

    def find(self, name: str) -> QWidget:
        """Return the one widget in sight with this accessible name."""
        return self.find_a(QWidget, name)

    def find_a(self, kind: type[W], name: str) -> W:
        """Return the one widget of this kind in sight with this accessible name."""
        named = [one for one in self.window.findChildren(kind) if one.accessibleName() == name]
        seen = [one for one in named if one.isVisible()]
        assert len(seen) == 1, f"{len(seen)} of {len(named)} widgets called {name!r} are in sight"
        return seen[0]

    def text(self, name: str) -> str:
        return str(self.find(name).property("text"))

    def press(self, name: str) -> None:
        widget = self.find(name)
        assert widget.isEnabled(), f"{name} cannot be pressed"
        QTest.mouseClick(widget, Qt.MouseButton.LeftButton)

    def key(self, name: str, keys: str) -> None:
        """Press keys with the widget of this name in focus."""
        widget = self.find(name)
        widget.setFocus()
        QTest.keySequence(widget, keys)

    def type(self, name: str, text: str) -> None:
        """Replace what stands in a box by `text`."""
        box = self.find_a(QAbstractSpinBox, name)
        box.setFocus()
        box.selectAll()
        QTest.keyClicks(box, text)
        QTest.keyClick(box, Qt.Key.Key_Return)

    def choose(self, name: str, text: str) -> None:
        """Choose an entry of a box."""
        box = self.find_a(QComboBox, name)
        at = box.findText(text)
        assert at >= 0, f"{name} does not offer {text!r}"
        box.setCurrentIndex(at)
        box.activated.emit(at)

    def pick(self, name: str, text: str) -> None:
        """Choose an entry in a button's menu."""
        button = self.find_a(QToolButton, name)
        _action(button.menu(), text).trigger()

    def menu(self, *texts: str) -> None:
        """Choose an entry of the menu bar: its menu, its submenus, itself."""
        *path, last = texts
        place: QWidget = self.window.menuBar()
        for text in path:
            action = _action(place, text)
            found = action.menu()
            assert isinstance(found, QMenu)
            found.aboutToShow.emit()
            place = found
        action = _action(place, last)
        assert action.isEnabled(), f"{last} cannot be chosen"
        action.trigger()

    def panel(self, title: str) -> None:
        """Bring a dock into sight."""
        dock = next(one for one in self.window.docks if one.windowTitle() == title)
        dock.show()
        dock.raise_()
        QApplication.processEvents()

    @property
    def history(self) -> History:
        assert self.session.history is not None
        return self.session.history

    def reaches(self, state: State, qtbot: QtBot) -> None:
        qtbot.waitUntil(lambda: self.session.state is state, timeout=PATIENCE)

    def is_at(self, step: int, qtbot: QtBot) -> None:
        """Wait until the run is at that step or past it."""
        qtbot.waitUntil(
            lambda: self.session.history is not None and self.history.last_step >= step,
            timeout=PATIENCE,
        )

    def shows(self, experiment: Experiment, qtbot: QtBot) -> None:
        """Bring up an experiment and wait for its start."""
        self.session.load(experiment)
        self.session.reset()
        qtbot.waitUntil(
            lambda: self.session.state is State.READY and not self.session.stale, timeout=PATIENCE
        )

    def inked(self, name: str, slot: int) -> npt.NDArray[np.bool_]:
        """Return which pixels of a picture have a contender's own colour, bool [height, width]."""
        image = (
            self.find_a(Canvas, name).grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        )
        data = np.frombuffer(image.constBits(), np.uint8)
        pixels = data.reshape(image.height(), image.bytesPerLine() // 4, 4)[:, : image.width(), :3]
        colour = QColor(present.theme.colour(slot))
        wanted = np.array([colour.blue(), colour.green(), colour.red()])
        near: npt.NDArray[np.bool_] = np.abs(pixels.astype(int) - wanted).max(2) < 40
        return near


def _action(place: QWidget, text: str) -> QAction:
    actions = {action.text().replace("&", ""): action for action in place.actions()}
    found = [action for label, action in actions.items() if label.startswith(text)]
    assert found, f"there is no {text!r} among {list(actions)}"
    return found[0]
