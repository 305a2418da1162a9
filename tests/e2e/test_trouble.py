"""What goes wrong is said, and costs nothing else."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from initstudio.experiment import DEVICES, Device
from initstudio.presets import ARTICLE
from initstudio.ui.session import State
from tests.studio import Studio

LONG = replace(ARTICLE, training=replace(ARTICLE.training, epochs=10_000))
linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
RACE = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from msgspec.structs import replace
from initstudio.presets import ARTICLE
from initstudio.ui import app, main_window
class Window(main_window.MainWindow):
    def __init__(self, session, size=None, make_examiner=None):
        super().__init__(session, size, make_examiner)
        session.edit(replace(ARTICLE, training=replace(ARTICLE.training, epochs=10000)), "Long")
        session.undo_stack.setClean()
        session.run()
        session.ticked.connect(self.on_tick)
    def on_tick(self):
        session = self._session
        if session.history.last_step > 20:
            session.ticked.disconnect()
            print("racing", flush=True)
            if sys.argv[1] == "close":
                QTimer.singleShot(int(sys.argv[2]), self.close)
main_window.MainWindow = Window
sys.exit(app.open_window(None))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_a_killed_engine_is_told_at_once_and_the_next_run_works(own: Studio, qtbot: QtBot) -> None:
    own.session.load(LONG)
    own.press("Run")
    own.is_at(50, qtbot)
    at = own.history.last_step
    pid = own.worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    qtbot.waitUntil(lambda: own.session.state is State.FAILED)
    assert "killed" in own.text("Message")
    assert own.text("State") == "Failed"
    assert own.history.last_step >= at, "what was read stays"
    own.press("Run")
    qtbot.waitUntil(lambda: own.session.state is State.RUNNING and own.history.last_step < at)
    own.is_at(10, qtbot)


@pytest.mark.parametrize(
    ("panel", "box", "text", "words"),
    [
        ("Training", "Training: Batch size", "100000", "larger than the training part"),
        ("Training", "Training: Epochs", "0", ""),
        ("Training", "Training: Learning rate", "nan", ""),
    ],
)
def test_bad_input_is_a_sentence_and_nothing_is_lost(  # noqa: PLR0917
    studio: Studio, panel: str, box: str, text: str, words: str, qtbot: QtBot
) -> None:
    history = studio.history
    studio.panel(panel)
    studio.type(box, text)
    if words:
        assert any(words in problem.why for problem in studio.session.problems)
        assert not studio.find("Run").isEnabled()
        studio.menu("Edit", "Undo")
    assert studio.session.experiment == ARTICLE
    assert studio.history is history
    assert studio.find("Run").isEnabled()


def test_a_million_units_are_refused_with_what_they_need(studio: Studio, qtbot: QtBot) -> None:
    studio.panel("Network")
    studio.type("Network: Width", "65536")
    studio.type("Network: Depth", "12")
    studio.press("Run")
    studio.reaches(State.FAILED, qtbot)
    assert "memory" in studio.text("Message")
    studio.shows(ARTICLE, qtbot)


def test_a_document_with_a_device_that_is_not_here_opens_and_runs_with_the_cpu(
    studio: Studio, qtbot: QtBot
) -> None:
    absent: list[Device] = [key for key in DEVICES if key not in studio.session.devices]
    if not absent:
        pytest.skip("this machine has all devices")
    device = absent[-1]
    training = replace(ARTICLE.training, device=device)
    studio.session.load(replace(ARTICLE, training=training))
    studio.panel("Training")
    assert "not here" in studio.find_a(QComboBox, "Training: Device").currentText()
    studio.reaches(State.FAILED, qtbot)
    assert f"PyTorch sees no {DEVICES[device]} device" in studio.text("Message")
    studio.choose("Training: Device", "CPU")
    studio.press("Run")
    studio.is_at(5, qtbot)
    assert studio.history.header.device == studio.session.devices["cpu"]


def start(tmp_path: Path, *words: str) -> subprocess.Popen[str]:
    folder = str(Path(__file__).resolve().parents[2])
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": folder,
        "XDG_CONFIG_HOME": str(tmp_path),
        "INITSTUDIO_DATA": str(tmp_path / "data"),
    }
    process = subprocess.Popen(
        [sys.executable, "-c", RACE, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "racing\n", process.communicate()
    return process


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def alive(pid: int) -> bool:
    """Return whether the process runs; one that nobody has buried yet does not."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@linux
@pytest.mark.parametrize("after", [0, 37, 110])
def test_closing_in_the_middle_of_a_run_is_clean(tmp_path: Path, after: int) -> None:
    process = start(tmp_path, "close", str(after))
    engines = children(process.pid)
    _out, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    said = [line for line in errors.splitlines() if "plugin does not support" not in line]
    assert said == []
    assert len(engines) == 1
    assert not any(alive(pid) for pid in engines)


@linux
def test_a_killed_window_leaves_no_orphan(tmp_path: Path, qtbot: QtBot) -> None:
    process = start(tmp_path, "stay")
    (engine,) = children(process.pid)
    assert alive(engine)
    process.kill()
    process.communicate()
    qtbot.waitUntil(lambda: not alive(engine))
