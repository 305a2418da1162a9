"""For every test: no window on a screen, no file of the person's own, nothing left behind."""

import contextlib
import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

PATIENCE = 60_000
"""Milliseconds that a test waits for what must come, on however busy a machine."""
GARBAGE = 50_000
"""Objects made since the last collection from which on another one is worth its time."""

# The desktop tests come with another platform.
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INITSTUDIO_DATA", str(tmp_path / "user data"))


@pytest.fixture(autouse=True)
def _garbage_is_collected_here() -> Iterator[None]:
    """Widgets left to the garbage must not be destroyed on a test's other threads."""
    gc.disable()
    yield
    deliver_deletions()
    if gc.get_count()[0] > GARBAGE:
        gc.collect()


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    """Threads and child processes that a test leaves behind fail it."""
    threads = own_threads()
    children = child_processes()
    yield
    left = [thread.name for thread in own_threads() - threads]
    assert not left, f"threads left behind: {left}"
    assert not child_processes() - children, "processes left behind"


class PatientBot(QtBot):
    """Waits long for what must come: how fast it comes is for the benchmarks to say."""

    def waitUntil(  # noqa: N802 - its name in pytest-qt
        self, callback: Callable[[], bool | None], *, timeout: int = PATIENCE
    ) -> None:
        """Wait until the callback gives true."""
        super().waitUntil(callback, timeout=timeout)


@pytest.fixture
def qtbot(qapp: QApplication, request: pytest.FixtureRequest) -> QtBot:
    """Give pytest-qt's bot with our patience."""
    del qapp  # only that there is one
    return PatientBot(request)


def deliver_deletions() -> None:
    """Delete what is to be deleted later: Qt waits for its event loop, and none runs in tests."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def own_threads() -> set[threading.Thread]:
    """Return the living threads of Python; a QThread left behind ends the process itself."""
    dummy = threading._DummyThread  # stands for a thread of Qt's
    return {one for one in threading.enumerate() if one.is_alive() and not isinstance(one, dummy)}


def child_processes() -> set[int]:
    """Return the ids of the living children of this process; none where the system does not say."""
    found = set()
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # that thread has ended
            found |= {int(pid) for pid in task.read_text(encoding="ascii").split()}
    return found
