"""The worker keeps an engine running and the window informed."""

import os
import signal
import sys
import time

import pytest
from pytestqt.qtbot import QtBot

from initstudio.engine.client import EngineClient
from initstudio.engine.messages import Ready, Start, Started
from initstudio.presets import ARTICLE
from initstudio.ui.worker import ATTEMPTS, Died, Event, RunWorker
from tests.fake_engine import HANGS, SLEEP
from tests.ui.conftest import at_rate, fake_engine

posix = pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")


class Listener:
    """Takes what arrives, in the order in which it does."""

    def __init__(self, worker: RunWorker) -> None:
        self.events: list[Event] = []
        self._worker = worker
        worker.arrived.connect(self._on_arrived)

    def _on_arrived(self) -> None:
        self.events += self._worker.take()

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)


def pid_of(worker: RunWorker) -> int:
    assert worker.pid is not None
    return worker.pid


def test_reports_arrive_in_order(worker: RunWorker, qtbot: QtBot) -> None:
    listener = Listener(worker)
    worker.send(Start(1, ARTICLE, paused=True))
    qtbot.waitUntil(lambda: len(listener.events) >= 3)
    assert [type(event).__name__ for event in listener.events] == ["Ready", "Started", "Progress"]


@posix
def test_a_killed_engine_is_told_at_once_and_replaced(worker: RunWorker, qtbot: QtBot) -> None:
    listener = Listener(worker)
    qtbot.waitUntil(lambda: listener.count(Ready) == 1)
    pid = pid_of(worker)
    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: listener.count(Died) == 1)
    qtbot.waitUntil(lambda: listener.count(Ready) == 2)
    assert worker.pid != pid
    worker.send(Start(1, ARTICLE, paused=True))
    qtbot.waitUntil(lambda: listener.count(Started) == 1)


@posix
def test_the_spare_takes_the_place_of_a_killed_engine(worker: RunWorker, qtbot: QtBot) -> None:
    listener = Listener(worker)
    qtbot.waitUntil(lambda: listener.count(Ready) == 1)
    worker.warm_spare()
    assert worker.has_spare
    spare = worker._spare
    os.kill(pid_of(worker), signal.SIGKILL)
    qtbot.waitUntil(lambda: listener.count(Ready) == 2)
    assert worker._engine is spare
    assert not worker.has_spare


def test_an_engine_that_hangs_is_replaced_when_asked(worker: RunWorker, qtbot: QtBot) -> None:
    listener = Listener(worker)
    worker.send(Start(1, at_rate(ARTICLE, HANGS)))
    qtbot.waitUntil(lambda: listener.count(Started) == 1)
    worker.replace_engine()
    qtbot.waitUntil(lambda: listener.count(Ready) == 2)


def test_engines_that_never_get_ready_are_not_started_for_ever(qtbot: QtBot) -> None:
    made = []

    def make() -> EngineClient:
        command = [sys.executable, "-S", "-c", "import sys; sys.exit('no torch here')"]
        made.append(EngineClient(command))
        return made[-1]

    worker = RunWorker(make_engine=make)
    listener = Listener(worker)
    worker.start()
    qtbot.waitUntil(lambda: listener.count(Died) == ATTEMPTS)
    assert len(made) == ATTEMPTS
    died = listener.events[-1]
    assert isinstance(died, Died)
    assert "no torch here" in died.why
    worker.send(Start(1, ARTICLE))  # a person tries again
    qtbot.waitUntil(lambda: len(made) > ATTEMPTS)
    worker.close()


def test_garbage_on_the_pipe_ends_that_engine(qtbot: QtBot) -> None:
    code = "import sys, time; sys.stdout.write('x' * 999); sys.stdout.flush(); time.sleep(60)"
    clients = [EngineClient([sys.executable, "-S", "-c", code])]
    worker = RunWorker(clients[0], make_engine=fake_engine)
    listener = Listener(worker)
    worker.start()
    qtbot.waitUntil(lambda: listener.count(Ready) == 1)
    first = listener.events[0]
    assert isinstance(first, Died)
    assert "cannot be read" in first.why
    worker.close()


def test_closing_does_not_wait_for_a_step(qtbot: QtBot) -> None:
    worker = RunWorker(make_engine=fake_engine)
    listener = Listener(worker)
    worker.start()
    worker.send(Start(1, at_rate(ARTICLE, HANGS)))
    qtbot.waitUntil(lambda: listener.count(Started) == 1)
    began = time.monotonic()
    worker.close()
    assert time.monotonic() - began < SLEEP / 2
    assert worker.isFinished()
    worker.close()
