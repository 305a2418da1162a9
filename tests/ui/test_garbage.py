"""Garbage that holds widgets is collected on their own thread."""

import gc
import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from initstudio.ui import garbage
from initstudio.ui.garbage import Collector


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> Iterator[Collector]:
    monkeypatch.setattr(garbage, "PACE", 1)
    collector = Collector()
    yield collector
    collector.close()
    gc.disable()  # as it is in all tests


class Knot(QObject):
    """Holds itself, so that only the collector can end it."""

    def __init__(self, ended: list[str]) -> None:
        super().__init__()
        self.knot = self
        self.ended = ended

    def __del__(self) -> None:
        self.ended.append(threading.current_thread().name)


def test_a_cycle_is_collected_here_and_not_where_most_is_allocated(
    collector: Collector, qtbot: QtBot
) -> None:
    ended: list[str] = []
    Knot(ended)

    def allocate() -> None:
        for _ in range(200):
            _kept = [[number] for number in range(1000)]

    thread = threading.Thread(target=allocate)
    thread.start()
    thread.join()
    assert ended == []
    kept = [[number] for number in range(5000)]
    qtbot.waitUntil(lambda: ended == [threading.main_thread().name])
    assert len(kept) == 5000


def test_closing_gives_the_garbage_back_to_python(qtbot: QtBot) -> None:
    collector = Collector()
    assert not gc.isenabled()
    collector.close()
    assert gc.isenabled()
    gc.disable()
