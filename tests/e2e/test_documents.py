"""A person saves, opens and closes, and loses nothing."""

from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox
from pytestqt.qtbot import QtBot

from initstudio.experiment import decode, encode
from initstudio.presets import ARTICLE, DIGITS
from initstudio.ui.script_window import ScriptWindow
from initstudio.ui.session import State
from initstudio.ui.weights_window import WeightsWindow
from tests.studio import Studio

Answer = QMessageBox.StandardButton


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file that a person names in every dialog."""
    path = tmp_path / "my race 😀.json"

    def named(*_arguments: object) -> tuple[str, str]:
        return str(path), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", named)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", named)
    return path


def answer(monkeypatch: pytest.MonkeyPatch, button: QMessageBox.StandardButton) -> list[str]:
    """Answer every question with this button; return what is asked."""
    asked: list[str] = []

    def question(_parent: object, title: str, *_rest: object) -> QMessageBox.StandardButton:
        asked.append(title)
        return button

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def drop(studio: Studio, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    keys = Qt.KeyboardModifier.NoModifier
    window, at = studio.window, QPoint(300, 300)
    QApplication.sendEvent(window, QDragEnterEvent(at, action, data, button, keys))
    QApplication.sendEvent(window, QDropEvent(QPointF(at), action, data, button, keys))


def test_weights_are_taken_home_and_looked_into(
    studio: Studio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path))
    studio.menu("File", "Save weights")
    qtbot.waitUntil(lambda: len(list(tmp_path.glob("*.start.safetensors"))) == 3)
    qtbot.waitUntil(lambda: "3 files of weights were written" in studio.text("Message"))
    studio.press("Dismiss")
    studio.press("Step")
    studio.reaches(State.PAUSED, qtbot)
    studio.menu("File", "Save weights")
    qtbot.waitUntil(lambda: "6 files of weights were written" in studio.text("Message"))
    studio.press("Dismiss")
    drop(studio, next(tmp_path.glob("1-*.step1.safetensors")))
    (window,) = studio.window.findChildren(WeightsWindow)
    qtbot.waitUntil(lambda: window.weights is not None)
    assert "contender: Xavier" in window.facts.text()
    window.close()
    studio.window.activateWindow()
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / ("x" * 300)))
    studio.menu("File", "Save weights")
    qtbot.waitUntil(lambda: "File name too long" in studio.text("Message"))
    studio.press("Dismiss")


def test_the_experiment_is_taken_home_as_a_script(studio: Studio, qtbot: QtBot) -> None:
    studio.menu("File", "PyTorch script")
    (window,) = studio.window.findChildren(ScriptWindow)
    qtbot.waitUntil(lambda: bool(window.code.toPlainText() or window.problem.text()))
    assert "nn.init.xavier_uniform_(module.weight, generator=generator)" in (
        window.code.toPlainText()
    )
    window.close()
    studio.window.activateWindow()


def test_one_contender_is_taken_home_as_a_function(studio: Studio, qtbot: QtBot) -> None:
    studio.press("Contender as code")
    (window,) = studio.window.findChildren(ScriptWindow)
    assert window.what.currentText() == "Init function of Xavier"
    qtbot.waitUntil(lambda: bool(window.code.toPlainText() or window.problem.text()))
    assert "def init(network, generator):" in window.code.toPlainText()
    window.copy.click()
    assert QApplication.clipboard().text() == window.code.toPlainText()
    window.close()
    studio.window.activateWindow()


def test_an_experiment_is_saved_and_opened_again(studio: Studio, file: Path, qtbot: QtBot) -> None:
    studio.panel("Training")
    studio.type("Training: Epochs", "3")
    mine = studio.session.experiment
    assert studio.window.isWindowModified()
    studio.key("Board", "Ctrl+S")
    assert decode(file.read_bytes()) == mine
    assert not studio.window.isWindowModified()
    assert file.name in studio.window.windowTitle()
    studio.press("Experiment Digits")
    studio.menu("File", "Open…")
    assert studio.session.experiment == mine
    qtbot.waitUntil(lambda: studio.history.header.steps == 75)
    studio.press("Experiment Digits")
    studio.menu("File", "Open recent", str(file))
    assert studio.session.experiment == mine


def test_a_file_with_a_mistake_is_refused_with_its_place(
    studio: Studio, file: Path, qtbot: QtBot
) -> None:
    file.write_bytes(encode(DIGITS).replace(b'"batch_size": 64', b'"batch_size": "many"'))
    history = studio.history
    studio.menu("File", "Open…")
    message = studio.text("Message")
    assert "$.experiment.training.batch_size" in message
    assert file.name in message
    assert studio.session.experiment == ARTICLE
    studio.press("Dismiss")
    studio.press("Run")
    studio.reaches(State.FINISHED, qtbot)
    assert studio.history is history


def test_a_file_is_dropped_onto_the_window(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "dropped.json"
    path.write_bytes(encode(DIGITS))
    drop(studio, path)
    assert (studio.session.experiment, studio.session.path) == (DIGITS, path)
    other = tmp_path / "picture.png"
    other.write_bytes(b"")
    drop(studio, other)
    assert studio.session.experiment == DIGITS


@pytest.mark.parametrize(
    ("button", "leaves", "saved"),
    [(Answer.Cancel, False, False), (Answer.Discard, True, False), (Answer.Save, True, True)],
)
def test_leaving_unsaved_edits_asks(  # noqa: PLR0917 - one for each answer and fixture
    studio: Studio,
    file: Path,
    monkeypatch: pytest.MonkeyPatch,
    button: QMessageBox.StandardButton,
    leaves: bool,
    saved: bool,
) -> None:
    studio.session.edit(replace(ARTICLE, title="Mine"), "Rename")
    asked = answer(monkeypatch, button)
    assert studio.window.commands.may_leave() is leaves
    assert len(asked) == 1
    assert file.exists() is saved


def test_without_edits_nothing_is_asked(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, Answer.Cancel)
    assert studio.window.commands.may_leave()
    assert asked == []


def test_a_window_that_is_told_to_stay_stays(own: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    own.session.edit(replace(ARTICLE, title="Mine"), "Rename")
    answer(monkeypatch, Answer.Cancel)
    own.menu("File", "Quit")
    assert own.window.isVisible()
    answer(monkeypatch, Answer.Discard)
    own.menu("File", "Quit")
    assert not own.window.isVisible()
    assert own.worker.isFinished()
