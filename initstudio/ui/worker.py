"""The thread that listens to the engine, so that the window never waits for it.

Reports go into a queue which the window empties when it likes. An engine that ends is reported
and replaced at once, by the warm spare if there is one.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
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
    """The engine has ended, and with it whatever it was doing; `why` is a sentence."""

    why: str


Event: TypeAlias = Report | Died


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
        self._engine = engine or make_engine()
        self._spare: EngineClient | None = None
        self._lock = threading.Lock()
        self._events: deque[Event] = deque()
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._failures = 0

    @property
    def pid(self) -> int:
        """Return the process id of the present engine."""
        return self._engine.pid

    @property
    def has_spare(self) -> bool:
        """Return whether a second engine stands by."""
        return self._spare is not None

    def send(self, command: Command) -> None:
        """Give the engine a command; if it has ended, the queue will say so."""
        self._wanted.set()
        with self._lock:
            engine = self._engine
        engine.send(command)

    def take(self) -> list[Event]:
        """Return what has arrived since the last call, in order."""
        with self._lock:
            events = list(self._events)
            self._events.clear()
        return events

    def replace_engine(self) -> None:
        """End the present engine, whatever it is doing; the thread starts another."""
        self._engine.kill()

    def warm_spare(self) -> None:
        """Start a second engine, so that a lost one costs nothing."""
        with self._lock:
            if self._spare is None and not self._closing.is_set() and self.isRunning():
                self._spare = self._make_engine()

    def close(self) -> None:
        """End the engines and the thread, and wait for them."""
        with self._lock:
            self._closing.set()
            engines = [self._engine, *([self._spare] if self._spare else [])]
        self._wanted.set()
        for engine in engines:
            engine.close()
        self.wait()

    def run(self) -> None:
        """Listen until closed. Runs on the thread."""
        while not self._closing.is_set():
            why = self._listen(self._engine)
            self._engine.close()
            if self._closing.is_set():
                return
            _log.warning("%s", why)
            self._put(Died(why))
            if self._failures >= ATTEMPTS:
                self._wanted.clear()
                self._wanted.wait()
                self._failures = 0
            self._replace()

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

    def _replace(self) -> None:
        with self._lock:
            if self._closing.is_set():
                return
            spare, self._spare = self._spare, None
            self._engine = spare or self._make_engine()

    def _put(self, event: Event) -> None:
        with self._lock:
            idle = not self._events
            self._events.append(event)
        if idle:
            self.arrived.emit()
