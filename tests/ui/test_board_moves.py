"""A person arranges a board: drags pictures and dividers, by mouse and by keys."""

from collections.abc import Iterator
from itertools import product

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice, Shares
from initstudio.ui.arrangement import LEAST, PLACES, cells, kept, neighbour, parts
from initstudio.ui.board import Board
from initstudio.ui.board_grid import GAP
from initstudio.ui.session import Session
from tests.synthetic import experiment_of

LEFT = Qt.MouseButton.LeftButton
KEYS = ("loss", "weights", "accuracy", "gradient_norm")


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(replace(experiment_of(), board=tuple(map(Choice, KEYS))))
    yield session
    session.close()


@pytest.fixture
def board(session: Session, qtbot: QtBot) -> Board:
    board = Board(session)
    qtbot.addWidget(board)
    board.resize(1000, 700)
    board.show()
    return board


def order(session: Session) -> list[str]:
    return [choice.key for choice in session.experiment.board]


def marked(board: Board) -> QRect | None:
    return board.grid.marked


def centre(board: Board, place: int, of: QWidget) -> QPoint:
    """Return the middle of a place as a spot of a widget."""
    return of.mapFromGlobal(board.grid.mapToGlobal(board.places[place].geometry().center()))


def take(board: Board, place: int, over: int) -> QWidget:
    """Press on a title and move over another place; return the title."""
    title = board.places[place].title
    QTest.mousePress(title, LEFT, pos=QPoint(20, 6))
    QTest.mouseMove(title, QPoint(40, 14))
    QTest.mouseMove(title, centre(board, over, title))
    return title


# Places, beside a slow and obvious way


@pytest.mark.parametrize("count", PLACES)
def test_places_fill_the_board_without_lying_over_one_another(count: int) -> None:
    for shares in (Shares(), Shares(columns=(1, 2, 3), rows=(3, 1)), Shares(columns=(5, 1))):
        found = cells(count, shares)
        assert sum(tall * wide for _, _, tall, wide in found) == pytest.approx(1)
        for y, x in product((0.013, 0.31, 0.52, 0.77, 0.99), repeat=2):
            over = [
                at
                for at, (top, left, tall, wide) in enumerate(found)
                if top <= y < top + tall and left <= x < left + wide
            ]
            assert len(over) == 1


def test_parts_are_in_proportion_and_never_too_small() -> None:
    assert parts((), 2) == (0.5, 0.5)
    assert parts((1, 2, 3), 2) == (0.5, 0.5), "for another number of columns"
    assert parts((3, 1), 2) == pytest.approx((0.75, 0.25))
    assert min(parts((1000, 0.001), 2)) == pytest.approx(LEAST)
    assert sum(parts((1000, 0.001, 1), 3)) == pytest.approx(1)
    once = parts((0.2, 0.5, 0.3), 3)
    assert parts(once, 3) == pytest.approx(once)


@pytest.mark.parametrize("count", PLACES)
def test_neighbours_are_those_that_touch(count: int) -> None:
    steps = {"left": (0, -1), "right": (0, 1), "up": (-1, 0), "down": (1, 0)}
    covers = [
        {(y, x) for y in range(row, row + tall) for x in range(column, column + wide)}
        for row, column, tall, wide in PLACES[count]
    ]
    for at, (side, (down, right)) in product(range(count), steps.items()):
        beyond = {(y + down, x + right) for y, x in covers[at]} - covers[at]
        expected = [other for other in range(count) if covers[other] & beyond]
        found = neighbour(count, at, side)  # type: ignore[arg-type]  # a side it is
        assert found == (expected[0] if expected else None)


def test_who_keeps_its_picture() -> None:
    a, b, c = Choice("a"), Choice("b"), Choice("c")
    log = Choice("a", {"scale": "log"})
    assert kept((a, b), (b, a)) == [1, 0]
    assert kept((a, b, c), (b, c)) == [1, 2]
    assert kept((a, b), (a, b, c)) == [0, 1, None]
    assert kept((a, log), (log, log)) == [0, 1], "the first has got other options"
    assert kept((a, log), (log, a)) == [1, 0], "they have changed places"
    assert kept((a, b), (b, log)) == [1, 0]
    assert kept((), (a,)) == [None]


# By mouse


def test_a_picture_is_dragged_to_the_place_of_another(board: Board, session: Session) -> None:
    before = board.places
    title = take(board, 0, over=3)
    assert marked(board) == board.places[3].geometry()
    assert title.cursor().shape() == Qt.CursorShape.ClosedHandCursor
    QTest.mouseRelease(title, LEFT, pos=centre(board, 3, title))
    assert order(session) == ["gradient_norm", "weights", "accuracy", "loss"]
    assert board.places == (before[3], before[1], before[2], before[0]), "the plots themselves move"
    assert marked(board) is None
    assert title.cursor().shape() == Qt.CursorShape.OpenHandCursor
    assert before[0].geometry() == board.grid.area(board.grid.cells()[3])
    assert session.undo_stack.undoText() == "Move Loss"
    session.undo_stack.undo()
    assert board.places == before
    session.undo_stack.redo()
    assert board.places[3] is before[0]


def test_esc_gives_a_drag_up(board: Board, session: Session) -> None:
    title = take(board, 0, over=1)
    assert marked(board)
    QTest.keyClick(board, Qt.Key.Key_Escape)
    assert marked(board) is None
    QTest.mouseRelease(title, LEFT, pos=centre(board, 1, title))
    assert order(session) == list(KEYS)
    assert session.undo_stack.count() == 0


def test_what_is_dropped_where_it_was_stays(board: Board, session: Session) -> None:
    title = take(board, 0, over=1)
    QTest.mouseMove(title, QPoint(30, 60))
    assert marked(board) is None
    QTest.mouseRelease(title, LEFT, pos=QPoint(30, 60))
    assert session.undo_stack.count() == 0


def test_a_click_on_a_title_is_no_drag(board: Board, session: Session) -> None:
    title = board.places[0].title
    QTest.mousePress(title, LEFT, pos=QPoint(20, 6))
    QTest.mouseMove(title, QPoint(22, 6))
    assert board._drag.held is None
    QTest.mouseRelease(title, LEFT, pos=QPoint(22, 6))
    assert session.undo_stack.count() == 0
    assert board.places[0].hasFocus()


def test_a_picture_that_is_taken_off_while_it_is_dragged(board: Board, session: Session) -> None:
    take(board, 0, over=1)
    session.edit(replace(session.experiment, board=(Choice("weights"),)), "Off")
    assert board._drag.held is None
    assert marked(board) is None


def test_dividers_are_dragged(board: Board, session: Session) -> None:
    grid, (first, second, third, _) = board.grid, board.places
    gap = QPoint(first.geometry().right() + GAP // 2, 100)
    QTest.mouseMove(grid, gap)
    assert grid.cursor().shape() == Qt.CursorShape.SplitHCursor
    QTest.mousePress(grid, LEFT, pos=gap)
    for by in (40, 80, 120):
        QTest.mouseMove(grid, gap + QPoint(by, 0))
    assert first.width() == pytest.approx(second.width() + 240, abs=3)
    assert session.undo_stack.count() == 0, "while it is held"
    QTest.mouseRelease(grid, LEFT, pos=gap + QPoint(120, 0))
    assert third.width() == first.width()
    whole = grid.width() + GAP
    columns = session.experiment.board_shares.columns
    assert columns[0] == pytest.approx((first.width() + GAP) / whole, abs=0.002)
    assert session.experiment.board_shares.rows == pytest.approx((0.5, 0.5))
    session.undo_stack.undo()
    assert abs(first.width() - second.width()) <= 1


def test_a_divider_stops_before_a_picture_is_gone(board: Board, session: Session) -> None:
    grid, first = board.grid, board.places[0]
    gap = QPoint(200, first.geometry().bottom() + GAP // 2)
    QTest.mousePress(grid, LEFT, pos=gap)
    QTest.mouseMove(grid, QPoint(200, -50))
    QTest.mouseRelease(grid, LEFT, pos=QPoint(200, -50))
    assert session.experiment.board_shares.rows == pytest.approx((LEAST, 1 - LEAST))
    assert first.height() > 50
    gap = QPoint(200, first.geometry().bottom() + GAP // 2)
    QTest.mouseDClick(grid, LEFT, pos=gap)
    assert session.experiment.board_shares.rows == ()
    assert abs(first.height() - board.places[2].height()) <= 1


def test_where_dividers_cross_both_are_dragged(board: Board, session: Session) -> None:
    grid, first = board.grid, board.places[0]
    cross = first.geometry().bottomRight() + QPoint(GAP // 2, GAP // 2)
    QTest.mouseMove(grid, cross)
    assert grid.cursor().shape() == Qt.CursorShape.SizeAllCursor
    QTest.mousePress(grid, LEFT, pos=cross)
    QTest.mouseMove(grid, cross + QPoint(100, -60))
    QTest.mouseRelease(grid, LEFT, pos=cross + QPoint(100, -60))
    shares = session.experiment.board_shares
    assert shares.columns[0] > 0.55
    assert shares.rows[0] < 0.45
    assert session.undo_stack.count() == 1


# By keys


def test_the_focused_picture_moves_by_keys(board: Board, session: Session) -> None:
    loss = board.places[0]
    loss.setFocus()
    alt = Qt.KeyboardModifier.AltModifier
    QTest.keyClick(loss, Qt.Key.Key_Right, alt)
    assert order(session) == ["weights", "loss", "accuracy", "gradient_norm"]
    QTest.keyClick(loss, Qt.Key.Key_Right, alt)
    assert order(session)[1] == "loss", "there is nothing further right"
    QTest.keyClick(loss, Qt.Key.Key_Down, alt)
    assert order(session) == ["weights", "gradient_norm", "accuracy", "loss"]
    QTest.keyClick(loss, Qt.Key.Key_Left, alt)
    QTest.keyClick(loss, Qt.Key.Key_Up, alt)
    assert order(session)[0] == "loss"
    assert loss.hasFocus()


@pytest.mark.parametrize("keys", ["Ctrl+W", "Del"])
def test_the_focused_picture_is_removed_by_keys(board: Board, session: Session, keys: str) -> None:
    board.places[1].setFocus()
    QTest.keySequence(board.places[1], keys)
    assert order(session) == ["loss", "accuracy", "gradient_norm"]
    session.undo_stack.undo()
    assert order(session) == list(KEYS)


def test_the_focused_picture_is_enlarged_by_keys(board: Board) -> None:
    plot = board.places[1]
    plot.setFocus()
    QTest.keySequence(plot, "Ctrl+Return")
    assert [one.isVisible() for one in board.places] == [False, True, False, False]
    assert plot.geometry() == board.grid.rect()
    QTest.keySequence(plot, "Esc")
    assert all(one.isVisible() for one in board.places)
    QTest.keySequence(plot, "Ctrl+Return")
    QTest.keySequence(plot, "Ctrl+Return")
    assert all(one.isVisible() for one in board.places)


def test_an_enlarged_picture_can_be_removed(board: Board) -> None:
    board.enlarge(1)
    board.remove(1)
    assert len(board.places) == 3
    assert all(one.isVisible() for one in board.places)


def test_the_order_and_the_sizes_come_back_with_the_document(
    board: Board, session: Session, qtbot: QtBot
) -> None:
    board.edits.swap(0, 2)
    board.edits.share(Shares(columns=(2, 1)))
    again = Board(session)
    qtbot.addWidget(again)
    again.resize(1000, 700)
    again.show()
    assert [plot.key for plot in again.places] == [plot.key for plot in board.places]
    assert [plot.geometry() for plot in again.places] == [one.geometry() for one in board.places]
    assert again.places[0].width() == pytest.approx(2 * again.places[1].width(), abs=12)
