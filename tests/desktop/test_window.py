"""The window on a real window system: it is seen, obeys its keys, and goes without a trace."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from initstudio.ui import session
from initstudio.ui.session import State
from tests.studio import PATIENCE, Studio

pytestmark = pytest.mark.desktop


@pytest.fixture
def studio(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Studio]:
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    monkeypatch.setattr(session, "SPARE_AFTER", 10**8)
    opened = Studio()
    qtbot.waitExposed(opened.window, timeout=PATIENCE)
    yield opened
    opened.close()


def test_the_window_is_on_the_screen_and_painted(studio: Studio, qtbot: QtBot) -> None:
    assert QGuiApplication.platformName() != "offscreen"
    studio.reaches(State.READY, qtbot)
    qtbot.waitUntil(lambda: bool(studio.inked("Weights", 0).any()))
    screen = QGuiApplication.primaryScreen()
    seen = screen.grabWindow(studio.window.winId()).toImage()
    assert not seen.isNull()
    colours = {seen.pixel(x, y) for x in range(0, seen.width(), 7) for y in range(0, 200, 7)}
    assert len(colours) > 5


def test_the_keyboard_runs_and_pauses(studio: Studio, qtbot: QtBot) -> None:
    studio.reaches(State.READY, qtbot)
    with qtbot.waitActive(studio.window, timeout=PATIENCE):
        studio.window.activateWindow()
    QTest.keyClick(studio.window, Qt.Key.Key_F5)
    studio.reaches(State.FINISHED, qtbot)
    assert studio.history.last_step == studio.history.header.steps


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_killing_the_program_leaves_no_engine(
    program: "subprocess.Popen[bytes]", qtbot: QtBot
) -> None:
    qtbot.waitUntil(lambda: bool(_engines(program.pid)), timeout=PATIENCE)
    (engine, *_) = _engines(program.pid)
    program.kill()
    qtbot.waitUntil(lambda: not _lives(engine))


@pytest.fixture
def program(tmp_path: Path) -> "Iterator[subprocess.Popen[bytes]]":
    """Give the whole program as a process, which is gone after the test, whatever happens in it."""
    home = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-m", "initstudio"], env=home) as started:
        yield started
        started.kill()


def _engines(pid: int) -> list[int]:
    """Return the children of a process that are engines; a child just forked is not yet one."""
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [int(child) for child in listed if b"--engine" in _command(int(child))]


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return b""


def _lives(pid: int) -> bool:
    """Return whether a process runs; one that has ended and waits to be reaped does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state.rpartition(")")[2].split()[0] != "Z"
