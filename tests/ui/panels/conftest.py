"""Shows one panel of a session without an engine, and finds its controls as a person does."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from initstudio.experiment import Experiment
from initstudio.ui.session import Session

P = TypeVar("P", bound=QWidget)


@pytest.fixture
def show(qtbot: QtBot) -> Callable[[Callable[[Session], P], Experiment], P]:
    """Give a function that shows a panel."""

    def shown(kind: Callable[[Session], P], experiment: Experiment) -> P:
        panel = kind(Session(experiment))
        qtbot.addWidget(panel)
        panel.resize(345, 640)
        panel.show()
        panel.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is panel)
        return panel

    return shown


@pytest.fixture
def find() -> Callable[[QWidget, str], QWidget]:
    """Give a function that finds the visible control with an accessible name."""

    def found(panel: QWidget, name: str) -> QWidget:
        named = [
            widget
            for widget in panel.findChildren(QWidget)
            if widget.accessibleName() == name and not widget.isHidden() and _shown(widget, panel)
        ]
        assert len(named) == 1, f"{len(named)} controls are named {name!r}"
        return named[0]

    return found


@pytest.fixture
def put() -> Callable[[QWidget, str], None]:
    """Give a function that types a value into a box and presses Enter."""

    def typed(box: QWidget, text: str) -> None:
        box.setFocus()
        QTest.keyClick(box, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
        QTest.keyClicks(box, text)
        QTest.keyClick(box, Qt.Key.Key_Return)

    return typed


@pytest.fixture
def choose() -> Callable[[QWidget, str], None]:
    """Give a function that chooses from a box by the text."""

    def chosen(box: QWidget, text: str) -> None:
        index = box.findText(text)  # type: ignore[attr-defined] # a QComboBox
        assert index >= 0, f"no {text!r}"
        box.setCurrentIndex(index)  # type: ignore[attr-defined]
        box.activated.emit(index)  # type: ignore[attr-defined]

    return chosen


def _shown(widget: QWidget, panel: QWidget) -> bool:
    return widget.isVisibleTo(panel)
