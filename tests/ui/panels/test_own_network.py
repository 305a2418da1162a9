"""A person's own network in the layer builder: its parts are shown there, and never edited."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from initstudio import paths
from initstudio.experiment import Choice, Data, Experiment
from initstudio.presets import ARTICLE
from initstudio.trust import FILE
from initstudio.ui.panels.contenders_panel import ContendersPanel
from initstudio.ui.panels.inspector_panel import InspectorPanel
from initstudio.ui.panels.network_panel import NetworkPanel
from tests.own_networks import MLP, NOISY, own

Show = Callable[[Any, Experiment], Any]
Find = Callable[[QWidget, str], Any]
Alt = Qt.KeyboardModifier.AltModifier
DATA = Data(dataset=Choice("random", {"examples": 100, "features": 6, "classes": 3}))


@pytest.fixture
def experiment() -> Experiment:
    return replace(ARTICLE, data=DATA, network=(own(MLP), Choice("tanh"), Choice("output")))


def forget_trust() -> None:
    (paths.user_data() / FILE).unlink()


def keys(panel: NetworkPanel) -> str:
    return " ".join(layer.key for layer in panel.session.experiment.network)


def press(
    panel: NetworkPanel,
    key: Qt.Key,
    modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    panel.list.setFocus()
    QTest.keyClick(panel.list, key, modifier)


def test_its_parts_are_rows_with_shapes_and_counts(show: Show, experiment: Experiment) -> None:
    panel = show(NetworkPanel, experiment)
    rows = panel.list.layers.rows
    assert [(row.number, row.name, row.shapes, row.count) for row in rows] == [
        ("1", "Net", "6 → 3", "129"),
        ("1.1", "Linear fc1", "7", "49"),
        ("1.2", "ReLU in forward", "7", "–"),
        ("1.3", "Linear fc2", "7", "56"),
        ("1.4", "Tanh act", "7", "–"),
        ("1.5", "Linear out", "3", "24"),
        ("2", "Tanh", "3", "–"),
        ("3", "Output", "3", "12"),
    ]
    assert panel.total.text() == "3 layers, 141 parameters"
    assert rows[0].spoken() == "Layer 1: Net, 5 parts inside, shape 6 to 3, 129 parameters"
    assert "read-only" in rows[1].spoken()
    tip = panel.list.layers.data(panel.list.layers.index(1), Qt.ItemDataRole.ToolTipRole)
    assert "weight: 7×6, U(−0.4082, 0.4082)" in tip
    panel.grab()


def test_it_is_closed_and_opened_by_its_arrow_key(show: Show, experiment: Experiment) -> None:
    panel = show(NetworkPanel, experiment)
    panel.list.select_rows([0])
    press(panel, Qt.Key.Key_Left)
    assert [row.number for row in panel.list.layers.rows] == ["1", "2", "3"]
    press(panel, Qt.Key.Key_Right)
    assert len(panel.list.layers.rows) == 8


def test_a_part_is_not_edited_moved_copied_or_deleted(show: Show, experiment: Experiment) -> None:
    panel = show(NetworkPanel, experiment)
    model = panel.list.layers
    flags = model.flags(model.index(1))
    assert flags & Qt.ItemFlag.ItemIsSelectable
    assert not flags & (Qt.ItemFlag.ItemIsEditable | Qt.ItemFlag.ItemIsDragEnabled)
    assert not model.flags(QModelIndex()) & Qt.ItemFlag.ItemIsEditable
    panel.list.select_rows([1, 3])
    for action in panel.list.actions():
        if action.text() not in {"Add...", "Paste"}:
            action.trigger()
    press(panel, Qt.Key.Key_F2)
    assert panel.session.experiment == experiment
    assert panel.form.isHidden()
    panel.list.select_rows([0, 1])
    press(panel, Qt.Key.Key_Delete)
    assert keys(panel) == "tanh output"


def test_its_parameters_are_in_no_form(show: Show, experiment: Experiment) -> None:
    panel = show(NetworkPanel, experiment)
    panel.list.select_rows([0])
    assert panel.form.heading.text() == "Own network, layer 1"
    assert panel.form.form.params == ()


def test_layers_move_past_it_and_never_into_it(show: Show, experiment: Experiment) -> None:
    panel = show(NetworkPanel, experiment)
    panel.list.select_rows([6])
    press(panel, Qt.Key.Key_Up, Alt)
    assert keys(panel) == "tanh own output"
    panel.list.select_rows([0])
    press(panel, Qt.Key.Key_Down, Alt)
    assert keys(panel) == "own tanh output"
    panel.list.select_rows([0])
    press(panel, Qt.Key.Key_Down, Alt)
    assert keys(panel) == "tanh own output"
    panel.list.rows_moved.emit([7], 4)
    assert keys(panel) == "tanh output own"


def test_it_is_not_in_the_menu_of_layers(show: Show, experiment: Experiment) -> None:
    panel = show(NetworkPanel, experiment)
    texts = [action.text() for action in panel.add.menu().actions()]
    assert "Linear" in texts
    assert not {"Own", "Own network"} & set(texts)


def test_its_bar_asks_for_what_it_needs(show: Show, find: Find, experiment: Experiment) -> None:
    panel = show(NetworkPanel, experiment)
    asked: list[tuple[str, object]] = []
    for name in ("trust", "again", "file"):
        signal = getattr(panel.own, f"{name}_asked")
        signal.connect(lambda path, name=name: asked.append((name, path)))
    assert panel.own.trust.isHidden()
    find(panel, "Own network: Read again").click()
    find(panel, "Own network: Replace by file").click()
    forget_trust()
    panel.session.recheck()
    assert "has not run, and is not trusted" in panel.own.note.text()
    assert panel.own.again.isHidden()
    find(panel, "Own network: Trust and run").click()
    assert asked == [("again", (0,)), ("file", (0,)), ("trust", (0,))]
    rows = panel.list.layers.rows
    assert len(rows) == 8, "it is shown in full all the same"
    (problem,) = panel.session.problems
    assert "not trusted" in problem.why
    panel.session.edit(replace(experiment, network=(Choice("output"),)), "Use another")
    assert panel.own.isHidden()


def test_its_bar_says_when_contenders_train_one_after_another(show: Show) -> None:
    panel = show(NetworkPanel, replace(ARTICLE, data=DATA, network=(own(NOISY),)))
    assert "it draws random numbers by itself" in panel.own.fact.text()


def test_other_data_ask_for_another_reading(show: Show, experiment: Experiment) -> None:
    panel = show(NetworkPanel, replace(experiment, data=ARTICLE.data))
    assert panel.list.layers.rows[0].problem == (
        "This network was read for 6, and 20 comes in; choose Read again."
    )
    assert not panel.own.again.isHidden()
    panel.grab()


def test_rules_are_offered_for_its_parts(show: Show, experiment: Experiment) -> None:
    panel = show(ContendersPanel, experiment)
    panel.rules.fill_menu()
    weights = next(a.menu() for a in panel.rules.add.menu().actions() if a.text() == "Weights")
    texts = [action.text() for action in weights.actions()]
    assert texts[:6] == ["Of every Linear", "Of every Output", "", "Of 1.1 Linear fc1",
                         "Of 1.3 Linear fc2", "Of 1.5 Linear out"]  # fmt: skip


def test_the_inspector_tells_of_its_tensors(
    show: Show, experiment: Experiment, qtbot: QtBot
) -> None:
    panel = show(InspectorPanel, experiment)
    panel.show_contender(0)
    qtbot.waitUntil(lambda: bool(panel.model.rows))
    names = [row.inspected.parameter for row in panel.model.rows]
    assert names[:2] == ["0.fc1.weight", "0.fc1.bias"]
    assert panel.model.rows[0].inspected.layer == "1.1 Linear fc1"
