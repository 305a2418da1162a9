"""The thread that listens to the engine, so that the window never waits for it.

Reports go into a queue which the window empties when it likes. An engine that ends is reported
and replaced at once, by the warm spare if there is one.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

import msgspec
from PySide6.QtCore import QObject, QThread, Signal

from initstudio.engine.client import EngineClient
from initstudio.engine.messages import Command, Ready, Report

ATTEMPTS = 3
"""Engines in a row that may end before they are ready; then a person has to ask for another."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Died:
    """The engine has ended, and with it whatever it was doing; `why` is a sentence.

    `by_code`: while a person's own code ran, which would only end the next one, too.
    """

    why: str
    by_code: bool = False


Event: TypeAlias = Report | Died
NICE = 5
"""How far an examiner stands behind whoever trains, for the system to know."""


def examiner() -> "RunWorker":
    """Return a worker, not started yet, whose engine makes studies."""
    return RunWorker(make_engine=partial(EngineClient, behind=NICE))


class RunWorker(QThread):
    """Reads the engine's reports on a thread of its own, and keeps an engine running."""

    arrived = Signal()
    """There is something in the queue."""

    def __init__(
        self,
        engine: EngineClient | None = None,
        *,
        make_engine: Callable[[], EngineClient] = EngineClient,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._make_engine = make_engine
        self._engine: EngineClient | None = engine or make_engine()
        self._unsent: list[Command] = []
        """What was said while there was no engine."""
        self._spare: EngineClient | None = None
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._failures = 0

    @property
    def pid(self) -> int | None:
        """Return the process id of the present engine, if there is one."""
        engine = self._engine
        return engine.pid if engine else None

    @property
    def has_spare(self) -> bool:
        """Return whether a second engine stands by."""
        return self._spare is not None

    def send(self, command: Command) -> None:
        """Give the engine a command; if it has ended, the queue will say so."""
        with self._lock:
            engine = self._engine
            if engine is None:
                self._unsent.append(command)
        if engine:
            engine.send(command)
        self._wanted.set()

    def take(self) -> list[Event]:
        """Return what has arrived since the last call, in order."""
        with self._lock:
            events = list(self._events)
            self._events.clear()
        return events

    def replace_engine(self) -> None:
        """End the present engine, whatever it is doing; the thread starts another."""
        engine = self._engine
        if engine:
            engine.kill()

    def warm_spare(self) -> None:
        """Start a second engine, so that a lost one costs nothing."""
        with self._lock:
            if self._spare is None and not self._closing.is_set() and self.isRunning():
                self._spare = self._make_engine()

    def close(self) -> None:
        """End the engines and the thread, and wait for them."""
        with self._lock:
            self._closing.set()
            engines = [engine for engine in (self._engine, self._spare) if engine]
        self._wanted.set()
        for engine in engines:
            engine.close()
        self.wait()

    def run(self) -> None:
        """Listen until closed. Runs on the thread."""
        engine = self._engine
        while engine and not self._closing.is_set():
            why = self._listen(engine)
            by_code = bool(engine.doing)
            engine.close()
            if self._closing.is_set():
                return
            _log.warning("%s", why)
            if self._failures < ATTEMPTS:
                # before it is told, so that an answer reaches the new one
                engine = self._replace()
                self._put(Died(why, by_code))
            else:
                engine = self._wait_until_wanted(why)

    def _listen(self, engine: EngineClient) -> str:
        """Put reports into the queue until the engine ends, and return why it did."""
        self._failures += 1
        try:
            while (report := engine.read()) is not None:
                if isinstance(report, Ready):
                    self._failures = 0
                self._put(report)
        except (ValueError, msgspec.MsgspecError) as error:
            engine.kill()
            return f"The engine was ended, because it sent what cannot be read: {error}."
        return engine.how_it_ended()

    def _wait_until_wanted(self, why: str) -> EngineClient | None:
        """Tell of an engine that does not start, and start another only when it is asked for."""
        with self._lock:
            self._engine = None
            self._wanted.clear()
        self._put(Died(why))
        self._wanted.wait()
        self._failures = 0
        return self._replace()

    def _replace(self) -> EngineClient | None:
        """Make the spare, or a new one, the present engine; None while closing."""
        with self._lock:
            if self._closing.is_set():
                return None
            spare, self._spare = self._spare, None
            engine = self._engine = spare or self._make_engine()
            unsent, self._unsent = self._unsent, []
        for command in unsent:
            engine.send(command)
        return engine

    def _put(self, event: Event) -> None:
        with self._lock:
            idle = not self._events
            self._events.append(event)
        if idle:
            self.arrived.emit()
