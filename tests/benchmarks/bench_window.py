"""What the window costs the training, and what the training costs the window.

One run of 8 contenders in the real window at 1600x900 with four plots, between two runs of the
same experiment in an engine process that nobody watches. The same with 16 contenders under 5 seeds
and six pictures at 1920x1080, as on the desk and as on a stage. Then the window alone while the
X-ray's long studies fill their pictures in: the luck of 200 draws, the trainability map, the width
check.
"""

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from msgspec.structs import replace
from PySide6.QtCore import QEventLoop, QSettings, QSize, Qt, QTemporaryDir, QTimer
from PySide6.QtWidgets import QApplication

from initstudio.engine.client import EngineClient
from initstudio.engine.messages import Progress, Start
from initstudio.experiment import Choice, Data, Experiment, Seeds, Training
from initstudio.presets import ARTICLE, DEEP_DIGITS, contender, multilayer
from initstudio.ui import theme
from initstudio.ui.main_window import MainWindow
from initstudio.ui.pages import XRAY
from initstudio.ui.session import Session
from initstudio.ui.worker import RunWorker, examiner

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
WARM, WATCHED, ALONE, EXAMINED = 3.0, 30.0, 10.0, 20.0
PROBE = 5
"""Milliseconds between two ticks of the probe of the event loop."""
NAMES = ("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal")
EXPERIMENT = Experiment(
    network=multilayer(3, 64, "relu"),
    data=Data(dataset=Choice("random")),
    training=Training(epochs=100_000, batch_size=32),
    contenders=tuple(contender(f"{NAMES[at % 4]} {at}", at, NAMES[at % 4]) for at in range(8)),
    board=ARTICLE.board,
)

FULL = replace(
    EXPERIMENT,
    contenders=tuple(contender(f"{NAMES[at % 4]} {at}", at, NAMES[at % 4]) for at in range(16)),
    seeds=Seeds(count=5),
    board=tuple(
        Choice(key)
        for key in (
            "loss", "accuracy", "weights", "gradients", "gradient_norm", "activation_std"
        )
    ),
)  # fmt: skip
"""As much as a board can hold."""

STUDIED = replace(
    DEEP_DIGITS,
    xray=tuple(
        Choice(key)
        for key in ("activation_std", "gradient_norm", "phase", "luck", "trainability", "width")
    ),
)


def figures() -> Iterator[dict[str, Any]]:
    """Yield speed, delay and repaints."""
    before = _alone(EXPERIMENT)
    watched = _watched(EXPERIMENT, QSize(1600, 900))
    alone = (before + _alone(EXPERIMENT)) / 2
    yield _kept("", watched, alone)
    yield _delay("while training", watched.delays, 12)
    for key, count in watched.repaints.items():
        yield {
            "figure": f"repaints of the {key} plot while training",
            "value": round(count / WATCHED, 1),
            "at_least": 12,
            "aim": 20,
            "unit": "1/s",
        }
    yield from _full()
    filling, share = _examined()
    made = f"{100 * share:.0f} % of the map was made in {EXAMINED:.0f} s"
    yield _delay(f"while the X-ray's long studies are made ({made})", filling, 12)


def _full() -> Iterator[dict[str, Any]]:
    """Yield the same of a full board."""
    alone = _alone(FULL)
    for name, look in (("", theme.LIGHT), (", stage look", theme.LIGHT.staged())):
        text = f", 16 contenders x 5 seeds, six pictures{name}"
        watched = _watched(FULL, QSize(1920, 1080), look)
        yield _kept(text, watched, alone)
        yield _delay(f"while training{text}", watched.delays, 16.7)
        yield {
            "figure": f"frames of all pictures together{text}",
            "value": round(sum(watched.repaints.values()) / WATCHED, 1),
            "at_least": 20,
            "aim": 60,
            "unit": "1/s",
        }


def _kept(text: str, watched: "Watched", alone: float) -> dict[str, Any]:
    return {
        "figure": f"training speed with the window over without{text}",
        "value": round(watched.speed / alone, 3),
        "at_least": 0.85,
        "aim": 0.95,
        "unit": f"ratio of steps/s ({watched.speed:.0f} over {alone:.0f})",
    }


def _delay(text: str, delays: list[float], aim: float) -> dict[str, Any]:
    return {
        "figure": f"event-loop delay {text}, p99",
        "value": round(float(np.percentile(delays, 99)), 1),
        "at_most": 25,
        "aim": aim,
        "unit": f"ms (median {np.median(delays):.1f}, greatest {max(delays):.0f})",
    }


@dataclass
class Watched:
    """What a watched run gave: steps/s, delays in ms, and the repaints of each plot."""

    speed: float
    delays: list[float]
    repaints: dict[str, int]


def _alone(experiment: Experiment) -> float:
    """Return steps/s of an engine whose readings are read and dropped."""
    engine = EngineClient()
    try:
        engine.send(Start(1, experiment))
        marks: list[tuple[float, int]] = []
        while not marks or marks[-1][0] - marks[0][0] < WARM + ALONE:
            report = engine.read()
            if isinstance(report, Progress) and len(report.stretch.steps):
                marks.append((time.perf_counter(), int(report.stretch.steps[-1])))
    finally:
        engine.close()
    began = next(mark for mark in marks if mark[0] - marks[0][0] >= WARM)
    return (marks[-1][1] - began[1]) / (marks[-1][0] - began[0])


def _watched(experiment: Experiment, size: QSize, look: theme.Theme = theme.LIGHT) -> Watched:
    """Return what a run in the real window gives."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    settings = QTemporaryDir()
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, settings.path())
    if isinstance(app, QApplication):
        theme.apply(app, look)
    worker = RunWorker()
    session = Session(experiment, worker)
    worker.start()
    window = MainWindow(session, size)
    window.show()
    session.run()
    delays: list[float] = []
    try:
        while session.history is None or session.history.last_step < 100:
            _live(0.1)
        _live(WARM)
        painted = dict(window.board.repaints)
        step, began = session.history.last_step, time.perf_counter()
        probe = _probe(delays)
        _live(WATCHED)
        probe.stop()
        seconds = time.perf_counter() - began
        speed = (session.history.last_step - step) / seconds
        counts = {key: count - painted[key] for key, count in window.board.repaints.items()}
    finally:
        session.close()
        window.hide()
        window.deleteLater()
    return Watched(speed, delays, counts)


def _examined() -> tuple[list[float], float]:
    """Return the event loop's delays in ms while studies are made, and the share of the map."""
    worker = RunWorker()
    session = Session(STUDIED, worker)
    worker.start()
    window = MainWindow(session, make_examiner=examiner)
    window.resize(1600, 900)
    window.show()
    window.pages.show_page(XRAY)
    delays: list[float] = []
    try:
        while window.studies.of("luck") is None:
            _live(0.1)
        probe = _probe(delays)
        _live(EXAMINED)
        probe.stop()
        known = window.studies.of("trainability")
    finally:
        session.close()
        window.hide()
        window.deleteLater()
    return delays, known.share if known else 0.0


def _probe(delays: list[float]) -> QTimer:
    """Return a timer that notes how late each of its ticks is."""
    timer = QTimer(interval=PROBE, timerType=Qt.TimerType.PreciseTimer)
    last = [time.perf_counter()]

    def _on_tick() -> None:
        now = time.perf_counter()
        delays.append(max(0.0, 1000 * (now - last[0]) - PROBE))
        last[0] = now

    timer.timeout.connect(_on_tick)
    timer.start()
    return timer


def _live(seconds: float) -> None:
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()
