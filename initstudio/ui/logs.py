"""Where everything unexpected goes: one rotating log, and a word to the person."""

import contextlib
import faulthandler
import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QObject, QtMsgType, Signal, qInstallMessageHandler

from initstudio import paths

QUIET = 10.0
"""Seconds for which the same trouble is not told again."""

_log = logging.getLogger(__name__)
_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


class Trouble(QObject):
    """Tells of unexpected errors, from any thread: the same one at most once in ten seconds."""

    arose = Signal(str)
    """The details: a traceback."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._told: dict[str, float] = {}

    def report(self, error: BaseException) -> None:
        """Log the error, and tell of it if it was not just told."""
        details = "".join(traceback.format_exception(error))
        _log.error("%s", details)
        now = self._clock()
        if now - self._told.get(details, -QUIET) >= QUIET:
            self._told[details] = now
            self.arose.emit(details)


def install(trouble: Trouble) -> None:
    """Send all that is unexpected, in any thread and in Qt, to the log and to `trouble`."""
    _open_log()

    def on_error(
        _kind: type[BaseException], error: BaseException, _trace: TracebackType | None
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            sys.__excepthook__(type(error), error, error.__traceback__)
        else:
            trouble.report(error)

    def on_thread_error(found: threading.ExceptHookArgs) -> None:
        if found.exc_value:
            trouble.report(found.exc_value)

    def on_unraisable(found: "sys.UnraisableHookArgs") -> None:
        if found.exc_value:
            trouble.report(found.exc_value)

    sys.excepthook = on_error
    threading.excepthook = on_thread_error
    sys.unraisablehook = on_unraisable
    qInstallMessageHandler(_on_qt_message)


def _open_log() -> None:
    """Log to files in the user's data; where that cannot be written, to stderr alone."""
    folder = paths.user_data()
    handlers: list[logging.Handler] = []
    # pythonw and frozen apps have no stderr
    if sys.stderr:
        handlers.append(logging.StreamHandler(sys.stderr))
        handlers[0].setLevel(logging.WARNING)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handlers.append(
            RotatingFileHandler(
                folder / "log.txt", maxBytes=1_000_000, backupCount=3, encoding="utf-8", delay=True
            )
        )
        with contextlib.suppress(OSError):
            faulthandler.enable((folder / "crash.txt").open("a", encoding="utf-8"))
    except OSError as error:
        _log.warning("There is no log file: %s", error)
    style = "%(asctime)s %(process)d %(levelname)s %(name)s: %(message)s"
    logging.basicConfig(level=logging.INFO, handlers=handlers, format=style)


def _on_qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    logging.getLogger("Qt").log(
        _LEVELS.get(kind, logging.WARNING), "%s (%s)", message, context.category or ""
    )
