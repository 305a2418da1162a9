"""A file of weights, looked into beside how the network begins."""

from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from safetensors.numpy import save_file

from initstudio.bins import BINS, HEAD
from initstudio.edits import set_hidden
from initstudio.ui import theme
from initstudio.ui.session import Session
from initstudio.ui.weights_window import WeightsWindow, beside
from initstudio.weights import read_weights

DICE = np.random.default_rng(0)


def drawn(*shape: int) -> np.ndarray:
    return DICE.normal(0, 0.1, shape).astype(np.float32)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds the article's network under other names, and something else."""
    tensors = {
        "0.bias": drawn(64),
        "0.weight": drawn(64, 20),
        "fc2.weight": drawn(64, 64),
        "lost": np.full((2, 2), np.nan, np.float32),
        "same": np.full((3, 3), 0.5, np.float32),
    }
    save_file(tensors, tmp_path / "mine.safetensors", {"made by": "me"})
    return tmp_path / "mine.safetensors"


@pytest.fixture
def window(path: Path, ready: Session, qtbot: QtBot) -> WeightsWindow:
    window = WeightsWindow(path, ready)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: window.weights is not None)
    return window


def choose(window: WeightsWindow, name: str) -> None:
    names = [one.name for one in window.model.tensors]
    window.table.selectRow(names.index(name))


def test_all_tensors_are_listed_and_the_first_matrix_is_shown(window: WeightsWindow) -> None:
    assert window.facts.text() == "5 tensors, 5,453 values  ·  made by: me"
    assert [one.name for one in window.model.tensors] == [
        "0.bias",
        "0.weight",
        "fc2.weight",
        "lost",
        "same",
    ]
    assert window.chosen is not None
    assert window.chosen.name == "0.weight"
    cells = [str(window.model.data(window.model.index(0, at), 0)) for at in range(7)]
    assert cells[:2] == ["0.bias", "64"]
    assert window.canvas.message == ""


def test_it_stands_beside_the_start_of_the_tensor_of_its_name(window: WeightsWindow) -> None:
    said = "Filled: 0.weight in the file. Lines: 0.weight at the start, by contender."
    assert window.beside.text().startswith(said)
    assert [label.name for label in window.legend.labels] == ["Xavier", "Kaiming", "Normal"]


def test_one_of_another_name_stands_beside_the_same_shape(window: WeightsWindow) -> None:
    choose(window, "fc2.weight")
    assert "Lines: 2.weight at the start" in window.beside.text()


def test_one_without_a_counterpart_stands_alone_and_says_so(window: WeightsWindow) -> None:
    choose(window, "same")
    assert "no weight tensor of its shape" in window.beside.text()
    assert window.legend.labels == ()
    assert window.canvas.message == ""
    choose(window, "lost")
    assert window.canvas.message == "None of its values is a finite number."


def test_hidden_contenders_are_left_out(window: WeightsWindow, ready: Session) -> None:
    ready.edit(set_hidden(ready.experiment, 1, hidden=True), "Hide")
    assert [label.name for label in window.legend.labels] == ["Xavier", "Normal"]


def test_the_theme_can_change_while_it_is_open(window: WeightsWindow) -> None:
    theme.present.theme_changed.emit(theme.DARK)
    theme.present.theme_changed.emit(theme.LIGHT)
    assert window.canvas.message == ""


def test_a_file_that_cannot_be_read_is_one_sentence(
    tmp_path: Path, ready: Session, qtbot: QtBot
) -> None:
    (tmp_path / "bad.safetensors").write_bytes(b"nothing")
    window = WeightsWindow(tmp_path / "bad.safetensors", ready)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: bool(window.problem.text()))
    assert "not a readable safetensors file" in window.problem.text()


def test_closing_it_early_ends_the_reading(path: Path, ready: Session, qtbot: QtBot) -> None:
    window = WeightsWindow(path, ready)
    qtbot.addWidget(window)
    window.show()
    window.close()
    assert window.weights is None


def test_the_start_beside_it_is_that_of_the_run(path: Path, ready: Session) -> None:
    weights = read_weights(path)
    wanted = weights.tensors[1]
    assert ready.history is not None
    name, groups = beside(wanted, weights.tensors, ready.history)
    assert name == "0.weight"
    reading = ready.history.first["weights"][:, 0]
    assert [one.values.total for one in groups] == list(reading[:, HEAD : HEAD + BINS].sum(1))
    assert beside(wanted, weights.tensors, None) == ("", [])
