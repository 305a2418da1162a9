"""The window gives back what it took: it may be open for days."""

import gc
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.history import History
from initstudio.presets import EXPERIMENTS
from initstudio.ui.main_window import MainWindow
from initstudio.ui.plots import PLOTS
from initstudio.ui.session import Session, State
from tests.conftest import deliver_deletions

MOST = 6
"""Pictures on a board."""
KEYS = [key for key, kind in PLOTS.items() if "board" in kind.pages]


@pytest.fixture
def window(ready: Session) -> Iterator[MainWindow]:
    window = MainWindow(ready, QSize(1280, 800))
    window.show()
    window.board.show()
    yield window
    ready.undo_stack.setClean()
    window.close()
    window.deleteLater()


def a_run(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    session.run()
    qtbot.waitUntil(lambda: session.history is not None and session.history.last_step > 0)
    session.reset()
    qtbot.waitUntil(lambda: session.state is State.READY)


def every_preset(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    for experiment in EXPERIMENTS.values():
        session.load(experiment)
        qtbot.waitUntil(lambda: session.state is State.READY)


def every_picture(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    for start in range(0, len(KEYS), MOST):
        board = tuple(Choice(key) for key in KEYS[start : start + MOST])
        session.edit(replace(session.experiment, board=board), "Pictures")
        assert [one.plot.key for one in window.board._pictures] == [one.key for one in board]
        qtbot.waitUntil(lambda: not any(one.plot.dirty for one in window.board._pictures))


def a_window_of_its_own(window: MainWindow, session: Session, qtbot: QtBot) -> None:
    picture = window.board._pictures[0]
    picture.acts["window"].trigger()
    assert picture.window is not None
    picture.window.close()
    assert not picture.acts["window"].text().startswith("Bring")


@pytest.mark.parametrize("act", [a_run, every_preset, every_picture, a_window_of_its_own])
def test_what_is_done_again_and_again_leaves_no_widget_and_no_run(
    act: Callable[[MainWindow, Session, QtBot], None],
    window: MainWindow,
    ready: Session,
    qtbot: QtBot,
    qapp: QApplication,
) -> None:
    held = []
    for _ in range(3):
        act(window, ready, qtbot)
        ready.undo_stack.clear()
        qapp.processEvents()
        deliver_deletions()
        gc.collect()
        runs = sum(type(one) is History for one in gc.get_objects())
        held.append((len(qapp.allWidgets()), runs))
    assert held[1] == held[2]
