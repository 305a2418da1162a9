"""All layers over the run: who comes first, what a click asks for, and what the cells hold."""

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from initstudio.history import History
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from tests.synthetic import experiment_of, falling, header_of, layers_of, stretch_from

SNAPSHOTS, EVERY = 8, 10


def run_of(contenders: int) -> History:
    """Return a run in which the layers of each contender lie further apart than the last's."""
    header = header_of(experiment_of(contenders))
    history, loss = History(header), falling(header, SNAPSHOTS * EVERY)
    tensors = len(header.tensors)
    apart = np.arange(contenders)[:, None] * np.arange(tensors) / 2
    for at in range(SNAPSHOTS):
        layers = layers_of(header)
        layers["gradient_norm"] = (10.0 ** (-apart - at / 10)).astype(np.float32)
        start = at * EVERY
        history.extend(stretch_from(header, loss[start : start + 1], start, layers))
    return history


def shown(qtbot: QtBot, history: History, **options: str) -> Plot:
    plot = PLOTS["over_steps"]()
    qtbot.addWidget(plot)
    plot.resize(800, 400)
    plot.show_options(options)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    plot.refresh()
    return plot


def names(plot: Plot) -> list[str]:
    return [label.name for label in plot.legend.labels]


def press(plot: Plot, x: float, y: float) -> None:
    viewbox = plot.canvas.viewbox
    spot = plot.canvas.mapFromScene(viewbox.mapViewToScene(QPointF(x, y)))
    QTest.mouseClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def test_who_is_in_trouble_comes_first_unless_the_list_is_asked_for(qtbot: QtBot) -> None:
    plot = shown(qtbot, run_of(3))
    assert names(plot) == ["Way 2", "Way 1", "Way 0"]
    plot.show_options({"order": "listed"})
    plot.refresh()
    assert names(plot) == ["Way 0", "Way 1", "Way 2"]


def test_a_click_asks_for_the_step_and_the_layer(qtbot: QtBot) -> None:
    history = run_of(1)
    plot = shown(qtbot, history)
    asked: list[tuple[int, str]] = []
    plot.place_asked.connect(lambda step, name: asked.append((step, name)))
    tensors = history.header.tensors
    press(plot, 3.5 * EVERY, len(tensors) - 1)  # the first layer is uppermost
    press(plot, 0.5 * EVERY, 0)
    assert asked == [(30, tensors[0]), (0, tensors[-1])]


def test_of_the_second_contender_it_is_the_same(qtbot: QtBot) -> None:
    history = run_of(2)
    plot = shown(qtbot, history, order="listed")
    asked: list[tuple[int, str]] = []
    plot.place_asked.connect(lambda step, name: asked.append((step, name)))
    press(plot, 1.03 + 5.5 / SNAPSHOTS, 0)
    assert asked == [(50, history.header.tensors[-1])]


def test_its_numbers_are_all_that_is_kept_up_to_the_step_that_is_shown(qtbot: QtBot) -> None:
    history = run_of(2)
    plot = shown(qtbot, history)
    plot.show_step(35)
    plot.refresh()
    found = plot.shown
    assert found is not None
    rows = plot.data(found)[1:]
    assert sorted({row[2] for row in rows}) == [0, 10, 20, 30]
    values = history.album.over("gradient_norm")[1]
    for name, _seed, step, layer, value in rows:
        contender = ["Way 0", "Way 1"].index(str(name))
        tensor = history.header.tensors.index(str(layer))
        assert value == values[int(step) // EVERY, contender, tensor]


def test_dead_units_are_those_of_layers_that_can_die(qtbot: QtBot) -> None:
    history = run_of(1)
    plot = shown(qtbot, history, quantity="dead")
    acts = [history.header.layers[at] for at in history.header.activations]
    assert {row[3] for row in plot.data(history)[1:]} == set(acts)
