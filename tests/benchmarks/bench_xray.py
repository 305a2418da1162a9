"""How soon the X-ray follows a hand that moves a value, beside the passes that it needs.

Eight contenders, 20 layers of 128, batches of 256, in the real window at 1600x900 with the pictures
of the signal and of the gradient. The std of one contender's weights moves; the time runs from the
edit to the end of the repaint of both pictures with the readings of that edit. Bare passes are the
first forward and backward pass of that contender's network, just started as each move needs it, as
torch runs them on the engine's one thread; starting it does not count among them.
"""

import os
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import torch
from PySide6.QtCore import QEventLoop, QSettings, QTemporaryDir
from PySide6.QtWidgets import QApplication
from torch import nn

from initstudio import edits
from initstudio.engine.host import THREADS
from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.engine.xray import Xray
from initstudio.experiment import Choice, Data, Experiment, Training
from initstudio.presets import contender, multilayer
from initstudio.ui import theme
from initstudio.ui.main_window import MainWindow
from initstudio.ui.pages import XRAY
from initstudio.ui.session import Session
from initstudio.ui.studied import START
from initstudio.ui.worker import RunWorker, examiner

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
MOVES = 30
PICTURES = ("activation_std", "gradient_norm")
EXPERIMENT = Experiment(
    network=multilayer(20, 128, "tanh"),
    data=Data(dataset=Choice("digits")),
    training=Training(batch_size=256),
    contenders=tuple(contender(f"Normal {at}", at, "normal", std=0.05) for at in range(8)),
    xray=tuple(Choice(key) for key in PICTURES),
)


def figures() -> Iterator[dict[str, Any]]:
    """Yield the time to the repaint, and the X-ray's over the bare passes."""
    seconds = _seconds_to_repaint()
    yield {
        "figure": "from a slider's move to the repainted X-ray",
        "value": round(1000 * statistics.median(seconds), 1),
        "at_most": 100,
        "aim": 50,
        "unit": f"ms (greatest {1000 * max(seconds):.0f})",
    }
    torch.set_num_threads(THREADS)
    ours, bare = _seconds_beside_passes()
    yield {
        "figure": "the X-ray of a contender over its forward and backward passes",
        "value": round(ours / bare, 2),
        "at_most": 3,
        "aim": 2,
        "unit": f"ratio of seconds ({1000 * ours:.1f} ms over {1000 * bare:.1f})",
    }


def _moved(at: int) -> Experiment:
    return edits.set_scheme(EXPERIMENT, 3, "weight", Choice("normal", {"std": 0.05 + 0.001 * at}))


def _seconds_to_repaint() -> list[float]:
    app = QApplication.instance() or QApplication(sys.argv[:1])
    settings = QTemporaryDir()
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings.path())
    if isinstance(app, QApplication):
        theme.apply(app, theme.THEMES["light"])
    worker = RunWorker()
    session = Session(EXPERIMENT, worker)
    worker.start()
    window = MainWindow(session, make_examiner=examiner)
    window.resize(1600, 900)
    window.show()
    window.pages.show_page(XRAY)
    try:
        _live_until(window, EXPERIMENT, {})
        return [_one_move(window, session, at) for at in range(1, MOVES + 1)]
    finally:
        session.close()
        window.hide()
        window.deleteLater()


def _one_move(window: MainWindow, session: Session, at: int) -> float:
    painted = dict(window.pages.xray.repaints)
    wanted = _moved(at)
    began = time.perf_counter()
    session.edit(wanted, "Change std", merge="std")
    _live_until(window, wanted, painted)
    return time.perf_counter() - began


def _live_until(window: MainWindow, wanted: Experiment, painted: dict[str, int]) -> None:
    """Let the window live until the pictures show that experiment."""
    while True:
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        known = window.studies.of(START)
        if known is None or known.header.experiment != wanted or not known.results:
            painted = dict(window.pages.xray.repaints)
            continue
        plots = window.pages.xray.plots
        repaints = window.pages.xray.repaints
        if all(not plots[key].dirty and repaints[key] > painted.get(key, 0) for key in PICTURES):
            return


def _seconds_beside_passes() -> tuple[float, float]:
    """Return the median seconds of an X-ray of one contender that moved, and of bare passes."""
    xray = Xray()
    probes = ("activation_std", "activation_theory", "gradient_norm")
    xray.readings(plan(EXPERIMENT), _heed, probes)
    x, y = torch.randn(256, 64), torch.randint(0, 10, (256,))
    ours, bare = list[float](), list[float]()
    for at in range(1, MOVES + 1):
        moved = plan(_moved(at))
        network = initialize(moved, 3, 0)
        began = time.perf_counter()
        xray.readings(moved, _heed, probes)
        middle = time.perf_counter()
        nn.functional.cross_entropy(network(x), y).backward()
        ours.append(middle - began)
        bare.append(time.perf_counter() - middle)
    return statistics.median(ours), statistics.median(bare)


def _heed(_share: float) -> None:
    """Heed nothing."""
