"""The dialogue that makes a network of a Python file, with a real process that reads it."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QPushButton, QTreeWidget, QWidget
from pytestqt.qtbot import QtBot

from initstudio.described import MOST_DESCRIBED, Reading
from initstudio.trust import is_trusted, trust
from initstudio.ui.code_view import WARNING, TrustDialog
from initstudio.ui.network_dialog import Asked, NetworkDialog
from initstudio.ui.network_reader import NetworkReader
from tests.conftest import child_processes
from tests.own_networks import HEAD, MLP, NOISY, RESIDUAL, own

W = TypeVar("W", bound=QWidget)
Open = Callable[..., NetworkDialog]


@pytest.fixture
def opened(qtbot: QtBot) -> Iterator[Open]:
    """Give a function that opens the dialogue."""
    dialogs: list[NetworkDialog] = []

    def show(code: str, shape: tuple[int, ...] = (6,), factory: str = "") -> NetworkDialog:
        asked = Asked(code=code, shape=shape, factory=factory, name="net.py")
        dialog = NetworkDialog(asked)
        dialogs.append(dialog)
        qtbot.addWidget(dialog)
        dialog.show()
        dialog.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is dialog)
        return dialog

    yield show
    for dialog in dialogs:
        dialog.reject()


def find(dialog: QWidget, kind: type[W], name: str) -> W:
    (found,) = (one for one in dialog.findChildren(kind) if one.accessibleName() == name)
    return found


def busy(dialog: NetworkDialog) -> bool:
    return dialog._reader.busy


def is_read(dialog: NetworkDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not busy(dialog))


def rows(dialog: NetworkDialog) -> list[tuple[str, ...]]:
    tree = find(dialog, QTreeWidget, "Network file: layers")
    items = [tree.topLevelItem(at) for at in range(tree.topLevelItemCount())]
    return [tuple(item.text(column) for column in range(4)) for item in items if item]


def test_code_is_shown_and_runs_only_when_it_is_trusted(opened: Open, qtbot: QtBot) -> None:
    dialog = opened(MLP)
    trusting = find(dialog, QPushButton, "Network file: Trust and read")
    assert dialog.code.toPlainText() == MLP
    assert dialog.code.isReadOnly()
    assert find(dialog, QLabel, "Warning").text() == WARNING
    assert not busy(dialog)
    assert not dialog.ok.isEnabled()
    assert rows(dialog) == []
    assert not is_trusted(MLP)
    trusting.click()
    assert busy(dialog)
    assert is_trusted(MLP)
    assert not trusting.isVisible()
    is_read(dialog, qtbot)
    assert rows(dialog) == [
        ("fc1", "Linear", "7", "49"),
        ("in forward", "ReLU", "7", "–"),
        ("fc2", "Linear", "7", "56"),
        ("act", "Tanh", "7", "–"),
        ("out", "Linear", "3", "24"),
    ]
    assert dialog.summary.text() == "6 → 3, 129 parameters. All contenders train at once."
    assert dialog.ok.isEnabled()
    dialog.ok.click()
    assert dialog.choice == own(MLP)


def test_what_is_trusted_is_read_at_once_and_the_person_chooses(opened: Open, qtbot: QtBot) -> None:
    code = f"{RESIDUAL}\n\ndef wide():\n    return nn.Linear(6, 30)\n"
    trust(code)
    dialog = opened(code)
    assert busy(dialog)
    is_read(dialog, qtbot)
    box = find(dialog, QComboBox, "Network file: Network")
    assert [box.itemText(at) for at in range(box.count())] == [
        "Choose what makes the network",
        "Net  (class)",
        "wide  (function)",
    ]
    assert not dialog.ok.isEnabled()
    assert dialog.summary.text() == "Not offered, as they need arguments: Block."
    for name, last in (("Net", ("Of its own", "", "", "1")), ("wide", None)):
        at = box.findData(name)
        box.setCurrentIndex(at)
        box.activated.emit(at)
        is_read(dialog, qtbot)
        assert dialog.choice.params["factory"] == name
        assert dialog.ok.isEnabled()
        assert (rows(dialog)[-1] == last) == (last is not None)


def test_one_that_fails_leaves_the_others_to_choose(opened: Open, qtbot: QtBot) -> None:
    code = f"{MLP}\n\ndef broken():\n    return 3\n"
    trust(code)
    dialog = opened(code, factory="broken")
    is_read(dialog, qtbot)
    assert dialog.problem.text() == "broken() returns an int, and a torch.nn.Module is needed."
    assert not dialog.ok.isEnabled()
    box = find(dialog, QComboBox, "Network file: Network")
    at = box.findData("Net")
    assert at >= 0
    box.setCurrentIndex(at)
    box.activated.emit(at)
    is_read(dialog, qtbot)
    assert (dialog.problem.text(), dialog.ok.isEnabled()) == ("", True)


def test_that_contenders_train_one_after_another_is_said(opened: Open, qtbot: QtBot) -> None:
    trust(NOISY)
    dialog = opened(NOISY)
    is_read(dialog, qtbot)
    assert "one after another, which is slower: it draws random" in dialog.summary.text()


HOSTILE = [
    ("import os\nos._exit(3)", "Its code ended the process that read it, with exit status 3."),
    ("import ctypes\nctypes.string_at(0)", "Its code crashed the process that read it."),
    ("import os\nos.kill(os.getpid(), 9)", "Its code crashed the process that read it."),
    ("x = (", "line 1: This is no Python: '(' was never closed."),
    ("while True:\n    print('x' * 100_000)\n    raise OSError", "OSError (line 3)."),
    (f"{HEAD}net = nn.Linear(1, 2)", "There is no network in it"),
]


@pytest.mark.parametrize(("code", "why"), HOSTILE)
def test_whatever_the_code_does_the_window_says_it_in_a_sentence(
    opened: Open, qtbot: QtBot, code: str, why: str
) -> None:
    trust(code)
    dialog = opened(code)
    is_read(dialog, qtbot)
    assert why in dialog.problem.text()
    assert not dialog.ok.isEnabled()


def test_code_that_does_not_end_is_killed_from_here_too(opened: Open, qtbot: QtBot) -> None:
    code = "while True:\n    pass\n"
    trust(code)
    before = child_processes()
    dialog = opened(code)
    assert busy(dialog)
    assert dialog._reader._limit.isActive()
    dialog._reader._limit.timeout.emit()
    assert not busy(dialog)
    assert "it was stopped after 90 seconds" in dialog.problem.text()
    assert child_processes() == before


def test_closing_ends_what_is_being_read(opened: Open) -> None:
    trust(MLP)
    before = child_processes()
    dialog = opened(MLP)
    assert busy(dialog)
    dialog.reject()
    assert not busy(dialog)
    assert child_processes() == before


def test_a_flood_on_the_pipe_is_cut(qtbot: QtBot) -> None:
    code = """
import os, stat
for fd in range(3, 64):
    try:
        pipe = stat.S_ISFIFO(os.fstat(fd).st_mode) or stat.S_ISSOCK(os.fstat(fd).st_mode)
        while pipe:
            os.write(fd, b"x" * 65536)
    except OSError:
        pass
"""
    trust(code)
    reader = NetworkReader()
    with qtbot.waitSignal(reader.read, timeout=60_000) as found:
        reader.start(code, "", (6,), 0)
    (reading,) = found.args or [Reading()]
    assert reading.why in {
        "What the code gave is too large to be shown.",
        "What was read of it makes no sense.",
    }
    assert len(reader._stdout) <= 3 * MOST_DESCRIBED
    reader.deleteLater()


def test_code_that_came_with_an_experiment_is_trusted_in_a_dialogue(qtbot: QtBot) -> None:
    dialog = TrustDialog(MLP)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.code.toPlainText() == MLP
    dialog.reject()
    assert not is_trusted(MLP)
    find(dialog, QPushButton, "Trust: Trust and run").click()
    assert is_trusted(MLP)
    assert dialog.result() == TrustDialog.DialogCode.Accepted


def test_trust_that_cannot_be_written_down_is_not_given(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("initstudio.trust.trust", full)
    dialog = TrustDialog(MLP)
    qtbot.addWidget(dialog)
    dialog.show()
    dialog.run.click()
    assert dialog.isVisible()
    assert dialog.problem.text() == (
        "It could not be written down that you trust it: No space left on device."
    )
