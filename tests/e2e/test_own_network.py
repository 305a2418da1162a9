"""A network of one's own, from a Python file to a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from pytestqt.qtbot import QtBot

from initstudio import paths
from initstudio.experiment import Choice, Data, Training, encode
from initstudio.presets import ARTICLE
from initstudio.trust import FILE, is_trusted
from initstudio.ui.code_view import TrustDialog
from initstudio.ui.network_dialog import NetworkDialog
from initstudio.ui.session import State
from tests.own_networks import MLP, own
from tests.studio import Studio

SMALL = replace(
    ARTICLE,
    data=Data(dataset=Choice("random", {"examples": 100, "features": 6, "classes": 3})),
    training=Training(epochs=2),
)


@pytest.fixture
def studio(_alone: Path, qtbot: QtBot) -> Iterator[Studio]:
    """Give a window with an engine of this test's own, which knows what is trusted in it."""
    made = Studio(SMALL)
    made.shows(SMALL, qtbot)
    yield made
    made.close()


def drop(studio: Studio, path: Path) -> None:
    """Drop a file on the window."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    copy, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    left = Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPointF(50, 50).toPoint(), copy, data, left, none)
    studio.window.dragEnterEvent(enter)
    assert enter.isAccepted()
    studio.window.dropEvent(QDropEvent(QPointF(50, 50), copy, data, left, none))


def test_a_file_that_is_dropped_becomes_the_network_and_trains(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "net.py"
    path.write_text(MLP, encoding="utf-8")
    drop(studio, path)
    dialog = studio.window.commands.networks.dialog
    assert isinstance(dialog, NetworkDialog)
    assert not is_trusted(MLP)
    dialog.trust.click()
    qtbot.waitUntil(lambda: not dialog._reader.busy)
    dialog.ok.click()
    assert studio.window.commands.networks.dialog is None
    assert studio.session.experiment.network == (own(MLP),)
    studio.menu("Run", "Run")
    studio.reaches(State.FINISHED, qtbot)
    assert studio.history.header.layers == (
        "1.1 Linear fc1",
        "1.2 ReLU in forward",
        "1.3 Linear fc2",
        "1.4 Tanh act",
        "1.5 Linear out",
    )
    studio.menu("Edit", "Undo")
    assert studio.session.experiment.network == SMALL.network


def test_an_experiment_with_somebodys_code_is_shown_and_runs_once_it_is_trusted(
    studio: Studio, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "shared.json"
    path.write_bytes(encode(replace(SMALL, network=(own(MLP),))))
    (paths.user_data() / FILE).unlink()
    studio.window.commands.open(path)
    studio.panel("Network")
    assert studio.session.state is not State.RUNNING
    assert not studio.window.actions_by_key["run"].isEnabled()
    studio.press("Own network: Trust and run")
    dialog = studio.window.commands.networks.dialog
    assert isinstance(dialog, TrustDialog)
    assert dialog.code.toPlainText() == MLP
    dialog.run.click()
    studio.reaches(State.FINISHED, qtbot)
    assert not studio.session.problems


def test_a_network_is_read_again_for_other_data(studio: Studio, qtbot: QtBot) -> None:
    flexible = MLP.replace(
        "        return", "        x = F.adaptive_avg_pool1d(x, 6)\n        return"
    )
    studio.shows(replace(SMALL, network=(own(flexible), Choice("output"))), qtbot)
    studio.session.edit(replace(studio.session.experiment, data=ARTICLE.data), "Other data")
    assert studio.session.problems
    studio.panel("Network")
    studio.press("Own network: Read again")
    dialog = studio.window.commands.networks.dialog
    assert isinstance(dialog, NetworkDialog)
    qtbot.waitUntil(lambda: not dialog._reader.busy)
    dialog.ok.click()
    assert not studio.session.problems
    assert [one.key for one in studio.session.experiment.network] == ["own", "output"]


def test_a_file_that_is_no_text_is_told_of(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_bytes(b"\xff\xfe")
    told: list[tuple[str, str]] = []
    studio.session.failed.connect(lambda where, why: told.append((where, why)))
    studio.window.commands.networks.open(path)
    studio.window.commands.networks.open(tmp_path / "nothing.py")
    assert told[0] == ("net.py", "It is no UTF-8 text: see line 1.")
    assert "It could not be opened" in told[1][1]
    assert studio.window.commands.networks.dialog is None
