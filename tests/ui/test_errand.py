"""The program's own commands, run beside the window."""

import os
import signal
import sys

import pytest
from pytestqt.qtbot import QtBot

from initstudio import __version__, paths
from initstudio.ui.errand import Errand


class Heard:
    """What an errand told."""

    def __init__(self, errand: Errand) -> None:
        self.errand = errand
        self.outputs: list[bytes] = []
        self.troubles: list[str] = []
        errand.done.connect(self.outputs.append)
        errand.failed.connect(self.troubles.append)

    def all(self) -> list[object]:
        return [*self.outputs, *self.troubles]


def test_it_gives_what_was_printed(qtbot: QtBot) -> None:
    heard = Heard(Errand("--version"))
    qtbot.waitUntil(lambda: bool(heard.all()))
    assert heard.all() == [f"initstudio {__version__}".encode() + os.linesep.encode()]


def test_bad_input_is_the_sentence_that_the_command_line_says(qtbot: QtBot) -> None:
    heard = Heard(Errand("tensors", "no such file"))
    qtbot.waitUntil(lambda: bool(heard.all()))
    assert heard.all() == ["no such file: No such file or directory"]


def python(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Make errands run this code instead."""
    monkeypatch.setattr(paths, "own_command", lambda *_words: [sys.executable, "-S", "-c", code])


def test_what_it_is_given_it_can_read(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    python(monkeypatch, "import sys; sys.stdout.write(sys.stdin.read().upper())")
    heard = Heard(Errand(given=b"abc"))
    qtbot.waitUntil(lambda: bool(heard.all()))
    assert heard.all() == [b"ABC"]


def test_one_that_does_not_end_is_ended(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    python(monkeypatch, "import time; time.sleep(600)")
    heard = Heard(Errand(patience=1000))
    qtbot.waitUntil(lambda: bool(heard.all()))
    assert heard.all() == ["It took longer than 1 s and was ended."]


def test_one_that_dies_silently_is_told_of(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    python(monkeypatch, "import os; os._exit(7)")
    heard = Heard(Errand())
    qtbot.waitUntil(lambda: bool(heard.all()))
    assert heard.all() == ["It ended with exit status 7."]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_one_that_is_killed_is_told_of(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    python(monkeypatch, f"import os; os.kill(os.getpid(), {int(signal.SIGKILL)})")
    heard = Heard(Errand())
    qtbot.waitUntil(lambda: bool(heard.all()))
    assert heard.outputs == []
    assert len(heard.troubles) == 1


def test_one_that_cannot_be_started_is_told_of(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "own_command", lambda *_words: ["/no/such/program"])
    heard = Heard(Errand())
    qtbot.waitUntil(lambda: bool(heard.all()))
    assert heard.outputs == []
    assert heard.troubles[0].startswith("It could not be started: ")


def test_a_cancelled_one_says_nothing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    python(monkeypatch, "import time; time.sleep(600)")
    errand = Errand()
    heard = Heard(errand)
    qtbot.waitUntil(lambda: errand._process.processId() > 0)
    errand.cancel()
    errand.cancel()
    assert heard.all() == []
