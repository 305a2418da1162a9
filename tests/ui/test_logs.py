"""Whatever is unexpected goes to the log, and to the person once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from initstudio.ui.logs import QUIET, Trouble

SCRIPT = """
import sys, threading
from PySide6.QtCore import QCoreApplication, QTimer, qWarning
from initstudio.ui import logs
app = QCoreApplication([])
trouble = logs.Trouble()
logs.install(trouble)
trouble.arose.connect(lambda details: print(details.strip().splitlines()[-1], flush=True))
def slot():
    raise ValueError("in a slot")
def thread():
    raise ValueError("in a thread")
QTimer.singleShot(0, slot)
one = threading.Thread(target=thread)
one.start()
one.join()
qWarning("from Qt")
QTimer.singleShot(50, app.quit)
app.exec()
class Bad:
    def __del__(self):
        raise ValueError("in the end")
Bad()
"""


def error(text: str) -> ValueError:
    with pytest.raises(ValueError, match=text) as caught:
        raise ValueError(text)
    return caught.value


def test_the_same_trouble_is_told_once_in_ten_seconds() -> None:
    now = [0.0]
    told: list[str] = []
    trouble = Trouble(lambda: now[0])
    trouble.arose.connect(told.append)
    for seconds, text in ((0, "a"), (1, "a"), (2, "b"), (QUIET - 0.1, "a"), (QUIET, "a")):
        now[0] = seconds
        trouble.report(error(text))
    assert [details.strip().splitlines()[-1] for details in told] == [
        "ValueError: a",
        "ValueError: b",
        "ValueError: a",
    ]
    assert "Traceback" in told[0]


def test_hooks_catch_slots_threads_ends_and_qt(tmp_path: Path) -> None:
    environment = {"INITSTUDIO_DATA": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    assert sorted(result.stdout.split("\n")[:-1]) == [
        "ValueError: in a slot",
        "ValueError: in a thread",
        "ValueError: in the end",
    ]
    log = (tmp_path / "log.txt").read_text(encoding="utf-8")
    for words in ("in a slot", "in a thread", "in the end", "from Qt"):
        assert words in log


def test_a_place_that_cannot_be_written_stops_nobody(tmp_path: Path) -> None:
    file = tmp_path / "a file"
    file.write_text("")
    environment = {"INITSTUDIO_DATA": str(file), "PYTHONPATH": os.pathsep.join(sys.path)}
    result = subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, check=True
    )
    assert "ValueError: in a slot" in result.stdout
