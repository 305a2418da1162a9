"""A picture in a window of its own: it lives on as on the board, and goes back when that closes."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.history import History
from initstudio.ui import theme
from initstudio.ui.main_window import MainWindow
from initstudio.ui.pages import RACE, XRAY, Pages
from initstudio.ui.picture_window import PictureWindow
from initstudio.ui.session import Session
from initstudio.ui.studies import Studies
from tests.synthetic import experiment_of, falling, header_of, stretch_from

LEFT = Qt.MouseButton.LeftButton
SHOWN = replace(
    experiment_of(),
    board=(Choice("loss"), Choice("weights"), Choice("loss", {"scale": "log"})),
    xray=(Choice("activation_std"), Choice("phase")),
)


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(SHOWN)
    yield session
    session.close()


@pytest.fixture
def pages(session: Session, qtbot: QtBot) -> Pages:
    pages = Pages(session, Studies(session))
    qtbot.addWidget(pages)
    pages.resize(1000, 700)
    pages.show()
    return pages


def tear(pages: Pages, place: int) -> PictureWindow:
    pages.present._pictures[place].acts["window"].trigger()
    return window_of(pages, place)


def window_of(pages: Pages, place: int) -> PictureWindow:
    window = pages.present._pictures[place].window
    assert window is not None
    assert window.isVisible()
    return window


def start(session: Session, steps: int = 30) -> History:
    header = header_of(session.experiment)
    history = History(header)
    history.extend(stretch_from(header, falling(header, steps)))
    session._live.history = history
    session.runs_changed.emit()
    return history


def test_the_plot_moves_and_its_place_says_where_it_is(pages: Pages, session: Session) -> None:
    board = pages.race
    plot = board.places[0]
    window = tear(pages, 0)
    assert plot.window() is window
    assert plot.isVisible()
    assert window.windowTitle() == "Loss - InitStudio"
    stand_in = board._pictures[0].widget
    assert stand_in.isVisible()
    assert stand_in.geometry() == board.grid.area(board.grid.cells()[0])
    assert session.undo_stack.count() == 0, "where windows are is no part of the document"
    board._pictures[0]._stand_in.back.click()  # type: ignore[union-attr]  # there it is
    assert not window.isVisible()
    assert plot.window() is not window
    assert plot.isVisible()
    assert plot.geometry() == board.grid.area(board.grid.cells()[0])


@pytest.mark.parametrize("keys", ["Ctrl+Shift+Return", "Alt+F4"])
def test_it_goes_back_by_keys_and_when_its_window_is_closed(
    pages: Pages, qtbot: QtBot, keys: str
) -> None:
    plot = pages.race.places[1]
    plot.setFocus()
    QTest.keySequence(plot, "Ctrl+Shift+Return")
    window = window_of(pages, 1)
    qtbot.waitUntil(window.isActiveWindow)
    if keys == "Alt+F4":
        window.close()  # as the desktop does
    else:
        QTest.keySequence(plot, keys)
    assert not pages.race._pictures[1].is_torn_off
    assert pages.race.isAncestorOf(plot)
    assert plot.isVisible()


def test_ctrl_and_a_double_click_on_the_title_tear_it_off(pages: Pages) -> None:
    title = pages.race.places[0].title
    control = Qt.KeyboardModifier.ControlModifier
    QTest.mouseDClick(title, LEFT, control, QPoint(4, 4))
    window = window_of(pages, 0)
    assert all(one.isVisible() for one in pages.race.places), "it is not enlarged as well"
    QTest.mouseDClick(title, LEFT, pos=QPoint(4, 4))
    assert window.isMaximized()
    QTest.mouseDClick(title, LEFT, pos=QPoint(4, 4))
    assert not window.isMaximized()


def test_a_title_that_is_dropped_outside_tears_it_off(pages: Pages, session: Session) -> None:
    title = pages.race.places[0].title
    outside = title.mapFromGlobal(pages.frameGeometry().bottomRight() + QPoint(80, 60))
    QTest.mousePress(title, LEFT, pos=QPoint(20, 6))
    QTest.mouseMove(title, QPoint(50, 30))
    QTest.mouseMove(title, outside)
    assert pages.race.grid.marked is None
    QTest.mouseRelease(title, LEFT, pos=outside)
    window_of(pages, 0)
    assert session.undo_stack.count() == 0


def test_its_options_edit_the_document(pages: Pages, session: Session) -> None:
    tear(pages, 2)
    plot = pages.race.places[2]
    plot.set_option("scale", "linear")
    assert session.experiment.board == (Choice("loss"), Choice("weights"), Choice("loss"))
    session.undo_stack.undo()
    assert plot.options.scale == "log"
    assert pages.race._pictures[2].is_torn_off


def test_it_goes_on_while_its_page_is_hidden(pages: Pages, session: Session, qtbot: QtBot) -> None:
    loss, weights, _ = pages.race.places
    tear(pages, 0)
    pages.show_page(XRAY)
    history = start(session)
    qtbot.waitUntil(lambda: not loss.dirty)
    assert weights.dirty
    header = history.header
    history.extend(stretch_from(header, falling(header, 40)[30:], 30))
    session.ticked.emit()
    assert loss.dirty
    qtbot.waitUntil(lambda: not loss.dirty)
    pages.show_page(RACE)


def test_a_study_in_a_window_is_wanted_while_its_page_is_hidden(pages: Pages) -> None:
    pages.show_page(XRAY)
    tear(pages, 1)
    pages.show_page(RACE)
    assert pages._studies._wants["X-ray"].keys() == {"phase"}
    pages.xray.bring_all_back()
    assert pages._studies._wants["X-ray"] == {}


def test_several_can_be_torn_off_and_all_follow_the_theme(pages: Pages, qapp: QApplication) -> None:
    windows = [tear(pages, place) for place in range(3)]
    assert len(set(windows)) == 3
    theme.apply(qapp, theme.DARK)
    assert all(plot.theme is theme.DARK for plot in pages.race.places)
    theme.apply(qapp, theme.LIGHT)
    pages.race.bring_all_back()
    assert not any(window.isVisible() for window in windows)
    assert all(plot.isVisible() for plot in pages.race.places)


def test_one_that_is_removed_takes_its_window_along(
    pages: Pages, qtbot: QtBot, session: Session
) -> None:
    window = tear(pages, 0)
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keySequence(pages.race.places[0], "Del")
    assert not window.isVisible()
    assert [plot.key for plot in pages.race.places] == ["weights", "loss"]
    session.undo_stack.undo()
    assert pages.race.places[0].isVisible()
    assert not pages.race._pictures[0].is_torn_off


def test_ctrl_w_closes_the_window_and_keeps_the_picture(
    pages: Pages, qtbot: QtBot, session: Session
) -> None:
    window = tear(pages, 0)
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keySequence(pages.race.places[0], "Ctrl+W")
    assert not window.isVisible()
    assert session.experiment == SHOWN


def test_others_can_change_places_meanwhile(pages: Pages) -> None:
    board = pages.race
    window = tear(pages, 0)
    plot = board.places[0]
    board.edits.swap(0, 1)
    assert board.places[1] is plot
    assert plot.window() is window
    assert board._pictures[1].widget.geometry() == board.grid.area(board.grid.cells()[1])


def test_f11_fills_the_screen_and_esc_leaves_it(pages: Pages, qtbot: QtBot) -> None:
    window = tear(pages, 0)
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keySequence(window, "F11")
    assert window.isFullScreen()
    QTest.keySequence(window, "Esc")
    assert not window.isFullScreen()
    QTest.keySequence(window, "F11")
    QTest.keySequence(window, "F11")
    assert not window.isFullScreen()


def test_where_it_was_is_remembered(pages: Pages) -> None:
    window = tear(pages, 0)
    window.resize(500, 400)
    window.move(33, 44)
    window.close()
    again = tear(pages, 0)
    assert again is not window
    assert again.size() == window.size()
    assert again.pos() == window.pos()


def test_the_windows_keys_work_there_too(pages: Pages, qtbot: QtBot) -> None:
    pressed: list[bool] = []
    action = QAction("Something", pages)
    action.setShortcut("F9")
    action.triggered.connect(lambda: pressed.append(True))
    pages.share([action])
    window = tear(pages, 0)
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keySequence(window, "F9")
    assert len(pressed) == 1


def test_the_picture_of_the_board_has_them_all(pages: Pages) -> None:
    board = pages.race
    tear(pages, 0)
    board.copy_picture()
    image = QApplication.clipboard().image()
    assert image.size() == board.grid.size() * 2
    assert len(board._in_sight().plots) == 3


def test_they_close_with_the_main_window(qtbot: QtBot) -> None:
    session = Session(SHOWN)
    window = MainWindow(session)
    window.show()
    window.board.show()
    window.board.tear_off(0)
    own = window.board._pictures[0].window
    assert own is not None
    own.resize(420, 310)
    window.close()
    assert not own.isVisible()
    assert QApplication.topLevelWidgets()
    window.deleteLater()
