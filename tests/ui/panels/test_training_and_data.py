"""The panels of data and training, driven as a person does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractSpinBox, QCheckBox, QComboBox, QLabel, QWidget

from initstudio.datasets import DATASETS
from initstudio.experiment import SGD, Adam, AdamW, Choice, Data, Experiment, Seeds, Training
from initstudio.presets import ARTICLE, DIGITS
from initstudio.ui.data_preview import picture_of
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
    assert (picture.points is None) != (picture.images is None)
    image = panel.preview.grab().toImage()
    colours = {image.pixelColor(x, y).name() for x in range(0, 250, 3) for y in range(0, 140, 3)}
    assert len(colours) > 3


def test_the_picture_is_of_the_data_itself() -> None:
    digits = picture_of("digits", DATASETS["digits"].params(), 0)
    features, _ = DATASETS["digits"].make(DATASETS["digits"].params(), np.random.default_rng(0))
    assert digits.images is not None
    np.testing.assert_allclose(digits.images.reshape(24, 64), features[:24])
    moons = picture_of("moons", DATASETS["moons"].params(noise=0.0), 0)
    assert moons.points is not None
    assert moons.points.min() >= 0
    assert moons.points.max() <= 1
    assert picture_of("moons", DATASETS["moons"].params(noise=0.0), 0) is moons


def test_large_data_is_not_made_for_a_picture() -> None:
    params = DATASETS["random"].params(examples=100_000, features=1024)
    assert picture_of("random", params, 0).caption == "Too large to be drawn here."


@pytest.mark.parametrize("kind", [TrainingPanel, DataPanel])
def test_every_control_has_a_name_and_help(kind: type[QWidget], show: Show) -> None:
    panel = show(kind, DIGITS)
    for widget in panel.findChildren(QWidget):
        if isinstance(widget, QAbstractSpinBox | QComboBox | QCheckBox):
            assert widget.accessibleName(), widget
            assert widget.toolTip(), widget.accessibleName()
