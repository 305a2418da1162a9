"""A person takes a picture, or its numbers, home from the board."""

import csv
import io
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSize
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QComboBox, QFileDialog
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.presets import ARTICLE
from initstudio.ui.arrangement import PLACES
from initstudio.ui.board import Board
from initstudio.ui.chart.frame import TAKEN
from initstudio.ui.picture_dialog import SIZES, PictureDialog
from initstudio.ui.session import Session, State
from tests.ui.test_session import Reaches


@pytest.fixture
def board(ready: Session, reaches: Reaches, qtbot: QtBot) -> Board:
    ready.edit(replace(ARTICLE, board=(Choice("loss"), Choice("weights"))), "Board")
    ready.run()
    reaches(ready, State.FINISHED)
    board = Board(ready)
    qtbot.addWidget(board)
    board.resize(900, 500)
    board.show()
    return board


@pytest.fixture
def dialog(board: Board, qtbot: QtBot) -> PictureDialog:
    dialog = PictureDialog(list(board.plots.values()), PLACES[2], QSize(800, 400), "mine", board)
    qtbot.addWidget(dialog)
    dialog.show()
    return dialog


def named(monkeypatch: pytest.MonkeyPatch, path: Path, chosen: str = "") -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), chosen))


def choose(box: QComboBox, text: str) -> None:
    box.setCurrentText(text)
    box.activated.emit(box.currentIndex())


def clipboard_image() -> QImage:
    return QGuiApplication.clipboard().image()


def test_it_proposes_a_slide_and_shows_it(dialog: PictureDialog) -> None:
    assert dialog.look.size == QSize(960, 540)
    assert dialog.look.scale == 2
    assert "1,920 × 1,080" in dialog.about.text()
    assert not dialog.preview.pixmap().isNull()


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_ending_says_the_format(
    dialog: PictureDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    named(monkeypatch, tmp_path / f"mine{ending}")
    dialog.save.click()
    marks = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}
    assert (tmp_path / f"mine{ending}").read_bytes().startswith(marks[ending])
    assert not dialog.isVisible()


def test_without_an_ending_the_chosen_kind_is_written(
    dialog: PictureDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(monkeypatch, tmp_path / "v1.2", "SVG (*.svg)")
    dialog.save.click()
    assert (tmp_path / "v1.2.svg").exists()


def test_what_cannot_be_written_is_a_sentence_and_the_dialog_stays(
    dialog: PictureDialog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(monkeypatch, tmp_path / "no folder" / "x.png")
    dialog.save.click()
    assert "could not be saved: No such file" in dialog.problem.text()
    assert dialog.isVisible()


def test_the_choices_are_remembered(dialog: PictureDialog, board: Board, qtbot: QtBot) -> None:
    choose(dialog.size_box, "As on the screen")
    choose(dialog.theme_box, "Dark")
    choose(dialog.ground_box, "Transparent")
    choose(dialog.scale_box, "1 ×")
    again = PictureDialog(list(board.plots.values()), PLACES[2], QSize(800, 400), "mine", board)
    qtbot.addWidget(again)
    assert again.look == dialog.look
    assert again.look.size == QSize(800, 400)
    assert again.look.theme.name == "dark"
    assert again.look.transparent


@pytest.mark.parametrize("size", SIZES)
def test_every_size_can_be_copied(dialog: PictureDialog, size: str) -> None:
    choose(dialog.size_box, size)
    dialog.copy.click()
    assert clipboard_image().size() == dialog.look.size * 2
    data = QGuiApplication.clipboard().mimeData().data("image/svg+xml").data()
    assert bytes(data).startswith(b"<?xml")


def test_one_plot_offers_what_can_be_taken(board: Board) -> None:
    plot = board.plots["loss"]
    texts = [action.text() for action in plot.more.menu().actions() if action.text()]
    assert texts[: len(TAKEN)] == list(TAKEN.values())


def test_one_plot_is_copied_as_a_picture_and_as_numbers(board: Board) -> None:
    loss = board.plots["loss"]
    loss.taken.emit("copy_picture")
    assert clipboard_image().size() == loss.size() * 2
    loss.taken.emit("copy_data")
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert {row["contender"] for row in rows} == {"Xavier", "Kaiming", "Normal"}


def test_numbers_are_saved(
    board: Board, ready: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named(monkeypatch, tmp_path / "mine")
    board.plots["weights"].taken.emit("save_data")
    head = "contender,layer,step,bin low,bin high,count\n"
    assert (tmp_path / "mine.csv").read_text().startswith(head)
    heard: list[str] = []
    ready.failed.connect(lambda where, _why: heard.append(where))
    named(monkeypatch, tmp_path / "none" / "x.csv")
    board.plots["weights"].taken.emit("save_data")
    assert heard == [str(tmp_path / "none" / "x.csv")]


def test_the_board_is_copied_as_it_is_seen(board: Board) -> None:
    board.copy_picture()
    whole = board.plots["loss"].geometry().united(board.plots["weights"].geometry())
    assert clipboard_image().size() == whole.size() * 2
    board.enlarge(0)
    board.copy_picture()
    assert clipboard_image().size() == board.plots["loss"].size() * 2


def test_an_empty_board_has_no_picture(board: Board, ready: Session) -> None:
    ready.edit(replace(ready.experiment, board=()), "Empty")
    QGuiApplication.clipboard().clear()
    board.copy_picture()
    board.ask_save_picture()
    assert clipboard_image().isNull()
