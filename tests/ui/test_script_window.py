"""The window that shows an experiment as code: what it asks for, and what it does with it."""

import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from initstudio import paths
from initstudio.edits import rename_contender
from initstudio.experiment import decode
from initstudio.presets import ARTICLE, DIGITS
from initstudio.ui.script_window import ScriptWindow
from initstudio.ui.session import Session

ECHO = "import sys; print(sys.argv[1:]); print(sys.stdin.read())"


def python(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Make every errand run this code, with the words that it was given."""
    monkeypatch.setattr(
        paths, "own_command", lambda *words: [sys.executable, "-S", "-c", code, *words]
    )


@pytest.fixture
def idle() -> Session:
    """A session without an engine."""
    return Session(ARTICLE)


@pytest.fixture
def window(idle: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ScriptWindow:
    python(monkeypatch, ECHO)
    window = ScriptWindow(idle)
    qtbot.addWidget(window)
    window.show()
    return window


def words(window: ScriptWindow, qtbot: QtBot) -> str:
    """Wait for what the command was asked, and return it."""
    qtbot.waitUntil(lambda: bool(window.code.toPlainText()))
    return window.code.toPlainText().splitlines()[0]


def choose(window: ScriptWindow, at: int) -> None:
    window.what.setCurrentIndex(at)
    window.what.activated.emit(at)


def test_the_script_of_what_is_on_the_screen_comes_by_itself(
    window: ScriptWindow, qtbot: QtBot
) -> None:
    assert not window.copy.isEnabled()
    assert words(window, qtbot) == "['script', '-']"
    _, _, given = window.code.toPlainText().partition("\n")
    assert decode(given.encode()) == ARTICLE
    window.copy.click()
    assert QGuiApplication.clipboard().text() == window.code.toPlainText()


def test_a_notebook_and_each_init_function_can_be_had(window: ScriptWindow, qtbot: QtBot) -> None:
    offered = [window.what.itemText(at) for at in range(window.what.count())]
    assert offered[2:] == [
        "Init function of Xavier",
        "Init function of Kaiming",
        "Init function of Normal",
    ]
    choose(window, 1)
    assert words(window, qtbot) == "['script', '-', '--notebook']"
    choose(window, 3)
    assert words(window, qtbot) == "['script', '-', '--init', 'Kaiming']"


def test_it_follows_the_experiment(window: ScriptWindow, idle: Session, qtbot: QtBot) -> None:
    choose(window, 3)
    assert "Kaiming" in words(window, qtbot)
    idle.edit(replace(ARTICLE, title="Other"), "Title")
    assert window.choice == ("init", "Kaiming")
    qtbot.waitUntil(lambda: "Other" in window.code.toPlainText())
    idle.edit(rename_contender(idle.experiment, 1, "He"), "Rename")
    assert window.choice == ("script", "")
    idle.load(DIGITS)
    qtbot.waitUntil(lambda: "digits" in window.code.toPlainText())


def test_one_contender_can_be_asked_for_at_once(
    idle: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    python(monkeypatch, ECHO)
    window = ScriptWindow(idle, "Normal")
    qtbot.addWidget(window)
    assert words(window, qtbot) == "['script', '-', '--init', 'Normal']"


def test_a_mistake_is_told_without_a_process(idle: Session, qtbot: QtBot) -> None:
    idle.edit(replace(ARTICLE, network=()), "Empty")
    window = ScriptWindow(idle)
    qtbot.addWidget(window)
    assert "no layers" in window.problem.text()
    assert not window.save.isEnabled()


def test_a_refusal_is_one_sentence(
    idle: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    python(monkeypatch, "import sys; sys.exit('error: $: it is not to be')")
    window = ScriptWindow(idle)
    qtbot.addWidget(window)
    qtbot.waitUntil(lambda: bool(window.problem.text()))
    assert window.problem.text() == "$: it is not to be"


def test_it_is_saved_with_its_ending_and_whole_or_not_at_all(
    window: ScriptWindow, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def name(_parent: object, _title: str, start: str, _filters: str) -> tuple[str, str]:
        asked.append(start)
        return str(tmp_path / "mine"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", name)
    words(window, qtbot)
    window.save.click()
    assert asked == [f"{ARTICLE.title}.py"]
    assert (tmp_path / "mine.py").read_text() == window.code.toPlainText()
    folder = str(tmp_path / "no folder" / "x.py")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (folder, ""))
    window.save.click()
    assert "could not be saved: No such file" in window.problem.text()


def test_closing_it_early_ends_the_writing(
    idle: Session, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    python(monkeypatch, "import time; time.sleep(600)")
    window = ScriptWindow(idle)
    qtbot.addWidget(window)
    window.show()
    errand = window._errand
    assert errand is not None
    qtbot.waitUntil(lambda: errand._process.processId() > 0)
    window.close()
    assert window.code.toPlainText() == ""
