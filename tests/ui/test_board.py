"""The board: which pictures are on it, undoably, and when they are drawn."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.history import History
from initstudio.ui import theme
from initstudio.ui.arrangement import MOST
from initstudio.ui.board import Board
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from initstudio.ui.session import Session
from tests.synthetic import experiment_of, falling, header_of, stretch_from


@pytest.fixture
def session() -> Iterator[Session]:
    board = (Choice("loss"), Choice("weights"))
    session = Session(replace(experiment_of(), board=board))
    yield session
    session.close()


@pytest.fixture
def board(session: Session, qtbot: QtBot) -> Board:
    board = Board(session)
    qtbot.addWidget(board)
    board.resize(1000, 700)
    board.show()
    return board


def act(board: Board, place: int, key: str) -> None:
    """Choose an action of a picture's menu."""
    board._pictures[place].acts[key].trigger()


def start(session: Session, steps: int = 30) -> History:
    header = header_of(session.experiment)
    history = History(header)
    history.extend(stretch_from(header, falling(header, steps)))
    session._live.history = history
    session.runs_changed.emit()
    return history


def test_the_board_shows_what_the_experiment_names(board: Board) -> None:
    assert list(board.plots) == ["loss", "weights"]
    assert all(plot.isVisible() for plot in board.plots.values())


class Shown(QObject):
    """Notes which windows are shown."""

    def __init__(self) -> None:
        super().__init__()
        self.windows: list[str] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show and isinstance(watched, QWidget) and watched.isWindow():
            self.windows.append(type(watched).__name__)
        return False


def test_none_of_its_parts_is_a_window_for_a_moment(session: Session, qapp: QApplication) -> None:
    """One that was would take the keyboard from the main window."""
    shown = Shown()
    qapp.installEventFilter(shown)
    board = Board(session)
    board.edits.add("accuracy")
    board.remove(0)
    qapp.removeEventFilter(shown)
    assert shown.windows == []
    board.menus.deleteLater()
    board.deleteLater()


def test_choosing_a_picture_is_an_edit_that_can_be_undone(board: Board, session: Session) -> None:
    board.actions_of["accuracy"].trigger()
    assert [choice.key for choice in session.experiment.board] == ["loss", "weights", "accuracy"]
    assert list(board.plots) == ["loss", "weights", "accuracy"]
    act(board, 0, "remove")
    assert list(board.plots) == ["weights", "accuracy"]
    session.undo_stack.undo()
    session.undo_stack.undo()
    assert list(board.plots) == ["loss", "weights"]
    assert board.actions_of["loss"].isChecked()
    assert not board.actions_of["accuracy"].isChecked()


def test_no_more_than_six_fit(board: Board, session: Session) -> None:
    everything = tuple(Choice(key) for key, kind in PLOTS.items() if "board" in kind.pages)
    session.edit(replace(session.experiment, board=everything[:MOST]), "All")
    assert len(board.plots) == MOST
    assert not any(action.isEnabled() for action in board.actions_of.values())
    board.edits.add("loss")
    board.edits.duplicate(0)
    assert len(session.experiment.board) == MOST
    act(board, 0, "remove")
    assert all(action.isEnabled() for action in board.actions_of.values())


@pytest.mark.parametrize("count", range(MOST + 1))
def test_any_number_is_laid_out(board: Board, session: Session, count: int) -> None:
    keys = list(board.actions_of)[:count]
    session.edit(replace(session.experiment, board=tuple(map(Choice, keys))), "Some")
    assert list(board.plots) == keys
    assert board.empty.isVisible() == (count == 0)


def keys_of(board: Board) -> list[str]:
    return [plot.key for plot in board.places]


def test_unknown_pictures_in_a_file_are_left_out_and_kept(board: Board, session: Session) -> None:
    names = ("loss", "no such picture", "luck", "loss", "accuracy")
    session.edit(replace(session.experiment, board=tuple(map(Choice, names))), "Odd")
    assert keys_of(board) == ["loss", "loss", "accuracy"]
    assert list(board.plots) == ["loss", "accuracy"]
    assert board.plots["loss"] is board.places[0]
    act(board, 1, "remove")
    board.places[1].set_option("smoothing", 0.5)
    assert session.experiment.board == (
        *map(Choice, names[:3]),
        Choice("accuracy", {"smoothing": 0.5}),
    )


def test_the_same_picture_twice_has_options_of_its_own(board: Board, session: Session) -> None:
    act(board, 0, "duplicate")
    assert keys_of(board) == ["loss", "weights", "loss"]
    assert board.actions_of["loss"].text() == "Loss\t2 ×"
    first, _, second = board.places
    second.set_option("scale", "log")
    first.set_option("smoothing", 0.5)
    assert session.experiment.board == (
        Choice("loss", {"smoothing": 0.5}),
        Choice("weights"),
        Choice("loss", {"scale": "log"}),
    )
    assert (first.options.scale, second.options.scale) == ("linear", "log")
    assert session.undo_stack.count() == 3, "options of two pictures are two edits"
    session.undo_stack.undo()
    session.undo_stack.undo()
    assert first.options == second.options == type(first).Options()
    session.undo_stack.undo()
    assert board.places == (first, board.plots["weights"])


def test_pictures_that_stay_are_not_made_anew(board: Board, session: Session) -> None:
    board.places[0].set_option("scale", "log")
    loss, weights = board.places
    act(board, 0, "duplicate")
    act(board, 0, "remove")
    assert board.places[0] is weights
    assert board.places[1] is not loss, "of two that are alike, that one goes whose menu it was"
    session.undo_stack.undo()
    assert board.places[1] is weights


def test_an_option_is_kept_in_the_experiment(board: Board, session: Session) -> None:
    board.plots["loss"].set_option("scale", "log")
    assert session.experiment.board[0] == Choice("loss", {"scale": "log"})
    session.undo_stack.undo()
    assert board.plots["loss"].options.scale == "linear"


def test_a_slider_that_is_dragged_is_one_undo(board: Board, session: Session) -> None:
    for value in (0.1, 0.2, 0.3):
        board.plots["loss"].set_option("smoothing", value)
    assert session.undo_stack.count() == 1


def test_a_double_click_on_the_title_gives_all_the_room(board: Board) -> None:
    plot = board.plots["loss"]
    spot = QPointF(3, 3)
    press = QMouseEvent(
        QEvent.Type.MouseButtonDblClick,
        spot,
        plot.title.mapToGlobal(spot),
        Qt.MouseButton.LeftButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(plot.title, press)
    assert plot.isVisible()
    assert not board.plots["weights"].isVisible()
    QApplication.sendEvent(plot.title, press.clone())
    assert board.plots["weights"].isVisible()


def test_a_new_run_and_its_steps_are_drawn(board: Board, session: Session, qtbot: QtBot) -> None:
    history = start(session)
    qtbot.waitUntil(lambda: not any(plot.dirty for plot in board.plots.values()))
    before = board.repaints
    header = history.header
    history.extend(stretch_from(header, falling(header, 40)[30:], 30))
    session.ticked.emit()
    assert any(plot.dirty for plot in board.plots.values())
    qtbot.waitUntil(lambda: all(board.repaints[key] > before[key] for key in before))


def test_many_ticks_are_one_picture(
    board: Board, session: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = start(session)
    qtbot.waitUntil(lambda: all(plot.settled for plot in board.plots.values()))
    drawn: list[str] = []
    refresh = Plot.refresh

    def counted(plot: Plot, *, settle: bool = False) -> None:
        if not settle:
            drawn.append(plot.key)
        refresh(plot, settle=settle)

    monkeypatch.setattr(Plot, "refresh", counted)
    header = history.header
    for step in range(30, 80):
        history.extend(stretch_from(header, falling(header, step + 1)[step:], step))
        session.ticked.emit()
    qtbot.waitUntil(lambda: not any(plot.dirty for plot in board.plots.values()))
    assert sorted(drawn) == ["loss", "weights"]


def test_what_is_out_of_sight_is_not_drawn(board: Board, session: Session, qtbot: QtBot) -> None:
    board.enlarge(0)
    start(session)
    qtbot.waitUntil(lambda: not board.plots["loss"].dirty)
    assert board.plots["weights"].dirty
    board.enlarge(0)
    qtbot.waitUntil(lambda: not board.plots["weights"].dirty)


def test_a_board_that_rests_is_drawn_smooth(board: Board, session: Session, qtbot: QtBot) -> None:
    start(session)
    qtbot.waitUntil(lambda: all(plot.settled for plot in board.plots.values()))


def test_all_pictures_follow_the_theme(board: Board, qapp: QApplication) -> None:
    theme.apply(qapp, theme.DARK)
    assert all(plot.theme is theme.DARK for plot in board.plots.values())
    theme.apply(qapp, theme.LIGHT)
    assert all(plot.theme is theme.LIGHT for plot in board.plots.values())
