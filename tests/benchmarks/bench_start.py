"""How long a person waits: for the window, and for the first reading.

Each start is a process of its own; the two of a pair take turns, ratios are of the medians.
"""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

ROUNDS = 7

# The window is painted as a whole; whoever of it is painted tells when that is done.
BARE = """
import sys
import pyqtgraph
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMainWindow
class Plot(pyqtgraph.PlotWidget):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: print("there", flush=True))
app = QApplication(sys.argv[:1])
window = QMainWindow()
window.setCentralWidget(Plot())
window.resize(1280, 760)
window.show()
app.exec()
"""
WINDOW = """
import initstudio.ui.app as app
start = app.EngineClient
def start_and_watch():
    engine = start()  # first of all, as the program does
    from PySide6.QtCore import QTimer
    from initstudio.ui.main_window import MainWindow
    def paint(self, event):
        super(MainWindow, self).paintEvent(event)
        QTimer.singleShot(0, lambda: print("there", engine.pid, flush=True))
    MainWindow.paintEvent = paint
    return engine
app.EngineClient = start_and_watch
app.open_window(None)
"""
TORCH = """
import torch
from torch import nn
network = nn.Sequential(
    nn.Linear(20, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2)
)
optimizer = torch.optim.Adam(network.parameters())
loss = nn.functional.cross_entropy(network(torch.randn(32, 20)), torch.randint(0, 2, (32,)))
loss.backward()
optimizer.step()
print("there", flush=True)
"""
READING = """
from initstudio.engine.client import EngineClient
from initstudio.engine.messages import Progress, Start
from initstudio.presets import ARTICLE
engine = EngineClient()
engine.send(Start(1, ARTICLE))
while not isinstance(engine.read(), Progress):
    pass
print("there", engine.pid, flush=True)
engine.close()
"""


def figures() -> Iterator[dict[str, Any]]:
    """Yield the ratios of both waits."""
    for name, ours, bare in (
        ("process start to the first painted window, over a bare window", WINDOW, BARE),
        ("process start to the first reading, over importing torch and a step", READING, TORCH),
    ):
        slow, fast = _medians(ours, bare)
        yield {
            "figure": name,
            "value": round(slow / fast, 2),
            "at_most": 1.5,
            "aim": 1.2,
            "unit": f"ratio ({slow:.2f} s over {fast:.2f} s)",
        }


def _medians(ours: str, bare: str) -> tuple[float, float]:
    times: list[list[float]] = [[], []]
    for turn in range(ROUNDS + 1):
        for at, code in enumerate((ours, bare)):
            seconds = _wait(code)
            if turn:  # the first fills the disk's cache
                times[at].append(seconds)
    return statistics.median(times[0]), statistics.median(times[1])


def _wait(code: str) -> float:
    """Return the seconds from the start of a process until it says that it is there."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={"QT_QPA_PLATFORM": "offscreen", **os.environ, "INITSTUDIO_DATA": os.devnull},
        text=True,
        start_new_session=True,
    )
    with process:
        line = process.stdout.readline() if process.stdout else ""
        seconds = time.perf_counter() - began
        there, *engines = line.split() or [""]
        _end(process.pid, *map(int, engines))
        process.kill()
    if there != "there":
        message = "the process ended before it was there"
        raise RuntimeError(message)
    return seconds


def _end(*groups: int) -> None:
    """End a process and its engine, which else would load torch on into the next start."""
    for group in groups if os.name == "posix" else ():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
