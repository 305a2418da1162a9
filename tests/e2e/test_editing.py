"""A person changes the network and its contenders, and takes it back."""

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QLineEdit
from pytestqt.qtbot import QtBot

from initstudio.presets import ARTICLE, NETWORKS
from initstudio.ui.session import State
from tests.studio import Studio


def layers(studio: Studio) -> list[str]:
    return [choice.key for choice in studio.session.experiment.network]


def names(studio: Studio) -> list[str]:
    return [one.name for one in studio.session.experiment.contenders]


def select(studio: Studio, name: str, row: int) -> QAbstractItemView:
    rows = studio.find(name)
    assert isinstance(rows, QAbstractItemView)
    at = rows.visualRect(rows.model().index(row, 0))
    QTest.mouseClick(
        rows.viewport(), Qt.MouseButton.LeftButton, pos=at.topLeft() + QPoint(20, at.height() // 2)
    )
    return rows


def test_layers_are_added_duplicated_moved_and_deleted(studio: Studio, qtbot: QtBot) -> None:
    studio.panel("Network")
    select(studio, "Layers", 0)
    studio.pick("Add layer", "Dropout")
    assert layers(studio) == ["linear", "dropout", "relu", "linear", "relu", "output"]
    studio.key("Layers", "Alt+Down")
    assert layers(studio) == ["linear", "relu", "dropout", "linear", "relu", "output"]
    studio.key("Layers", "Ctrl+D")
    assert layers(studio).count("dropout") == 2
    studio.key("Layers", "Del")
    assert layers(studio).count("dropout") == 1
    qtbot.waitUntil(lambda: len(studio.history.header.layers) == 6)
    for _ in range(4):
        studio.menu("Edit", "Undo")
    assert studio.session.experiment == ARTICLE


def test_depth_and_width_change_a_whole_block(studio: Studio, qtbot: QtBot) -> None:
    studio.panel("Network")
    studio.type("Network: Depth", "4")
    studio.type("Network: Width", "16")
    assert layers(studio) == ["linear", "relu"] * 4 + ["output"]
    qtbot.waitUntil(lambda: studio.history.header.tensor_shapes[1] == (16, 16))
    assert "9 layers" in studio.text("Network: total")
    studio.pick("Network presets", "Deep ReLU")
    assert studio.session.experiment.network == NETWORKS["Deep ReLU"]


def test_a_layer_that_does_not_fit_says_so_and_running_is_refused(studio: Studio) -> None:
    studio.panel("Network")
    select(studio, "Layers", 4)
    studio.key("Layers", "Del")
    (problem,) = studio.session.problems
    assert "classes" in problem.why
    assert not studio.find("Run").isEnabled()
    studio.menu("Edit", "Undo")
    assert studio.find("Run").isEnabled()


def test_contenders_are_added_duplicated_renamed_and_hidden(studio: Studio, qtbot: QtBot) -> None:
    studio.panel("Contenders")
    studio.pick("Add contender", "Orthogonal")
    assert names(studio) == ["Xavier", "Kaiming", "Normal", "Orthogonal"]
    qtbot.waitUntil(lambda: len(studio.history.header.slots) == 4)
    select(studio, "Contenders", 0)
    studio.key("Contenders", "Ctrl+D")
    assert len(names(studio)) == 5
    chips = studio.find("Contenders")
    studio.key("Contenders", "F2")
    (editor,) = (one for one in chips.findChildren(QLineEdit) if one.isVisible())
    editor.selectAll()
    QTest.keyClicks(editor, "My own")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "My own" in names(studio))
    slots = studio.history.header.slots
    studio.key("Contenders", "Space")
    hidden = [one.name for one in studio.session.experiment.contenders if one.hidden]
    assert hidden == ["My own"]
    assert studio.history.header.slots == slots


def test_a_hidden_contender_leaves_the_pictures(studio: Studio, qtbot: QtBot) -> None:
    studio.panel("Contenders")
    select(studio, "Contenders", 1)
    qtbot.waitUntil(lambda: bool(studio.inked("Weights", 1).any()))
    history = studio.history
    studio.key("Contenders", "Space")
    qtbot.waitUntil(lambda: not studio.inked("Weights", 1).any())
    assert studio.inked("Weights", 0).any()
    assert studio.history is history


def test_a_scheme_and_its_parameters_are_chosen(studio: Studio, qtbot: QtBot) -> None:
    studio.panel("Contenders")
    select(studio, "Contenders", 0)
    studio.choose("Weights", "Kaiming normal")
    studio.choose("Biases", "Ones")
    weight, bias = studio.session.experiment.contenders[0].rules
    assert (weight.scheme.key, bias.scheme.key) == ("kaiming_normal", "ones")
    qtbot.waitUntil(lambda: studio.session.state is State.READY and not studio.session.stale)


def test_undo_and_redo_go_all_the_way(studio: Studio) -> None:
    studio.panel("Training")
    studio.type("Training: Epochs", "7")
    studio.type("Training: Batch size", "50")
    after = studio.session.experiment
    assert (after.training.epochs, after.training.batch_size) == (7, 50)
    studio.key("Board", "Ctrl+Z")
    studio.key("Board", "Ctrl+Z")
    assert studio.session.experiment == ARTICLE
    studio.key("Board", "Ctrl+Shift+Z")
    studio.key("Board", "Ctrl+Y")
    assert studio.session.experiment == after


def test_pictures_are_chosen_for_the_board(studio: Studio, qtbot: QtBot) -> None:
    studio.pick("Pictures", "Convergence")
    studio.pick("Loss: More", "Remove")
    assert "loss" not in studio.window.board.plots
    studio.press("Run")
    studio.reaches(State.FINISHED, qtbot)
    assert list(studio.window.board.plots)[-1] == "convergence"
