"""The panels of data and training, driven as a person does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QLabel,
    QWidget,
)
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from initstudio.datasets import DATASETS
from initstudio.experiment import (
    SGD,
    Adam,
    AdamW,
    Choice,
    Data,
    Experiment,
    Seeds,
    Training,
)
from initstudio.presets import ARTICLE, DIGITS
from initstudio.schedule import Cosine
from initstudio.ui.import_dialog import ImportDialog
from initstudio.ui.panels.data_panel import DataPanel
from initstudio.ui.panels.training_panel import TrainingPanel

Show = Callable[[Any, Experiment], Any]
Find = Callable[[QWidget, str], Any]
Put = Callable[[QWidget, str], None]


def sentences(panel: QWidget) -> list[str]:
    return [label.text() for label in panel.findChildren(QLabel) if label.isVisibleTo(panel)]


def test_training_is_edited_undone_and_told(show: Show, find: Find, put: Put) -> None:
    panel = show(TrainingPanel, ARTICLE)
    session = panel.session
    put(find(panel, "Training: Epochs"), "7")
    put(find(panel, "Training: Batch size"), "100")
    put(find(panel, "Training: Learning rate"), "1e-2")
    put(find(panel, "Seeds: Seeds"), "3")
    put(find(panel, "Recording: Snapshot every"), "5")
    training = session.experiment.training
    assert (training.epochs, training.batch_size, training.learning_rate) == (7, 100, 0.01)
    assert session.experiment.seeds == Seeds(count=3)
    assert session.experiment.recording.every == 5
    assert "8 steps an epoch, 56 in all, for 3 contenders × 3 seeds at once." in sentences(panel)
    texts = [session.undo_stack.text(at) for at in range(session.undo_stack.count())]
    assert texts[2] == "Change learning rate"
    while session.undo_stack.canUndo():
        session.undo_stack.undo()
    assert session.experiment == ARTICLE
    assert find(panel, "Training: Epochs").text() == "20"


def test_spinning_in_a_row_is_one_edit(show: Show, find: Find) -> None:
    panel = show(TrainingPanel, ARTICLE)
    rate = find(panel, "Training: Learning rate")
    rate.setFocus()
    for _ in range(3):
        QTest.keyClick(rate, Qt.Key.Key_Up)
    assert panel.session.experiment.training.learning_rate == 0.01
    assert panel.session.undo_stack.count() == 1
    panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE


def test_another_optimiser_brings_its_form(show: Show, find: Find, choose: Put, put: Put) -> None:
    panel = show(TrainingPanel, ARTICLE)
    choose(find(panel, "Optimizer"), "SGD")
    assert panel.session.experiment.training.optimizer == SGD()
    put(find(panel, "Optimizer: Momentum"), "0.5")
    QTest.keyClick(find(panel, "Optimizer: Nesterov"), Qt.Key.Key_Space)
    assert panel.session.experiment.training.optimizer == SGD(momentum=0.5, nesterov=True)
    choose(find(panel, "Optimizer"), "Adam")
    put(find(panel, "Optimizer: Beta 1"), "0.8")
    choose(find(panel, "Optimizer"), "AdamW")
    assert panel.session.experiment.training.optimizer == AdamW(beta1=0.8)


def test_mistakes_stand_at_their_controls(show: Show) -> None:
    wrong = Training(batch_size=900, optimizer=SGD(momentum=0, nesterov=True))
    panel = show(TrainingPanel, replace(ARTICLE, training=wrong, seeds=Seeds(count=64)))
    assert "A batch of 900 is larger than the training part of 800 examples." in sentences(panel)
    assert "Nesterov needs a momentum above 0." in sentences(panel)
    panel.session.edit(ARTICLE, "Mend")
    assert "Nesterov needs a momentum above 0." not in sentences(panel)
    assert panel.session.experiment.training.optimizer == Adam()


def test_only_devices_that_are_here_are_offered(show: Show, find: Find, choose: Put) -> None:
    panel = show(TrainingPanel, ARTICLE)
    box = find(panel, "Training: Device")
    assert [box.itemText(at) for at in range(box.count())] == ["CPU"]
    assert "PyTorch is being loaded" in box.toolTip()
    panel.device.show_devices({"cpu": "x86_64"}, "cpu")
    assert [box.itemText(at) for at in range(box.count())] == ["CPU"]
    assert "so the CPU computes" in box.toolTip()
    panel.device.show_devices({"cpu": "x86_64", "cuda": "H100"}, "cpu")
    assert [box.itemText(at) for at in range(box.count())] == ["CPU", "CUDA: H100"]
    assert box.currentText() == "CPU"
    assert "so the CPU computes" not in box.toolTip()
    choose(box, "CUDA: H100")
    assert panel.session.experiment.training.device == "cuda"
    assert panel.session.undo_stack.undoText() == "Change device"


def test_a_device_that_a_document_asks_for_and_that_is_not_here_is_told(
    show: Show, find: Find, choose: Put
) -> None:
    asked = replace(ARTICLE, training=replace(ARTICLE.training, device="mps"))
    panel = show(TrainingPanel, asked)
    box = find(panel, "Training: Device")
    assert box.currentText() == "Apple GPU (MPS)"
    assert not [text for text in sentences(panel) if "sees no" in text], "it is not known yet"
    panel.device.show_devices({"cpu": "x86_64"}, "mps")
    assert box.currentText() == "Apple GPU (MPS) (not here)"
    assert [text for text in sentences(panel) if "sees no Apple GPU" in text]
    choose(box, "CPU")
    assert panel.session.experiment == ARTICLE


def test_data_is_chosen_and_told(show: Show, find: Find, choose: Put, put: Put) -> None:
    panel = show(DataPanel, ARTICLE)
    facts = find(panel, "Data: facts")
    assert facts.text() == "1,000 examples, 20 features, 2 classes; 800 to train, 200 to validate."
    put(find(panel, "Data set: Examples"), "500")
    choose(find(panel, "Data set"), "Moons")
    assert panel.session.experiment.data.dataset == Choice("moons", {"examples": 500})
    put(find(panel, "Data set: Noise"), "0.3")
    put(find(panel, "Data: Validation part"), "0.5")
    QTest.keyClick(find(panel, "Data: Standardize"), Qt.Key.Key_Space)
    assert panel.session.experiment.data == Data(
        dataset=Choice("moons", {"examples": 500, "noise": 0.3}), validation=0.5, standardize=False
    )
    assert facts.text() == "500 examples, 2 features, 2 classes; 250 to train, 250 to validate."


def test_unknown_data_is_a_sentence(show: Show, find: Find, choose: Put) -> None:
    unknown = replace(ARTICLE, data=Data(dataset=Choice("nothing")))
    panel = show(DataPanel, unknown)
    assert any(text.startswith("there is no 'nothing'") for text in sentences(panel))
    show(TrainingPanel, unknown)
    choose(find(panel, "Data set"), "Digits")
    assert panel.session.problems == ()


@pytest.mark.parametrize("key", DATASETS)
def test_every_data_set_has_a_picture(key: str, show: Show) -> None:
    panel = show(DataPanel, replace(ARTICLE, data=Data(dataset=Choice(key))))
    picture = panel.preview.picture
    assert picture.caption
    drawn = (picture.points, picture.images, picture.sequences, picture.text or None)
    assert sum(one is not None for one in drawn) == (key != "file")
    image = panel.preview.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, 250, 3) for y in range(0, 140, 3)}
    assert len(colours) > 3


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sine", "1,000 examples, 1 feature, 1 value to predict; "),
        ("diabetes", "442 examples, 10 features, 1 value to predict; "),
        ("adding", "1,000 examples, 30 × 2 values, 1 value to predict; "),
        ("copy", "1,000 examples, 12 tokens out of 10, 8 classes; "),
        ("digits", "1,797 examples, 64 features, 10 classes; "),
    ],
)
def test_the_facts_are_told_in_words(key: str, words: str, show: Show, find: Find) -> None:
    panel = show(DataPanel, replace(ARTICLE, data=Data(dataset=Choice(key))))
    assert find(panel, "Data: facts").text().startswith(words)


def test_several_targets_and_positions_are_told(show: Show, find: Find) -> None:
    teacher = Choice("teacher", {"outputs": 3})
    panel = show(DataPanel, replace(ARTICLE, data=Data(dataset=teacher)))
    assert "16 features, 3 values to predict; " in find(panel, "Data: facts").text()
    copy = Choice("copy", {"recall": 4, "delay": 2})
    panel.session.edit(replace(ARTICLE, data=Data(dataset=copy)), "Copy")
    told = "10 tokens out of 10, 8 classes at each of 4 positions; "
    assert told in find(panel, "Data: facts").text()


def test_a_file_is_opened_by_the_button(
    show: Show, find: Find, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "own.csv"
    path.write_text("a,b\n1,x\n2,y\n3,x\n", encoding="utf-8")
    panel = show(DataPanel, ARTICLE)
    QTest.mouseClick(find(panel, "Data: Open file"), Qt.MouseButton.LeftButton)
    dialog = panel.importing
    assert dialog.isVisible()
    dialog.path.setText(str(path))
    QTest.keyClick(dialog.path, Qt.Key.Key_Return)
    qtbot.waitUntil(dialog.ok.isEnabled)
    QTest.mouseClick(dialog.ok, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not isValid(dialog))
    assert panel.importing is None
    choice = panel.session.experiment.data.dataset
    assert choice == Choice("file", {"path": str(path)})
    assert find(panel, "Data: facts").text().startswith("3 examples, 1 feature, 2 classes; ")
    assert panel.preview.picture.points is not None
    assert panel.session.undo_stack.undoText() == "Use a file"
    panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE


def dropped(panel: QWidget, *paths: Path) -> bool:
    """Drag files over a panel and let go; return whether they were taken."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    place, copies, left = QPoint(9, 9), Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(place, copies, data, left, none)
    enter.ignore()
    QApplication.sendEvent(panel, enter)
    drop = QDropEvent(QPointF(place), copies, data, left, none)
    drop.ignore()
    QApplication.sendEvent(panel, drop)
    assert enter.isAccepted() == drop.isAccepted()
    return drop.isAccepted()


def test_a_file_is_opened_by_dropping_it(show: Show, tmp_path: Path, qtbot: QtBot) -> None:
    path, other = tmp_path / "own.csv", tmp_path / "other.csv"
    path.write_text("a,b\n1,x\n2,y\n", encoding="utf-8")
    other.write_text("a,b\n1,x\n2,y\n3,y\n", encoding="utf-8")
    panel = show(DataPanel, ARTICLE)
    assert not dropped(panel, path, other)
    assert not dropped(panel, tmp_path / "experiment.json"), "which the window opens"
    assert not panel.findChildren(ImportDialog)
    assert dropped(panel, path)
    dialog = panel.importing
    assert dialog.path.text() == str(path)
    assert dropped(panel, other), "the dialogue that is open shows it"
    assert panel.importing is dialog
    qtbot.waitUntil(lambda: dialog.look.params.path == str(other))
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not isValid(dialog))
    assert panel.session.experiment == ARTICLE


def test_a_file_that_has_gone_is_told_at_its_path(show: Show, find: Find, tmp_path: Path) -> None:
    gone = Choice("file", {"path": str(tmp_path / "gone.csv")})
    panel = show(DataPanel, replace(ARTICLE, data=Data(dataset=gone)))
    assert panel.preview.picture.caption == "There is no such file."
    assert any(text.endswith("There is no such file.") for text in sentences(panel))
    assert find(panel, "Data set: File").text() == str(tmp_path / "gone.csv")


@pytest.mark.parametrize("kind", [TrainingPanel, DataPanel])
def test_every_control_has_a_name_and_help(kind: type[QWidget], show: Show) -> None:
    panel = show(kind, DIGITS)
    for widget in panel.findChildren(QWidget):
        if isinstance(widget, QAbstractSpinBox | QComboBox | QCheckBox):
            assert widget.accessibleName(), widget
            assert widget.toolTip(), widget.accessibleName()


def test_a_schedule_is_chosen_and_set(show: Show, find: Find, put: Put) -> None:
    panel = show(TrainingPanel, ARTICLE)
    panel.schedule.entry_chosen.emit("Cosine")
    assert panel.session.experiment.training.schedule == Cosine()
    put(find(panel, "Schedule: Least"), "0.1")
    assert panel.session.experiment.training.schedule == Cosine(least=0.1)
    panel.session.undo_stack.undo()
    panel.session.undo_stack.undo()
    assert panel.session.experiment == ARTICLE


def test_values_bring_a_loss_that_suits_them(show: Show) -> None:
    panel = show(DataPanel, ARTICLE)
    panel.dataset.entry_chosen.emit("sine")
    assert panel.session.experiment.training.loss == "mse"
    assert not panel.session.problems
    panel.dataset.entry_chosen.emit("moons")
    assert panel.session.experiment.training.loss == "cross_entropy"
    panel.session.undo_stack.undo()
    assert panel.session.experiment.data.dataset.key == "sine"
