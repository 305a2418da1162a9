"""The menu of arrangements: applying is undoable, keeping asks where something would be lost."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QInputDialog, QMenu, QMessageBox
from pytestqt.qtbot import QtBot

from initstudio import arrangements, paths
from initstudio.arrangements import BUILT_IN, Arrangement
from initstudio.catalogue import convert
from initstudio.experiment import Choice, Shares
from initstudio.ui.board import Board
from initstudio.ui.board_edits import RACE, XRAY
from initstudio.ui.plots import PLOTS
from initstudio.ui.session import Session
from tests.synthetic import experiment_of

BOARD = (Choice("loss", {"scale": "log"}), Choice("weights"))


@pytest.fixture
def session() -> Iterator[Session]:
    session = Session(replace(experiment_of(), board=BOARD))
    yield session
    session.close()


@pytest.fixture
def board(session: Session, qtbot: QtBot) -> Board:
    board = Board(session)
    qtbot.addWidget(board)
    qtbot.addWidget(board.menus)
    board.resize(1000, 700)
    board.show()
    return board


def entries(menu: QMenu) -> dict[str, QAction]:
    return {one.text().replace("&", ""): one for one in menu.actions() if one.text()}


def opened(board: Board) -> dict[str, QAction]:
    """Open the menu and return its entries."""
    menu = board.menus.arrangements.menu()
    menu.aboutToShow.emit()
    return entries(menu)


def choose(board: Board, *path: str) -> None:
    found = opened(board)
    for text in path[:-1]:
        menu = found[text].menu()
        assert isinstance(menu, QMenu)
        found = entries(menu)
    assert found[path[-1]].isEnabled()
    found[path[-1]].trigger()


def names(monkeypatch: pytest.MonkeyPatch, name: str, *, given: bool = True) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_more: (name, given))


def answers(monkeypatch: pytest.MonkeyPatch, answer: QMessageBox.StandardButton) -> list[str]:
    """Let the person answer every question so; return the questions."""
    asked: list[str] = []

    def question(_parent: object, _title: str, text: str) -> QMessageBox.StandardButton:
        asked.append(text)
        return answer

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def told(session: Session) -> list[str]:
    heard: list[str] = []
    session.failed.connect(lambda _where, why: heard.append(why))
    return heard


@pytest.mark.parametrize("one", BUILT_IN, ids=lambda one: f"{one.page} {one.name}")
def test_built_in_ones_name_pictures_that_there_are(one: Arrangement) -> None:
    page = RACE if one.page == "board" else XRAY
    for choice in one.pictures:
        assert page.knows(choice.key)
        convert(choice.params, PLOTS[choice.key].Options, "$")


def test_applying_one_is_an_edit_that_can_be_undone(board: Board, session: Session) -> None:
    choose(board, "Lecture: one large")
    assert [plot.key for plot in board.places] == ["loss", "weights", "activation_std"]
    first, second, _ = board.places
    assert first.width() == pytest.approx(2 * second.width(), abs=12)
    assert opened(board)["Lecture: one large"].isChecked()
    assert not opened(board)["Race"].isChecked()
    assert session.undo_stack.undoText() == "Arrange as Lecture: one large"
    session.undo_stack.undo()
    assert session.experiment.board == BOARD
    assert session.experiment.board_shares == Shares()
    assert [plot.key for plot in board.places] == ["loss", "weights"]


def test_the_present_one_is_saved_and_applied_again(
    board: Board, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    board.edits.share(Shares(columns=(0.3, 0.7)))
    names(monkeypatch, " A & B ")
    choose(board, "Save present as…")
    assert arrangements.own()[0].name == "A & B"
    choose(board, "Race")
    choose(board, "A  B")  # a menu's & & is one
    assert session.experiment.board == BOARD
    assert session.experiment.board_shares == Shares(columns=(0.3, 0.7))


def test_nothing_is_saved_without_a_name(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, "x", given=False)
    choose(board, "Save present as…")
    names(monkeypatch, "  ")
    choose(board, "Save present as…")
    assert arrangements.own() == ()


def test_it_asks_before_one_is_replaced(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, "Mine")
    choose(board, "Save present as…")
    board.remove(0)
    asked = answers(monkeypatch, QMessageBox.StandardButton.No)
    choose(board, "Save present as…")
    assert len(asked) == 1
    assert arrangements.own()[0].pictures == BOARD
    answers(monkeypatch, QMessageBox.StandardButton.Yes)
    choose(board, "Save present as…")
    assert arrangements.own()[0].pictures == BOARD[1:]


def test_one_is_renamed_and_deleted(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    assert not opened(board)["Rename"].isEnabled()
    names(monkeypatch, "Mine")
    choose(board, "Save present as…")
    names(monkeypatch, "Yours")
    choose(board, "Rename", "Mine")
    assert "Yours" in opened(board)
    assert "Mine" not in opened(board)
    answers(monkeypatch, QMessageBox.StandardButton.No)
    choose(board, "Delete", "Yours")
    assert "Yours" in opened(board)
    answers(monkeypatch, QMessageBox.StandardButton.Yes)
    choose(board, "Delete", "Yours")
    assert "Yours" not in opened(board)


def test_what_cannot_be_is_a_sentence(
    board: Board, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = told(session)
    names(monkeypatch, "Race")
    choose(board, "Save present as…")
    assert heard == ["“Race” comes with InitStudio and stays as it is; choose another name"]
    paths.user_data().mkdir()
    (paths.user_data() / arrangements.FILE).write_text("no JSON")
    found = opened(board)
    assert len(heard) == 2
    assert "could not be understood" in heard[1]
    assert "Race" in found
    opened(board)
    assert len(heard) == 2, "it is told once"


def test_all_can_have_the_same_size_again(board: Board, session: Session) -> None:
    assert not opened(board)["All the same size"].isEnabled()
    board.edits.share(Shares(columns=(0.3, 0.7)))
    choose(board, "All the same size")
    assert session.experiment.board_shares == Shares()
