"""What single plots say and count."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from initstudio.history import History
from initstudio.ui.chart.curve import Curve
from initstudio.ui.plots.distributions import WeightsPlot
from initstudio.ui.plots.learning import LossPlot
from tests.synthetic import (
    binned,
    experiment_of,
    falling,
    header_of,
    history_of,
    layers_of,
    stretch_from,
)


def show(qtbot: QtBot, plot: LossPlot | WeightsPlot, history: History) -> None:
    qtbot.addWidget(plot)
    plot.resize(700, 400)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    plot.refresh()


def test_divergence_is_named_with_its_step(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    loss = falling(header, 80)
    loss[41:, 1] = np.nan
    history = History(header)
    history.extend(stretch_from(header, loss))
    plot = LossPlot()
    show(qtbot, plot, history)
    assert "Way 1 diverged at step 41" in plot.notes
    assert plot.legend.labels[1].value == "diverged"


def test_what_lies_above_the_axis_is_told(qtbot: QtBot) -> None:
    header = header_of(experiment_of(3))
    loss = falling(header, 80)
    loss[50:, 2] = 1e20
    history = History(header)
    history.extend(stretch_from(header, loss))
    plot = LossPlot()
    show(qtbot, plot, history)
    assert plot.canvas.view[1][1] < 20
    assert "Way 2 reaches" in plot.notes
    plot.set_option("scale", "log")
    plot.refresh()
    assert plot.canvas.view[1][1] >= 20
    assert "reaches" not in plot.notes


def test_the_legend_tells_the_value_below_the_mouse(qtbot: QtBot) -> None:
    history = history_of(experiment_of(2))
    plot = LossPlot()
    plot.show_options({"smoothing": 0.0})
    show(qtbot, plot, history)
    expected = float(history.series["loss"].mean[30, 1])
    plot.canvas.hovered.emit(30.4)
    assert float(plot.legend.labels[1].value) == pytest.approx(expected, rel=0.002)
    plot.canvas.hovered.emit(None)
    last = float(history.series["loss"].mean[-1, 1])
    assert float(plot.legend.labels[1].value) == pytest.approx(last, rel=0.005)


def test_a_curve_has_few_points_however_long_the_run(qtbot: QtBot) -> None:
    plot = LossPlot()
    show(qtbot, plot, history_of(experiment_of(2), 1000))
    lines = [item for item in plot.canvas._items.values() if isinstance(item, Curve)]
    assert lines
    assert all(len(item.x_values) <= 400 for item in lines)


def test_equal_weights_are_a_spike_and_a_sentence(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    layers = layers_of(header)
    weights = layers["weights"].copy()
    weights[1] = binned(np.full(64, 0.5), -23)
    history = History(header)
    history.extend(stretch_from(header, falling(header, 5), 0, {**layers, "weights": weights}))
    plot = WeightsPlot()
    show(qtbot, plot, history)
    assert "Way 1: all values are 0.5" in plot.notes
    assert "bins of 2" in plot.notes
    assert "bandwidth" in plot.notes


@pytest.mark.parametrize("ratio", [100, 1000])
def test_a_far_wider_contender_leaves_the_picture_honest(qtbot: QtBot, ratio: int) -> None:
    header = header_of(experiment_of(2))
    rng = np.random.default_rng(0)
    layers = layers_of(header)
    weights = layers["weights"].copy()
    weights[0] = binned(rng.normal(0, 0.01, 400), -11)
    weights[1] = binned(rng.normal(0, 0.01 * ratio, 400), -11 + int(np.log2(ratio)) + 1)
    history = History(header)
    history.extend(stretch_from(header, falling(header, 5), 0, {**layers, "weights": weights}))
    plot = WeightsPlot()
    show(qtbot, plot, history)
    assert "Way 0 peaks at" in plot.notes
    assert "% lie outside the axis" in plot.notes


def test_the_layers_of_the_run_are_offered(qtbot: QtBot) -> None:
    plot = WeightsPlot()
    history = history_of(experiment_of())
    show(qtbot, plot, history)
    box = plot.toolbar.control("layer")
    texts = [box.itemText(at) for at in range(box.count())]  # type: ignore[attr-defined]
    assert texts == [*history.header.tensors, "All layers"]
