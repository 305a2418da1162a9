"""Builds the application and wires all of it."""

import gc
import sys
from pathlib import Path

from initstudio.engine.client import EngineClient

VISIBLE_ARGUMENTS = 1
"""What Qt gets to see of the command line: the program's name."""


def open_window(path: Path | None) -> int:
    """Open the window with an experiment's file or name, and return the exit status at its end."""
    gc.disable()  # what a start makes is no garbage; the Collector takes over
    engine = EngineClient()  # first of all: it loads torch while the window is made
    try:
        return _open_window(path, engine)
    finally:
        engine.close()
        gc.enable()


def _open_window(path: Path | None, engine: EngineClient) -> int:
    # after the engine's start, so that both load at once
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    from initstudio.presets import ARTICLE, EXPERIMENTS  # noqa: PLC0415
    from initstudio.ui import logs, look  # noqa: PLC0415
    from initstudio.ui.garbage import Collector  # noqa: PLC0415
    from initstudio.ui.main_window import MainWindow  # noqa: PLC0415
    from initstudio.ui.session import Session  # noqa: PLC0415
    from initstudio.ui.worker import RunWorker, examiner  # noqa: PLC0415

    app = QApplication(sys.argv[:VISIBLE_ARGUMENTS])
    app.setApplicationName("InitStudio")
    app.setOrganizationName("InitStudio")
    trouble = logs.Trouble()
    logs.install(trouble)
    look.apply()
    look.follow_system(app)
    worker = RunWorker(engine)
    named = EXPERIMENTS.get(path.name) if path and not path.exists() else None
    session = Session(named or ARTICLE, worker)
    worker.start()
    try:
        window = MainWindow(session, make_examiner=examiner)
        trouble.arose.connect(window.show_trouble)
        if path and not named:
            session.open(path)
        window.show()
        collector = Collector()
        status = app.exec()
        collector.close()
        return status
    finally:
        session.close()
