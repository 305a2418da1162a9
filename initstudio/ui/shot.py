"""A picture of the window while it trains, for the README and for talks."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, QSize, QTemporaryDir
from PySide6.QtWidgets import QApplication

from initstudio.errors import ExperimentError
from initstudio.experiment import Experiment
from initstudio.ui import theme as themes
from initstudio.ui.garbage import Collector
from initstudio.ui.main_window import MainWindow
from initstudio.ui.session import Session, State
from initstudio.ui.worker import RunWorker, examiner

PATIENCE = 60.0
"""Seconds that the engine has until the first reading."""
_OVER = {State.FINISHED, State.STOPPED, State.FAILED}


def shot(
    experiment: Experiment, picture: Path, *, after: float, size: tuple[int, int], theme: str
) -> int:
    """Write a PNG of the window, `size` pixels large, after that many seconds of training.

    Returns:
        The exit status.

    Raises:
        ExperimentError: The experiment cannot run, or the picture cannot be written.
    """
    app = QApplication.instance() or QApplication(sys.argv[:1])
    settings = QTemporaryDir()  # a person's own layout is neither used nor changed
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings.path())
    if isinstance(app, QApplication):
        themes.apply(app, themes.THEMES[theme])
    collector = Collector()
    worker = RunWorker()
    session = Session(experiment, worker)
    worker.start()
    try:
        return _take(session, picture, after, size)
    finally:
        session.close()
        collector.close()


def _take(session: Session, picture: Path, after: float, size: tuple[int, int]) -> int:
    complaints: list[ExperimentError] = []
    session.failed.connect(lambda where, why: complaints.append(ExperimentError(where, why)))
    window = MainWindow(session, QSize(*size), examiner)
    window.show()
    window.board.show()
    session.run()
    _process_events(PATIENCE, lambda: session.history is not None or bool(complaints))
    if session.history is None and not complaints:
        complaints.append(ExperimentError("Engine", f"There was no reading in {PATIENCE:.0f} s."))
    if not complaints:
        _process_events(after, lambda: session.state in _OVER)
        _process_events(0.3, lambda: False)  # the last readings are still to be drawn
    written = not complaints and window.grab().save(str(picture), "PNG")
    window.hide()
    window.deleteLater()
    for complaint in complaints:
        raise complaint
    if not written:
        raise ExperimentError(str(picture), "The picture could not be written.")
    return 0


def _process_events(seconds: float, enough: Callable[[], bool]) -> None:
    """Let the window live until `enough` or the time is over."""
    loop = QEventLoop()
    end = time.monotonic() + seconds
    while time.monotonic() < end and not enough():
        loop.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        time.sleep(0.002)
