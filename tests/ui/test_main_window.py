"""The window without an engine: what is where, and what it remembers."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSettings, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QMenu,
    QScrollBar,
    QTableView,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from initstudio.presets import ARTICLE
from initstudio.ui import theme
from initstudio.ui.actions import ACTS
from initstudio.ui.main_window import MainWindow
from initstudio.ui.session import Session

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
)


def make(size: QSize | None = None) -> MainWindow:
    window = MainWindow(Session(ARTICLE), size)
    window.show()
    window.board.show()
    QApplication.processEvents()
    return window


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    window = make(QSize(1280, 800))
    yield window
    window._session.undo_stack.setClean()
    window.close()
    window.deleteLater()


def message(window: MainWindow) -> QWidget:
    (bar,) = (one for one in window.findChildren(QWidget) if one.accessibleName() == "Messages")
    return bar


def test_it_fits_a_small_laptop(window: MainWindow) -> None:
    assert (window.width(), window.height()) == (1280, 800)
    assert window.board.width() > 800
    for dock in window.docks[-2:]:
        assert dock.isHidden(), "findings and the inspector come when they are asked for"
    for dock in window.docks[:-2]:
        assert dock.isVisible() or window.tabifiedDockWidgets(dock)
        assert dock.widget().minimumSizeHint().width() <= dock.width()


def test_the_inspector_comes_when_it_is_asked_for(window: MainWindow) -> None:
    inspect = next(
        one
        for one in window.findChildren(QToolButton)
        if one.accessibleName() == "Inspect contender"
    )
    inspect.click()
    assert window.docks[-1].isVisible()
    (tensors,) = window.docks[-1].findChildren(QTableView)
    assert tensors.model().rowCount() == 6


def test_every_control_has_a_name(window: MainWindow) -> None:
    nameless = [
        f"{type(one).__name__} in {type(one.parent()).__name__}"
        for one in window.findChildren(QWidget)
        if isinstance(one, CONTROLS) and not one.accessibleName() and not belongs_to_qt(one)
    ]
    assert nameless == []


def belongs_to_qt(widget: QWidget) -> bool:
    """Return whether this is part of a control of Qt's, which has the name."""
    if isinstance(widget, QScrollBar) or widget.objectName().startswith("qt_"):
        return True
    return isinstance(widget, QAbstractItemView) and bool(widget.window().windowType() & 8)


def test_no_two_actions_share_a_key() -> None:
    keys = [keys for act in ACTS for keys in act.shortcuts]
    assert len(keys) == len(set(keys))


def test_all_actions_are_in_the_menus(window: MainWindow) -> None:
    menus = window.menuBar().findChildren(QMenu)
    shown = {action.objectName() for menu in menus for action in menu.actions()}
    assert {act.key for act in ACTS} <= shown


def test_undo_says_what_it_takes_back(window: MainWindow) -> None:
    undo = window.actions_by_key["undo"]
    assert not undo.isEnabled()
    window._session.edit(replace(ARTICLE, title="Mine"), "Rename")
    assert undo.isEnabled()
    assert undo.text() == "&Undo Rename"
    assert window.windowTitle() == "Mine[*] - InitStudio"
    assert window.isWindowModified()
    undo.trigger()
    assert window._session.experiment == ARTICLE
    assert window.actions_by_key["redo"].text() == "&Redo Rename"


def test_a_failure_is_shown_with_its_place_until_it_is_dismissed(window: MainWindow) -> None:
    assert not message(window).isVisible()
    window._session.failed.emit("$.experiment", "It does not fit.")
    assert message(window).isVisible()
    assert message(window).property("text") is None
    window.show_trouble("Traceback: details")
    copy = next(one for one in message(window).findChildren(QToolButton) if "Copy" in one.text())
    copy.click()
    assert QGuiApplication.clipboard().text() == "Traceback: details"


def test_the_layout_is_remembered_and_can_be_put_back(qtbot: QtBot) -> None:
    first = make(QSize(1280, 800))
    first.docks[2].close()
    first.resize(1100, 700)
    first.close()
    second = make()
    assert not second.docks[2].isVisible()
    assert second.height() == 700  # the width is that of the offscreen platform's little screen
    second.actions_by_key["reset_layout"].trigger()
    assert not second.docks[2].isHidden()
    second.close()
    for window in (first, second):
        window.deleteLater()


def test_a_layout_that_is_garbage_is_left_alone(qtbot: QtBot) -> None:
    QSettings().setValue("layout", b"garbage")
    QSettings().setValue("geometry", 42)
    window = make(QSize(1280, 800))
    assert window.board.isVisible()
    window.close()
    window.deleteLater()


def test_the_theme_is_chosen_and_remembered(window: MainWindow, qapp: QApplication) -> None:
    menus = window.menuBar().findChildren(QMenu)
    entries = [action for menu in menus for action in menu.actions()]
    dark = next(one for one in entries if one.text() == "Dark")
    dark.trigger()
    assert theme.present.theme is theme.DARK
    assert QSettings().value("theme") == "dark"
    theme.apply(qapp, theme.LIGHT)


def test_the_window_is_painted_before_the_board_is_there(qtbot: QtBot) -> None:
    window = MainWindow(Session(ARTICLE), QSize(1280, 800))
    window.show()
    assert window._pages is None
    qtbot.waitUntil(lambda: window._pages is not None and window._pages.isVisible())
    window.close()
    window.deleteLater()


def test_full_screen_and_back(window: MainWindow) -> None:
    window.commands.full_screen()
    assert window.windowState() & Qt.WindowState.WindowFullScreen
    window.commands.full_screen()
    assert not window.windowState() & Qt.WindowState.WindowFullScreen
