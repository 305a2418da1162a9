"""Decision surface, fitted curve and first layer: what is painted, cell by cell, and said."""

from collections.abc import Iterator
from itertools import product
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.catalogue import Value
from initstudio.engine.data import prepare
from initstudio.engine.plan import plan
from initstudio.experiment import Choice, Data, Experiment
from initstudio.history import History, Readings
from initstudio.presets import DIGITS
from initstudio.ui import theme
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import PALE, STRONG, class_colour, signs
from initstudio.ui.examples import MOST, datasets_of, examples_of
from initstudio.ui.plots.filters import FiltersPlot, mosaic
from initstudio.ui.plots.fitted import FittedPlot
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.surface import SurfacePlot
from initstudio.ui.theme import DARK, LIGHT, Theme
from tests.synthetic import experiment_of, falling, header_of, layers_of, stretch_from

P = TypeVar("P", bound=Plot)
SIDE = 40


@pytest.fixture(params=[LIGHT, DARK], ids=["light", "dark"])
def colours(request: pytest.FixtureRequest, qapp: QApplication) -> Iterator[Theme]:
    theme.apply(qapp, request.param)
    yield request.param
    theme.apply(qapp, LIGHT)


def experiment(data: str, contenders: int = 2, seeds: int = 1, **params: Value) -> Experiment:
    loss = "mse" if data in ("sine", "teacher") else "cross_entropy"
    return replace(
        experiment_of(contenders, seeds),
        data=Data(dataset=Choice(data, params)),
        training=replace(DIGITS.training, loss=loss),
    )


def history_with(asked: Experiment, layers: Readings) -> History:
    """Return a run whose readings at the start were halves of those now."""
    header = header_of(asked)
    history = History(header)
    first = {**layers_of(header), **layers}
    for key in layers.keys() - {"input_range"}:
        first[key] = layers[key] / 2
    loss = falling(header, 3)
    history.extend(stretch_from(header, loss[:1], 0, first))
    history.extend(stretch_from(header, loss[1:], 1, {**first, **layers}))
    return history


def shown(qtbot: QtBot, plot: P, history: History, **options: Value) -> P:
    qtbot.addWidget(plot)
    plot.resize(900, 460)
    plot.show_options(options)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    plot.refresh(settle=True)
    plot.grab()
    return plot


def colour_at(canvas: Canvas, image: QImage, x: float, y: float) -> npt.NDArray[np.int64]:
    spot = canvas.mapFromScene(canvas.viewbox.mapViewToScene(QPointF(x, y)))
    colour = image.pixelColor(spot)
    return np.array([colour.red(), colour.green(), colour.blue()])


def parts(colour: str) -> npt.NDArray[np.int64]:
    made = QColor(colour)
    return np.array([made.red(), made.green(), made.blue()])


def surface(classes: int, replicas: int = 2, seed: int = 0) -> Readings:
    """Return cells of made-up networks, in which a class is alone in each of a few stripes."""
    rng = np.random.default_rng(seed)
    told = np.zeros((replicas, 3, SIDE, SIDE))
    stripe = np.arange(SIDE) * classes // SIDE
    for replica in range(replicas):
        told[replica, 0] = np.roll(stripe, 5 * replica)[None, :]
        told[replica, 1] = rng.uniform(1 / classes, 1, (SIDE, SIDE))
        told[replica, 2] = told[replica, 1] * rng.uniform(0, 1, (SIDE, SIDE))
    ranges = np.tile(np.array([[-2.0, 2.0], [-1.0, 3.0]], np.float32), (replicas, 1, 1))
    return {"surface": told.reshape(replicas, 3, -1).astype(np.float16), "input_range": ranges}


@pytest.mark.parametrize("classes", [2, 3, 10])
def test_each_cell_has_the_colour_of_its_class_as_strong_as_it_is_sure(
    classes: int, colours: Theme, qtbot: QtBot
) -> None:
    readings = surface(classes)
    asked = experiment("spirals", classes=classes)
    plot = shown(qtbot, SurfacePlot(), history_with(asked, readings), data=False)
    image = plot.canvas.grab().toImage()
    told = readings["surface"].reshape(2, 3, SIDE, SIDE).astype(float)
    checked = 0
    for line, panel in zip(plot.lines, plot.panels, strict=True):
        (left, right), (bottom, top) = panel.area
        cells = told[line.slot]
        for row, column in product(range(2, SIDE, 9), range(1, SIDE - 1)):
            here = cells[0, row, column]
            if not (cells[0, row, column - 1] == here == cells[0, row, column + 1]):
                continue  # the boundary runs here
            sure = (cells[1, row, column] - 1 / classes) / (1 - 1 / classes)
            share = PALE + max(0.0, sure) * (STRONG - PALE)
            wanted = parts(colours.blend(class_colour(colours, int(here)), share))
            x = left + (column + 0.5) * (right - left) / SIDE
            y = bottom + (row + 0.5) * (top - bottom) / SIDE
            assert np.abs(colour_at(plot.canvas, image, x, y) - wanted).max() <= 3
            checked += 1
    assert checked > 100


def test_the_other_seeds_can_be_looked_at(qtbot: QtBot) -> None:
    asked = experiment("moons", 2, 3)
    readings = surface(2, 6)
    plot = shown(qtbot, SurfacePlot(), history_with(asked, readings))
    for seed in (0, 2):
        plot.set_option("seed", str(seed) if seed else "first")
        plot.refresh()
        assert f"seed {seed} of 3 seeds" in plot.notes
        for line, cells in zip(plot.drawn, plot._cells, strict=True):
            wanted = readings["surface"][3 * line.slot + seed].reshape(3, SIDE, SIDE)
            assert np.array_equal(cells, wanted.astype(float))


def test_a_network_without_numbers_leaves_the_others_visible(qtbot: QtBot) -> None:
    readings = surface(2)
    readings["surface"][1] = np.nan
    plot = shown(qtbot, SurfacePlot(), history_with(experiment("moons"), readings), data=False)
    assert "Way 1: no finite output in 1,600 of 1,600 cells" in plot.notes
    assert "Way 0:" not in plot.notes
    image = plot.canvas.grab().toImage()
    (left, _), (bottom, _) = plot.panels[1].area
    ground = colour_at(plot.canvas, image, left + 9, bottom + 9)
    assert np.array_equal(ground, parts(LIGHT.base))
    (left, _), (bottom, _) = plot.panels[0].area
    assert not np.array_equal(colour_at(plot.canvas, image, left + 9, bottom + 9), ground)


def test_the_dots_are_the_runs_own_training_examples_in_their_places(qtbot: QtBot) -> None:
    asked = experiment("moons", 1, 2)
    readings = surface(2, 2)
    plot = shown(qtbot, SurfacePlot(), history_with(asked, readings), seed="1")
    split = prepare(plan(asked), 1)
    assert "dots: 400 of 800 training examples" in plot.notes
    (left, right), (bottom, top) = plot.panels[0].area
    for at in (0, 1):
        dots = plot.canvas._items["examples"]._groups[at]
        rows = [
            x for x, y in zip(split.train_x[:MOST], split.train_y[:MOST], strict=True) if y == at
        ]
        assert dots.size() == len(rows)
        for dot, (one, two) in zip(dots.toList(), rows, strict=True):
            assert dot.x() == pytest.approx(left + (float(one) + 2) / 4 * (right - left))
            assert dot.y() == pytest.approx(bottom + (float(two) + 1) / 4 * (top - bottom))


def test_the_surface_of_values_has_one_scale_for_all(colours: Theme, qtbot: QtBot) -> None:
    rng = np.random.default_rng(3)
    cells = rng.normal(0, 1, (2, 1, SIDE * SIDE)).astype(np.float32)
    cells[1, 0, 8] = np.nan
    readings = {"surface": cells, "input_range": surface(2)["input_range"]}
    history = history_with(experiment("teacher", features=2), readings)
    plot = shown(qtbot, SurfacePlot(), history, data=False)
    image = plot.canvas.grab().toImage()
    limit = float(np.nanmax(np.abs(cells)))
    for line, panel in zip(plot.lines, plot.panels, strict=True):
        (left, right), (bottom, top) = panel.area
        for row, column in product(range(0, SIDE, 7), range(0, SIDE, 7)):
            value = cells[line.slot, 0, SIDE * row + column]
            wanted = signs(colours).of(np.array([value]), -limit, limit)[0, :3].astype(int)
            x = left + (column + 0.5) * (right - left) / SIDE
            y = bottom + (row + 0.5) * (top - bottom) / SIDE
            assert np.abs(colour_at(plot.canvas, image, x, y) - wanted).max() <= 3
    assert "Way 1: no finite output in 1 of 1,600 cells" in plot.notes


def test_other_data_is_told_what_would_do(qtbot: QtBot) -> None:
    header = header_of(experiment_of())
    history = History(header)
    layers = layers_of(header)
    for key in ("surface", "fit", "input_range", "first_weights"):
        del layers[key]
    history.extend(stretch_from(header, falling(header, 5), 0, layers))
    surfaces = shown(qtbot, SurfacePlot(), history)
    assert datasets_of(2) in surfaces.canvas.message
    assert "Moons, Circles, Spirals" in surfaces.canvas.message
    assert "Sine, Chirp" in shown(qtbot, FittedPlot(), history).canvas.message
    assert "Digits" in shown(qtbot, FiltersPlot(), history).canvas.message


def test_examples_are_those_of_the_engine() -> None:
    asked = experiment("sine")
    found = examples_of(asked, 3)
    split = prepare(plan(asked), 3)
    assert found is not None
    assert found.values is not None
    assert np.array_equal(found.x, split.train_x[:MOST])
    assert np.array_equal(found.values, split.train_y[:MOST, 0])
    assert found.total == len(split.train_x)
    assert examples_of(asked, 3) is found
    assert examples_of(experiment("random", examples=100_000, features=100), 0) is None


def fits(replicas: int) -> Readings:
    x = np.linspace(-2, 2, 200)
    curves = np.sin(x + np.arange(replicas)[:, None] / 2).astype(np.float32)
    return {
        "fit": curves,
        "input_range": np.tile(np.array([[-2, 2]], np.float32), (replicas, 1, 1)),
    }


def test_a_curve_is_the_median_of_its_seeds_and_hostile_ones_are_told(qtbot: QtBot) -> None:
    readings = fits(9)
    readings["fit"][3:5] = np.nan
    readings["fit"][6:] = 1e38
    readings["fit"][7, 20] = 50
    history = history_with(experiment("sine", 3, 3), readings)
    plot = shown(qtbot, FittedPlot(), history)
    for line, seeds in ((0, [0, 1, 2]), (1, [5])):
        item = plot.canvas._items["line", line]
        wanted = np.median(readings["fit"][seeds].astype(float), axis=0)
        assert np.allclose(item.x_values, np.linspace(-2, 2, 200))
        assert np.allclose(item.y_values, wanted)
    assert "Way 1: no finite value at 400 of 600 places" in plot.notes
    assert "Way 2: no finite value at 599 of 600 places" in plot.notes
    assert "Way 2 reaches 50, beyond the axis" in plot.notes
    low, high = plot.canvas.view[1]
    assert high - low < 8
    plot.canvas.hovered.emit(1.0)
    shown_now = float(plot.legend.labels[0].value.replace("−", "-"))
    wanted = np.median([np.sin(1 + at / 2) for at in range(3)])
    assert shown_now == pytest.approx(float(wanted), abs=0.01)


def test_the_mosaic_is_that_of_a_loop() -> None:
    units = np.arange(7 * 2 * 3, dtype=float).reshape(7, 2, 3)
    found = mosaic(units, 3)
    assert found.shape == (3 * 3 - 1, 3 * 4 - 1)
    for row, column in product(range(found.shape[0]), range(found.shape[1])):
        unit = 3 * (row // 3) + column // 4
        inside = row % 3 < 2 and column % 4 < 3 and unit < 7
        wanted = units[unit, row % 3, column % 4] if inside else np.nan
        assert np.array_equal(found[row, column], wanted, equal_nan=True)
    assert mosaic(units[:2], 5).shape == (2, 7)


def test_each_weight_has_its_colour_on_the_scale_of_all(colours: Theme, qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 1, (2, 64, 2, 8, 8)).astype(np.float32)
    weights[1] /= 2
    weights[1, 0, :, 0, 0] = np.nan, np.inf
    history = history_with(experiment_of(2), {"first_weights": weights})
    plot = shown(qtbot, FiltersPlot(), history, channel="2")
    shown(qtbot, plot, history, channel="2")
    assert "Way 1: 1 of 4,096 weights cannot be drawn" in plot.notes
    image = plot.canvas.grab().toImage()
    limit = float(np.abs(weights[0, :, 1]).max())
    columns = plot._columns
    for line, area in zip(plot.drawn, plot._areas, strict=True):
        (left, right), (_, top) = area
        size = (right - left) / (columns * 9 - 1)
        for unit, row, column in product(range(0, 64, 5), range(0, 8, 3), range(0, 8, 3)):
            value = weights[line.slot, unit, 1, row, column]
            if not np.isfinite(value):
                continue
            x = left + (unit % columns * 9 + column + 0.5) * size
            y = top - (unit // columns * 9 + row + 0.5) * size
            wanted = signs(colours).of(np.array([value]), -limit, limit)[0, :3].astype(int)
            assert np.abs(colour_at(plot.canvas, image, x, y) - wanted).max() <= 3


def test_the_mouse_tells_the_weight_and_the_class_below_it(qtbot: QtBot) -> None:
    rng = np.random.default_rng(0)
    weights = rng.normal(0, 1, (2, 64, 1, 8, 8)).astype(np.float32)
    filters = shown(
        qtbot, FiltersPlot(), history_with(experiment_of(2), {"first_weights": weights})
    )
    (left, right), (_, top) = filters._areas[1]
    size = (right - left) / (filters._columns * 9 - 1)
    filters.canvas.pointed.emit((left + (9 + 2.5) * size, top - 3.5 * size))
    value = float(filters.legend.labels[0].value.replace("−", "-"))
    assert value == pytest.approx(float(weights[0, 1, 0, 3, 2]), rel=0.01)
    assert filters.canvas.toolTip() == "Unit 2, row 4, column 3"
    readings = surface(2)
    plot = shown(qtbot, SurfacePlot(), history_with(experiment("moons"), readings))
    (left, right), (bottom, top) = plot.panels[0].area
    cell = (right - left) / SIDE
    plot.canvas.pointed.emit((left + 4.5 * cell, bottom + 2.5 * cell))
    told = readings["surface"][1].reshape(3, SIDE, SIDE)[:, 2, 4]
    which, sure = plot.legend.labels[1].value.split(": ")
    assert int(which) == told[0]
    assert float(sure) == pytest.approx(float(told[1]), abs=0.01)


def test_layers_that_are_no_images_are_told(qtbot: QtBot) -> None:
    empty = np.zeros((2, 0, 0, 0, 0), np.float32)
    plot = shown(qtbot, FiltersPlot(), history_with(experiment_of(2), {"first_weights": empty}))
    assert "neither takes all pixels in nor is a Conv2d" in plot.canvas.message


def test_the_contenders_of_a_run_of_other_data_do_not_fit() -> None:
    moons, blobs = (header_of(experiment(data)) for data in ("moons", "blobs"))
    assert SurfacePlot.fits(None, moons, moons)  # type: ignore[arg-type]
    assert not SurfacePlot.fits(None, moons, blobs)  # type: ignore[arg-type]
