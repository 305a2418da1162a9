"""The contenders' panel, driven as a person does."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QInputDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QWidget,
)

from initstudio import edits
from initstudio.engine.plan import plan
from initstudio.experiment import Choice, Experiment, Rule
from initstudio.presets import ARTICLE
from initstudio.ui.contender_chips import eye_rect
from initstudio.ui.panels.contenders_panel import ContendersPanel
from initstudio.ui.reorder_list import ReorderList

Show = Callable[[Any, Experiment], Any]
Find = Callable[[QWidget, str], Any]
Put = Callable[[QWidget, str], None]
Control = Qt.KeyboardModifier.ControlModifier
Alt = Qt.KeyboardModifier.AltModifier


def names(panel: ContendersPanel) -> list[str]:
    return [one.name for one in panel.session.experiment.contenders]


def shown(panel: QWidget) -> str:
    labels = panel.findChildren(QLabel)
    return "\n".join(label.text() for label in labels if label.isVisibleTo(panel))


def add(panel: ContendersPanel, label: str) -> None:
    action = next(a for a in panel.add.menu().actions() if a.text() == label)
    action.trigger()


def test_schemes_and_their_parameters_are_chosen(
    show: Show, find: Find, choose: Put, put: Put
) -> None:
    panel = show(ContendersPanel, ARTICLE)
    assert "Glorot and Bengio 2010" in shown(panel)
    assert "gain sqrt(6 / (fan_in + fan_out))" in shown(panel)
    put(find(panel, "Weights: Gain"), "5/3")
    choose(find(panel, "Weights"), "Xavier normal")
    choose(find(panel, "Biases"), "Normal")
    put(find(panel, "Biases: Standard deviation"), "0.5")
    weight, bias = (rule.scheme for rule in panel.session.experiment.contenders[0].rules)
    assert weight == Choice("xavier_normal", {"gain": 5 / 3})
    assert bias == Choice("normal", {"std": 0.5})
    assert panel.session.experiment.contenders[1:] == ARTICLE.contenders[1:]


@pytest.mark.parametrize("label", ["As Keras", "As Flax", "As timm"])
def test_what_another_library_does_is_added_for_the_whole_network(show: Show, label: str) -> None:
    network = (
        *(Choice("linear", {"units": 12}), Choice("layer_norm"), Choice("prelu")),
        Choice("output"),
    )
    panel = show(ContendersPanel, replace(ARTICLE, network=network))
    add(panel, label)
    experiment = panel.session.experiment
    assert experiment.contenders[-1].name == label
    assert not panel.session.problems
    found = {one.scheme.label if one.scheme else "" for one in plan(experiment).assignments[-1]}
    assert found == {label}


def test_only_schemes_that_suit_a_bias_are_offered_for_it(show: Show, find: Find) -> None:
    panel = show(ContendersPanel, ARTICLE)
    weights, biases = find(panel, "Weights"), find(panel, "Biases")
    offered = [biases.itemText(at) for at in range(biases.count())]
    assert "Zeros" in offered
    assert "Xavier uniform" not in offered
    assert "Xavier uniform" in [weights.itemText(at) for at in range(weights.count())]


def test_the_keyboard_chooses_hides_duplicates_moves_and_deletes(show: Show) -> None:
    panel = show(ContendersPanel, ARTICLE)
    chips = panel.chips
    chips.setFocus()
    QTest.keyClick(chips, Qt.Key.Key_Right)
    assert panel.heading.text() == "Kaiming"
    QTest.keyClick(chips, Qt.Key.Key_Space)
    assert panel.session.experiment.contenders[1].hidden
    QTest.keyClick(chips, Qt.Key.Key_D, Control)
    assert names(panel) == ["Xavier", "Kaiming", "Kaiming 2", "Normal"]
    assert panel.heading.text() == "Kaiming 2"
    QTest.keyClick(chips, Qt.Key.Key_Left, Alt)
    QTest.keyClick(chips, Qt.Key.Key_Left, Alt)
    assert names(panel) == ["Kaiming 2", "Xavier", "Kaiming", "Normal"]
    assert panel.heading.text() == "Kaiming 2"
    QTest.keyClick(chips, Qt.Key.Key_Delete)
    assert names(panel) == ["Xavier", "Kaiming", "Normal"]
    assert panel.heading.text() == "Xavier"
    while panel.session.undo_stack.canUndo():
        panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE


def test_renaming_in_place(show: Show) -> None:
    panel = show(ContendersPanel, ARTICLE)
    panel.chips.setFocus()
    QTest.keyClick(panel.chips, Qt.Key.Key_F2)
    line = panel.chips.findChild(QLineEdit)
    line.selectAll()
    QTest.keyClicks(line, "Glorot")
    QTest.keyClick(line, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert names(panel) == ["Glorot", "Kaiming", "Normal"]
    assert panel.heading.text() == "Glorot"


def test_the_eye_hides_and_shows(show: Show) -> None:
    panel = show(ContendersPanel, ARTICLE)
    for hidden in (True, False):
        eye = eye_rect(panel.chips.visualRect(panel.chips.model().index(2, 0))).center().toPoint()
        QTest.mouseClick(panel.chips.viewport(), Qt.MouseButton.LeftButton, pos=eye)
        assert panel.session.experiment.contenders[2].hidden is hidden


def test_a_chip_is_dragged_before_another(show: Show) -> None:
    panel = show(ContendersPanel, ARTICLE)
    panel.chips.select_rows([2])
    first = panel.chips.visualRect(panel.chips.model().index(0, 0))
    drop(panel.chips, first.center() - QPoint(10, 0))
    assert names(panel) == ["Normal", "Xavier", "Kaiming"]
    assert panel.heading.text() == "Normal"
    last = panel.chips.visualRect(panel.chips.model().index(2, 0))
    drop(panel.chips, last.center() + QPoint(10, 0))
    assert names(panel) == ["Xavier", "Kaiming", "Normal"]


def test_adding_up_to_sixteen(show: Show) -> None:
    panel = show(ContendersPanel, ARTICLE)
    add(panel, "Orthogonal")
    assert names(panel)[-1] == panel.heading.text() == "Orthogonal"
    weight, bias = (rule.scheme for rule in panel.session.experiment.contenders[-1].rules)
    assert (weight, bias) == (Choice("orthogonal"), Choice("zeros"))
    while panel.add.isEnabled():
        add(panel, "Ones")
    assert len(names(panel)) == len(set(names(panel))) == 16
    assert panel.add.toolTip() == "There are 16 contenders already, and no more."
    panel.chips.setFocus()
    QTest.keyClick(panel.chips, Qt.Key.Key_Delete)
    assert panel.add.isEnabled()
    assert panel.chips.height() >= panel.chips.visualRect(panel.chips.model().index(14, 0)).bottom()


def test_a_scheme_that_refuses_says_why(show: Show) -> None:
    wrong = edits.set_scheme(ARTICLE, 1, "bias", Choice("xavier_uniform"))
    panel = show(ContendersPanel, wrong)
    assert panel.chips.contenders.troubled == {1}
    panel.chips.select_rows([1])
    assert "Xavier needs fan-in and fan-out" in shown(panel)
    panel.chips.select_rows([0])
    assert "Xavier needs fan-in and fan-out" not in shown(panel)


def test_a_parameter_out_of_its_limits_and_an_unknown_scheme_are_sentences(
    show: Show, find: Find
) -> None:
    wrong = edits.set_scheme(ARTICLE, 0, "weight", Choice("xavier_uniform", {"gain": -1}))
    wrong = edits.set_scheme(wrong, 1, "weight", Choice("magic"))
    panel = show(ContendersPanel, wrong)
    assert "Expected" in shown(panel)
    panel.chips.select_rows([1])
    assert "there is no 'magic'" in shown(panel)
    assert find(panel, "Weights").currentText() == ""


def test_rules_from_a_file_are_told_and_kept(show: Show, find: Find, choose: Put) -> None:
    rule = Rule(role="weight", scheme=Choice("ones"), position=(0,))
    first = replace(ARTICLE.contenders[0], rules=(*ARTICLE.contenders[0].rules, rule))
    panel = show(ContendersPanel, replace(ARTICLE, contenders=(first,)))
    assert panel.rules.list.item(0).text() == "weights at 1: Ones"
    choose(find(panel, "Weights"), "Zeros")
    assert panel.session.experiment.contenders[0].rules[-1] == rule


def test_without_contenders_the_panel_is_still_there(show: Show) -> None:
    panel = show(ContendersPanel, replace(ARTICLE, contenders=()))
    assert "There are no contenders; add one." in shown(panel)
    for key in (Qt.Key.Key_Delete, Qt.Key.Key_F2, Qt.Key.Key_Space):
        QTest.keyClick(panel.chips, key)
    add(panel, "Zeros")
    assert names(panel) == ["Zeros"]


def drop(rows: ReorderList, at: QPoint) -> None:
    """Drop the selected rows, as the end of a drag does."""
    event = _OwnDrop(rows, at)
    rows.dropEvent(event)
    assert event.isAccepted()


class _OwnDrop(QDropEvent):
    """A drop that comes from the list itself; Qt knows the source only during a real drag."""

    def __init__(self, rows: ReorderList, at: QPoint) -> None:
        self.mime = QMimeData()
        super().__init__(
            QPointF(at),
            Qt.DropAction.MoveAction,
            self.mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        self.rows = rows

    def source(self) -> ReorderList:
        return self.rows


def test_a_tuning_is_chosen_set_and_taken_away(show: Show, find: Find, put: Put) -> None:
    panel = show(ContendersPanel, ARTICLE)
    panel.tuning.entry_chosen.emit("lsuv")
    assert panel.session.experiment.contenders[0].tuning == Choice("lsuv")
    put(find(panel, "Tuning: Tolerance"), "0.05")
    tuning = panel.session.experiment.contenders[0].tuning
    assert tuning
    assert tuning.params == {"tolerance": 0.05}
    panel.tuning.entry_chosen.emit("none")
    assert panel.session.experiment.contenders[0].tuning is None
    for _ in range(3):
        panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE


def test_a_trap_is_told_only_where_it_bites(show: Show, find: Find, put: Put) -> None:
    panel = show(ContendersPanel, ARTICLE)
    trap = panel.pickers["weight"]._trap
    assert trap.text() == ""
    panel.pickers["weight"].entry_chosen.emit("torch_default")
    assert "This is not He" in trap.text()
    assert trap.text().endswith("Here: 1 Linear, 3 Linear.")
    panel.pickers["weight"].entry_chosen.emit("kaiming_uniform")
    assert trap.text() == ""
    put(find(panel, "Weights: Negative slope a"), "0.5")
    assert trap.text().startswith("The slope a does nothing")


def entries(menu: object) -> dict[str, QAction]:
    assert isinstance(menu, QMenu)
    return {action.text(): action for action in menu.actions()}


def test_rules_for_some_layers_are_added_edited_and_removed(
    show: Show, find: Find, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel = show(ContendersPanel, ARTICLE)
    table = panel.rules
    table.fill_menu()
    weights = entries(table.add.menu())["Weights"].menu()
    assert list(entries(weights)) == [
        *("Of every Linear", "Of every Output", ""),
        *("Of 1 Linear", "Of 3 Linear", "Of 5 Output", "By name..."),
    ]
    entries(weights)["Of every Output"].trigger()
    table.picker.entry_chosen.emit("normal")
    put(find(panel, "Rule scheme: Standard deviation"), "0.5")

    def rules() -> list[Rule]:
        return list(panel.session.experiment.contenders[0].rules[2:])

    first = Rule(role="weight", scheme=Choice("normal", {"std": 0.5}), layer="output")
    assert rules() == [first]
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args: ("2.*", True))
    entries(weights)["By name..."].trigger()
    assert rules()[1].parameter == "2.*"
    assert [table.list.item(at).text() for at in (0, 1)] == [
        "weights of Output: Normal",
        "weights named 2.*: Zeros",
    ]
    assert table.list.currentRow() == 1, "the new one is chosen"
    actions = {action.text(): action for action in table.list.actions()}
    actions["Move up"].trigger()
    assert rules()[1] == first
    table.list.setCurrentRow(0)
    actions["Delete"].trigger()
    assert rules() == [first]
    panel.grab()
    for _ in range(6):
        panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE
