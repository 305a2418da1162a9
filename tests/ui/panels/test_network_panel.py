"""The layer builder, driven as a person does."""

import dataclasses
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from initstudio import layer_edits
from initstudio.experiment import Choice, Data, Experiment
from initstudio.layers import LAYERS
from initstudio.presets import ARTICLE, DEEP_DIGITS, NETWORKS, multilayer
from initstudio.ui.layer_list import LayerList, field_rect
from initstudio.ui.panels.network_panel import NetworkPanel

Show = Callable[[Any, Experiment], Any]
Find = Callable[[QWidget, str], Any]
Put = Callable[[QWidget, str], None]
Control = Qt.KeyboardModifier.ControlModifier
Alt = Qt.KeyboardModifier.AltModifier
Shift = Qt.KeyboardModifier.ShiftModifier


def keys(panel: NetworkPanel) -> str:
    return " ".join(layer.key for layer in panel.session.experiment.network)


def add(panel: NetworkPanel, label: str) -> None:
    next(a for a in panel.add.menu().actions() if a.text() == label and a.isEnabled()).trigger()


def press(
    panel: NetworkPanel,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    panel.list.setFocus()
    QTest.keyClick(panel.list, key, modifier)


def test_shapes_and_counts_are_shown_at_every_layer(show: Show) -> None:
    panel = show(NetworkPanel, ARTICLE)
    rows = panel.list.layers.rows
    assert [(row.name, row.shapes, row.count) for row in rows] == [
        ("Linear", "20 → 64", "1,344"),
        ("ReLU", "64", "–"),
        ("Linear", "64", "4,160"),
        ("ReLU", "64", "–"),
        ("Output", "64 → 2", "130"),
    ]
    assert panel.total.text() == "5 layers, 5,634 parameters"
    assert panel.input.text() == "20 → 2 classes"
    spoken = panel.list.model().index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "Layer 1: Linear, Units 64, shape 20 to 64, 1,344 parameters"


def test_layers_are_added_after_the_selected_one_and_before_the_output(show: Show) -> None:
    panel = show(NetworkPanel, ARTICLE)
    add(panel, "Dropout")
    assert keys(panel) == "linear relu linear relu dropout output"
    assert panel.list.rows() == [4]
    panel.list.select_rows([0])
    add(panel, "BatchNorm")
    assert keys(panel) == "linear batch_norm relu linear relu dropout output"
    assert panel.session.undo_stack.undoText() == "Add BatchNorm"
    panel.session.undo_stack.undo()
    panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE


def test_the_keyboard_duplicates_moves_copies_and_deletes(show: Show) -> None:
    panel = show(NetworkPanel, ARTICLE)
    panel.list.select_rows([1])
    press(panel, Qt.Key.Key_Up, Alt)
    assert keys(panel) == "relu linear linear relu output"
    assert panel.list.rows() == [0]
    press(panel, Qt.Key.Key_Up, Alt)
    assert keys(panel) == "relu linear linear relu output"
    press(panel, Qt.Key.Key_Down, Alt)
    assert keys(panel) == "linear relu linear relu output"
    press(panel, Qt.Key.Key_D, Control)
    assert keys(panel) == "linear relu relu linear relu output"
    assert panel.list.rows() == [2]
    press(panel, Qt.Key.Key_Down, Shift)
    assert panel.list.rows() == [2, 3]
    press(panel, Qt.Key.Key_Delete)
    assert keys(panel) == "linear relu relu output"
    while panel.session.undo_stack.canUndo():
        panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE


def test_layers_travel_over_the_clipboard_as_json(show: Show) -> None:
    panel = show(NetworkPanel, ARTICLE)
    panel.list.select_rows([0, 1])
    press(panel, Qt.Key.Key_C, Control)
    assert '"units": 64' in QGuiApplication.clipboard().text()
    panel.list.select_rows([3])
    press(panel, Qt.Key.Key_V, Control)
    assert panel.session.experiment.network == multilayer(3, 64, "relu")
    assert panel.list.rows() == [4, 5]
    press(panel, Qt.Key.Key_X, Control)
    assert panel.session.experiment == ARTICLE
    heard: list[str] = []
    panel.session.failed.connect(lambda _where, why: heard.append(why))
    for text in ("hello", '[{"key": 5}]', "[" * 100_000):
        QGuiApplication.clipboard().setText(text)
        press(panel, Qt.Key.Key_V, Control)
    assert heard == ["The clipboard holds no layers."] * 3
    assert panel.session.experiment == ARTICLE


def test_rows_are_dragged(show: Show) -> None:
    panel = show(NetworkPanel, ARTICLE)
    panel.list.select_rows([0, 1])
    last = panel.list.visualRect(panel.list.model().index(4, 0))
    event = _OwnDrop(panel.list, last.center() - QPoint(0, 8))
    panel.list.dropEvent(event)
    assert event.isAccepted()
    assert keys(panel) == "linear relu linear relu output"
    assert panel.list.rows() == [2, 3]
    panel.list.select_rows([4])
    panel.list.dropEvent(_OwnDrop(panel.list, QPoint(20, 1)))
    assert keys(panel) == "output linear relu linear relu"


def test_a_number_is_edited_in_its_row_by_the_mouse(show: Show, find: Find) -> None:
    panel = show(NetworkPanel, ARTICLE)
    rect = panel.list.visualRect(panel.list.model().index(2, 0))
    place = field_rect(rect).center()
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    box = find(panel, "Layer 3: Units")
    QTest.keyClicks(box, "128")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert layer_edits.hidden_layers(panel.session.experiment.network) == [0, 2]
    assert panel.session.experiment.network[2] == Choice("linear", {"units": 128})
    assert panel.list.layers.rows[2].shapes == "64 → 128"


def test_a_number_is_edited_in_its_row_by_typing(show: Show, find: Find, qtbot: QtBot) -> None:
    panel = show(NetworkPanel, ARTICLE)
    panel.list.select_rows([0])
    press(panel, Qt.Key.Key_3)
    box = find(panel, "Layer 1: Units")
    QTest.keyClick(box, Qt.Key.Key_2)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert panel.session.experiment.network[0] == Choice("linear", {"units": 32})
    qtbot.waitUntil(panel.list.hasFocus)


def test_a_mistake_in_a_row_is_told_and_kept(show: Show, find: Find) -> None:
    panel = show(NetworkPanel, ARTICLE)
    panel.list.select_rows([0])
    press(panel, Qt.Key.Key_0)
    box = find(panel, "Layer 1: Units")
    QTest.keyClick(box, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert panel.problem.text() == "Units must be from 1 to 65,536."
    assert find(panel, "Layer 1: Units").text() == "0"
    QTest.keyClick(box, Qt.Key.Key_Escape)
    QApplication.processEvents()
    assert not panel.problem.isVisible()
    assert panel.session.experiment == ARTICLE


def test_selected_layers_of_one_kind_are_edited_together(show: Show, find: Find, put: Put) -> None:
    panel = show(NetworkPanel, ARTICLE)
    assert not panel.form.isVisible()
    panel.list.select_rows([0, 2])
    assert panel.form.heading.text() == "Linear, layers 1, 3"
    put(find(panel, "Layer: Units"), "48")
    QTest.keyClick(find(panel, "Layer: Bias"), Qt.Key.Key_Space)
    same = Choice("linear", {"units": 48, "bias": False})
    assert [panel.session.experiment.network[at] for at in (0, 2)] == [same, same]
    panel.list.select_rows([0, 1])
    assert panel.form.summary.text() == "Select layers of one kind to edit them together."
    panel.list.select_rows([])
    assert not panel.form.isVisible()


def test_depth_width_and_activation_are_one_edit_each(
    show: Show, find: Find, put: Put, choose: Put
) -> None:
    panel = show(NetworkPanel, ARTICLE)
    put(find(panel, "Network: Depth"), "10")
    put(find(panel, "Network: Width"), "32")
    choose(find(panel, "Network: Activation"), "Tanh")
    assert panel.session.experiment.network == multilayer(10, 32, "tanh")
    assert panel.session.undo_stack.count() == 3
    panel.session.undo_stack.undo()
    assert panel.session.experiment.network == multilayer(10, 32, "relu")
    assert find(panel, "Network: Activation").currentText() == "ReLU"


def test_presets(show: Show) -> None:
    panel = show(NetworkPanel, ARTICLE)
    for action in panel.presets.menu().actions():
        action.trigger()
        assert panel.session.experiment.network == NETWORKS[action.text()]


def test_a_layer_that_cannot_follow_says_so_and_the_rest_stays_usable(
    show: Show, find: Find, put: Put
) -> None:
    image = replace(ARTICLE, data=Data(dataset=Choice("digits", {"layout": "image"})))
    panel = show(NetworkPanel, image)
    problem = panel.list.layers.rows[0].problem
    assert problem.startswith("Linear needs a row of values")
    heights = [panel.list.visualRect(panel.list.model().index(at, 0)).height() for at in (0, 1)]
    assert heights[0] > heights[1]
    put(find(panel, "Network: Width"), "16")
    add(panel, "Flatten")
    panel.list.select_rows([panel.list.rows()[0]])
    for _ in range(4):
        press(panel, Qt.Key.Key_Up, Alt)
    assert keys(panel) == "flatten linear relu linear relu output"
    assert [row.problem for row in panel.list.layers.rows] == [""] * 6
    assert panel.list.layers.rows[0].shapes == "1×8×8 → 64"


BLOCK = Choice("magic", inside=(Choice("tanh"), Choice("relu")))


def test_blocks_are_shown_with_what_is_inside_and_layers_go_in_and_out(
    show: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    holder = dataclasses.replace(
        LAYERS["flatten"],
        key="magic",
        label="Magic",
        bodies=lambda _params: ("body",),
        shape=lambda _params, place: place.inside,
        tensors=lambda _params, _place: (),
    )
    monkeypatch.setitem(LAYERS, "magic", holder)
    panel = show(NetworkPanel, replace(ARTICLE, network=(BLOCK, Choice("elu"), Choice("output"))))

    def numbers() -> str:
        return " ".join(row.number for row in panel.list.layers.rows)

    assert numbers() == "1 1.1 1.2 2 3"
    assert "2 layers inside" in panel.list.layers.rows[0].spoken()
    panel.list.select_rows([0])
    press(panel, Qt.Key.Key_Left)
    assert numbers() == "1 2 3"
    assert "closed" in panel.list.layers.rows[0].spoken()
    panel.grab()
    press(panel, Qt.Key.Key_Right)
    panel.list.select_rows([3])
    press(panel, Qt.Key.Key_Right, Alt)
    network = panel.session.experiment.network
    assert [one.key for one in network[0].inside] == ["tanh", "relu", "elu"]
    assert panel.list.rows() == [3]
    press(panel, Qt.Key.Key_Left, Alt)
    assert keys(panel) == "magic elu output"
    panel.list.select_rows([1])
    add(panel, "Dropout")
    network = panel.session.experiment.network
    assert [one.key for one in network[0].inside] == ["tanh", "dropout", "relu"]
    panel.grab()


@pytest.mark.parametrize(
    "experiment",
    [
        replace(ARTICLE, network=()),
        replace(ARTICLE, network=(Choice("magic"), Choice("linear", {"units": -1}))),
        replace(ARTICLE, network=(Choice("linear", {"units": "many"}), Choice("output"))),
        replace(ARTICLE, data=Data(dataset=Choice("nothing"))),
        replace(ARTICLE, contenders=()),
    ],
)
def test_any_experiment_can_be_shown_and_mended(experiment: Experiment, show: Show) -> None:
    panel = show(NetworkPanel, experiment)
    panel.list.select_rows(range(len(experiment.network)))
    panel.grab()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Delete, Qt.Key.Key_Delete):
        press(panel, key)
    panel.session.edit(ARTICLE, "Mend")
    assert panel.total.text() == "5 layers, 5,634 parameters"


def test_a_selection_stays_with_its_layers(show: Show) -> None:
    panel = show(NetworkPanel, ARTICLE)
    panel.list.select_rows([4])
    changed = layer_edits.insert_layers(ARTICLE, (1,), [Choice("dropout")])
    panel.session.edit(changed, "Insert elsewhere")
    assert panel.list.rows() == [5]


def test_sixty_layers_are_shown_quickly(show: Show) -> None:
    panel = show(NetworkPanel, DEEP_DIGITS)
    assert len(DEEP_DIGITS.network) == 61
    times = []
    for units in range(65, 76):
        changed = layer_edits.set_width(DEEP_DIGITS, units)
        start = time.perf_counter()
        panel.show_experiment(changed)
        QApplication.processEvents()
        times.append(time.perf_counter() - start)
    assert median(times) < 0.1  # measured 10-20 ms; a row of widgets each takes more


class _OwnDrop(QDropEvent):
    """A drop that comes from the list itself; Qt knows the source only during a real drag."""

    def __init__(self, rows: LayerList, at: QPoint) -> None:
        self.mime = QMimeData()
        super().__init__(
            QPointF(at),
            Qt.DropAction.MoveAction,
            self.mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        self.rows = rows

    def source(self) -> LayerList:
        return self.rows


def test_the_activation_of_a_residual_network_is_changed_throughout(show: Show) -> None:
    panel = show(NetworkPanel, replace(ARTICLE, network=NETWORKS["Residual"]))
    assert panel.block.activation.isEnabled()
    panel.block.activation_changed.emit("tanh")
    found = [row.choice.key for row in panel.list.layers.rows]
    assert found.count("tanh") == 2
    assert "relu" not in found
    assert panel.total.text().startswith("8 layers, ")
