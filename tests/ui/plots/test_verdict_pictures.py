"""The confusion matrix and the worst examples: what is drawn, read out and said of them."""

import numpy as np
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio.catalogue import Value
from initstudio.datasets import DATASETS
from initstudio.experiment import Choice, Data, Experiment, Recording
from initstudio.history import History, Readings
from initstudio.presets import ARTICLE
from initstudio.ui.chart.colours import amounts
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.chart.gallery import Caption, _coarser, _sharp, as_pixels, galleries_in
from initstudio.ui.chart.items import Image
from initstudio.ui.chart.panels import panels_in
from initstudio.ui.chart.square_table import font_for, inks_on, table_in
from initstudio.ui.chart.tiles import Tile, Tiles
from initstudio.ui.chart.words import PlainWords
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.confusion import ConfusionPlot, in_words
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.worst import WorstPlot
from initstudio.ui.theme import DARK, LIGHT, Theme
from tests.synthetic import experiment_of, falling, header_of, stretch_from, verdicts_of


def run_of(made: Readings | None = None, contenders: int = 2, seeds: int = 3) -> History:
    """Return a run with these readings at the end of its second epoch, step 20."""
    header = header_of(experiment_of(contenders, seeds))
    history = History(header)
    loss = falling(header, 21)
    found = verdicts_of(header) if made is None else {**verdicts_of(header), **made}
    history.extend(stretch_from(header, loss, 0, found))
    return history


def shown(qtbot: QtBot, key: str, history: History, **options: Value) -> Plot:
    plot = PLOTS[key]()
    qtbot.addWidget(plot)
    plot.resize(900, 520)
    plot.show_options(options)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    for _ in range(2):
        plot.refresh(settle=True)
        plot.grab()
    return plot


def confusion(qtbot: QtBot, history: History, **options: Value) -> ConfusionPlot:
    plot = shown(qtbot, "confusion", history, **options)
    assert isinstance(plot, ConfusionPlot)
    return plot


def worst(qtbot: QtBot, history: History, **options: Value) -> WorstPlot:
    plot = shown(qtbot, "worst", history, **options)
    assert isinstance(plot, WorstPlot)
    return plot


def summed(history: History, slot: int) -> list[list[int]]:
    """Return a contender's table with its seeds summed, one by one."""
    tables = history.latest["confusion"].tolist()
    mine = [one for one, of in zip(tables, history.header.slots, strict=True) if of == slot]
    return [[sum(one[row][column] for one in mine) for column in range(10)] for row in range(10)]


def texts_of(plot: Plot, key: object) -> list[str]:
    item = plot.canvas._items[key]
    assert isinstance(item, PlainWords)
    return [word.text for word in item.words]


def pixels_of(plot: Plot, key: object) -> np.ndarray:
    item = plot.canvas._items["image", key]
    assert isinstance(item, Image)
    return item._pixels


def tiles_of(plot: Plot, key: object) -> tuple[Tile, ...]:
    item = plot.canvas._items["tiles", key]
    assert isinstance(item, Tiles)
    return item.tiles


def test_shares_are_of_the_true_class_and_seeds_are_summed(qtbot: QtBot) -> None:
    history = run_of()
    plot = confusion(qtbot, history)
    for slot in (0, 1):
        table = summed(history, slot)
        shares = np.array([[100 * one / sum(row) for one in row] for row in table])
        # the first row is the uppermost
        wanted = amounts(plot.theme).of(shares, 0, 100)
        # a share may lie between two colours
        assert np.abs(pixels_of(plot, slot).astype(int) - wanted).max() <= 3
        whole = [str(round(one)) for one in shares.ravel().tolist() if one]
        assert texts_of(plot, ("texts", slot)) == whole
        right = sum(table[at][at] for at in range(10))
        value = plot.legend.labels[slot].value
        assert value.endswith(" %")
        assert float(value[:-2]) == pytest.approx(100 * right / (3 * 359), abs=0.06)
    assert "step 20 (epoch 2)" in plot.notes
    assert "1,077 validation answers, 3 seeds summed" in plot.notes


def test_counts_and_mistakes_only(qtbot: QtBot) -> None:
    history = run_of()
    plot = confusion(qtbot, history, show="count", examples="mistakes")
    tables = [np.array(summed(history, slot), float) for slot in (0, 1)]
    for table in tables:
        np.fill_diagonal(table, np.nan)
    most = max(np.nanmax(table) for table in tables)
    for slot, table in enumerate(tables):
        assert np.array_equal(pixels_of(plot, slot), amounts(plot.theme).of(table, 0, most))
        assert (pixels_of(plot, slot)[np.diag_indices(10)][:, 3] == 0).all()
    assert "numbers" not in plot.notes


def test_a_cell_is_read_in_words(qtbot: QtBot) -> None:
    history = run_of()
    plot = confusion(qtbot, history)
    table = plot._tables[1]
    (left, _), (_, top) = table.panel.area
    place = left + 9.5 * table.cell, top - 8.5 * table.cell
    plot.canvas.pointed.emit(place)
    row = summed(history, 1)[8]
    assert plot.notes.startswith(f"Way 1: an 8 taken for a 9: {row[9]} of {sum(row)} (")
    assert (
        plot.legend.labels[0].value == f"{summed(history, 0)[8][9]} of {sum(summed(history, 0)[8])}"
    )
    plot.canvas.pointed.emit((left - 40, top))
    assert plot.notes.startswith("step 20")
    plot.canvas.pointed.emit(None)
    assert plot.legend.labels[0].value.endswith("%")


def test_words_of_a_cell() -> None:
    counts = np.array([[12, 26, 0], [0, 5, 0], [0, 0, 0]])
    names = ("4", "9", "11")
    assert in_words(names, counts, (0, 1)) == "a 4 taken for a 9: 26 of 38 (68 %)"
    assert in_words(names, counts, (1, 1)) == "a 9 taken for what it is: 5 of 5 (100 %)"
    assert in_words(names, counts, (0, 2)) == "a 4 taken for an 11: 0 of 38 (0 %)"
    assert in_words(names, counts, (2, 0)) == "no validation example is an 11"


def test_a_class_without_examples_is_empty_and_a_little_is_not_nothing(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2, 1))
    table = np.zeros((2, 10, 10), np.int32)
    table[:, 0, 0], table[:, 0, 1] = 999, 1
    table[:, 2, 2] = 3
    made = {"confusion": table, "worst": verdicts_of(header)["worst"]}
    plot = confusion(qtbot, run_of(made, seeds=1))
    assert texts_of(plot, ("texts", 0)) == ["99", "<1", "100"]
    assert (pixels_of(plot, 0)[[1, *range(3, 10)]][..., 3] == 0).all()


def test_a_contender_that_diverged_is_named(qtbot: QtBot) -> None:
    history = run_of(seeds=1)
    history.diverged[1] = 11
    assert "Way 1 has diverged" in confusion(qtbot, history).notes
    history.diverged[1] = 21
    assert "diverged" not in confusion(qtbot, history).notes


@pytest.mark.parametrize("key", ["confusion", "worst"])
def test_a_run_as_it_was_is_drawn_as_it_was(key: str, qtbot: QtBot) -> None:
    header = header_of(experiment_of(2, 1))
    history = History(header)
    loss = falling(header, 21)
    early, late = verdicts_of(header), verdicts_of(header)
    early["confusion"] = late["confusion"][::-1].copy()
    early["worst"] = late["worst"][::-1].copy()
    history.extend(stretch_from(header, loss[:5], 0, early))
    history.extend(stretch_from(header, loss[5:], 5, late))
    plot = shown(qtbot, key, history)
    assert "step 20 (epoch 2)" in plot.notes
    now = plot.data(history)
    plot.draw(history.at(9))
    assert "step 0 (epoch 0)" in plot.notes
    assert plot.data(history.at(9)) != now


@pytest.mark.parametrize("key", ["confusion", "worst"])
def test_the_table_that_is_taken_home_holds_every_number(key: str, qtbot: QtBot) -> None:
    history = run_of()
    heads, *rows = shown(qtbot, key, history).data(history)
    assert all(len(row) == len(heads) for row in rows)
    assert len(rows) == (2 * 100 if key == "confusion" else 6 * 16)
    if key == "confusion":
        assert sum(int(row[4]) for row in rows) == 6 * 359
        assert rows[1][:4] == ("Way 0", 20, "0", "1")
        assert rows[1][4] == summed(history, 0)[0][1]


def test_the_worst_are_shown_with_what_they_are_taken_for(qtbot: QtBot) -> None:
    history = run_of()
    plot = worst(qtbot, history, seed="2")
    pixels, classes = DATASETS["digits"].make(DATASETS["digits"].params(), np.random.default_rng(0))
    told = history.latest["worst"][2]  # Way 0 under seed 2
    captions = texts_of(plot, ("captions", 0))
    assert len(captions) == 16
    for at, (place, loss, truth, predicted) in enumerate(told.T.tolist()):
        assert classes[int(place)] == truth
        assert captions[at].startswith(f"{truth:.0f}→{predicted:.0f}  ")
        assert float(captions[at].split()[1]) == pytest.approx(loss, rel=0.05)
        image = pixels[int(place)].reshape(1, 8, 8)
        assert np.array_equal(tiles_of(plot, 0)[at].pixels, as_pixels(image, plot.theme))
    assert "seed 2" in plot.notes
    assert "step 20 (epoch 2)" in plot.notes
    assert float(plot.legend.labels[0].value) == pytest.approx(float(told[1, 0]), rel=0.01)


def test_an_image_is_read_in_words(qtbot: QtBot) -> None:
    history = run_of(seeds=1)
    plot = worst(qtbot, history)
    _, gallery, _ = plot._shown[1]
    left, top = gallery._corner(3)
    plot.canvas.pointed.emit((left + gallery.cell[0] / 2, top - gallery.cell[1] / 2))
    place, _, truth, predicted = history.latest["worst"][1, :, 3].tolist()
    assert plot.notes.startswith(f"Way 1: class {truth:.0f} taken for {predicted:.0f}, loss ")
    assert f"example {place:,.0f} of the data, number 4 of the worst" in plot.notes
    plot.canvas.pointed.emit(None)
    assert plot.notes.startswith("step 20")


def test_losses_that_are_no_numbers_are_said_and_come_first(qtbot: QtBot) -> None:
    made = verdicts_of(header_of(experiment_of(2, 1)))
    told = made["worst"].copy()
    told[0, 1, :2] = np.nan
    told[1, 1, 0] = np.inf
    plot = worst(qtbot, run_of({"worst": told}, seeds=1))
    assert "Way 0: 2 of these losses are no number; they come first" in plot.notes
    assert texts_of(plot, ("captions", 0))[0].endswith("no number")
    assert texts_of(plot, ("captions", 1))[0].endswith("infinite")


def test_examples_that_the_data_no_longer_has_are_left_blank(qtbot: QtBot) -> None:
    made = verdicts_of(header_of(experiment_of(2, 1)))
    told = made["worst"].copy()
    told[0, 0, 0] = 5000
    told[0, 2, 1] += 1
    plot = worst(qtbot, run_of({"worst": told}, seeds=1))
    assert "Way 0: the data no longer has some of these examples" in plot.notes
    assert len(tiles_of(plot, 0)) == 14
    assert len(tiles_of(plot, 1)) == 16


def nothing_of(data: Data, network: tuple[Choice, ...] = (Choice("output"),)) -> History:
    asked: Experiment = replace(ARTICLE, data=data, network=network, recording=Recording())
    if data.dataset.key == "sine":
        asked = replace(asked, training=replace(asked.training, loss="mse"))
    header = header_of(asked)
    history = History(header)
    stretch = stretch_from(header, falling(header, 1), 0, {})
    history.extend(replace(stretch, epoch_pages=()))
    return history


@pytest.mark.parametrize(
    ("key", "data", "why"),
    [
        ("confusion", Data(dataset=Choice("digits"), validation=0), "No data is kept out"),
        ("worst", Data(dataset=Choice("digits"), validation=0), "No data is kept out"),
        ("confusion", Data(dataset=Choice("sine")), "no classes"),
        ("worst", Data(dataset=Choice("sine")), "no classes"),
        ("worst", Data(dataset=Choice("random")), "no images"),
        ("confusion", Data(dataset=Choice("random", {"classes": 100})), "appears here"),
    ],
)
def test_why_there_is_nothing_is_said(key: str, data: Data, why: str, qtbot: QtBot) -> None:
    assert why in shown(qtbot, key, nothing_of(data)).canvas.message


@pytest.mark.parametrize("theme", [LIGHT, DARK])
@pytest.mark.parametrize("count", [1, 3, 8])
@pytest.mark.parametrize("classes", [2, 10, 47, 100])
def test_tables_lie_in_their_panels_on_whole_pixels(
    count: int, classes: int, theme: Theme, qtbot: QtBot
) -> None:
    names = tuple(str(at) for at in range(classes))
    for panel in panels_in(count, 760.0, 340.0, 20.0, square=True):
        table = table_in(panel, names, theme)
        (left, right), (bottom, top) = table.panel.area
        assert right - left == pytest.approx(table.cell * classes)
        assert top - bottom == pytest.approx(table.cell * classes)
        assert panel.area[0][0] <= left
        assert right <= panel.area[0][1] + 1
        assert panel.area[1][0] <= bottom
        assert top <= panel.area[1][1] + 1
        if table.cell >= 1:
            assert table.cell == round(table.cell)
        used = font_for({"100"}, table.cell, theme)
        assert (used is not None) == (table.cell >= 22) or 18 <= table.cell <= 26


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_numbers_can_be_read_on_every_shade(theme: Theme) -> None:
    colours = amounts(theme).of(np.linspace(0, 100, 101), 0, 100)
    for colour, ink in zip(colours.tolist(), inks_on(colours, theme), strict=True):
        ground = np.array(colour[:3], float)
        letters = np.array([int(ink[at : at + 2], 16) for at in (1, 3, 5)], float)
        one, other = (light(part) for part in (ground, letters))
        assert (max(one, other) + 0.05) / (min(one, other) + 0.05) > 3


def light(colour: np.ndarray) -> float:
    """Return the relative luminance (WCAG 2.2)."""
    part = colour / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("size", [(300.0, 200.0), (900.0, 400.0), (60.0, 60.0)])
@pytest.mark.parametrize("ratio", [1.0, 2.0, 0.5])
def test_images_of_a_gallery_stay_in_their_cells(
    size: tuple[float, float], ratio: float, qtbot: QtBot
) -> None:
    captions = [[Caption("4→9", "2.3", "#000000")] * 16] * 2
    panels = panels_in(2, *size, 20.0)
    for gallery, panel in zip(galleries_in(panels, ratio, captions, LIGHT), panels, strict=True):
        rows = -(-gallery.count // gallery.columns)
        (left, right), (bottom, top) = panel.area
        assert gallery.columns * gallery.cell[0] <= right - left + 1e-6
        assert rows * gallery.cell[1] <= top - bottom + 1e-6
        for at in range(gallery.count):
            x, y = gallery._corner(at)
            assert gallery.at((x + 1, y - 1)) == at
        assert gallery.at((left - 5, top)) is None


def test_colours_and_greys_of_an_image() -> None:
    colour = np.zeros((3, 2, 2), np.float32)
    colour[0, 0, 0] = colour[2, 1, 1] = 1
    assert as_pixels(colour, LIGHT)[0, 0].tolist() == [255, 0, 0, 255]
    assert as_pixels(colour, LIGHT)[1, 1].tolist() == [0, 0, 255, 255]
    grey = as_pixels(np.array([[[0.0, 1.0]]], np.float32), LIGHT)
    assert grey[0, 0, :3].tolist() == [255, 255, 255]
    assert grey[0, 1, :3].tolist() == [int(LIGHT.text[at : at + 2], 16) for at in (1, 3, 5)]


def test_a_large_image_is_drawn_in_the_means_of_its_parts_and_a_small_one_sharply() -> None:
    fine = np.zeros((64, 64, 4), np.uint8)
    fine[::2] = 200
    found = _coarser(fine, 32.0, 40.0)
    assert found.shape == (32, 32, 4)
    assert (found == 100).all()
    assert _coarser(fine, 64.0, 64.0) is fine
    assert _coarser(fine, 63.0, 64.0).shape == (32, 32, 4)
    assert _sharp(8, 8, 31.0, 40.0) == (24.0, 24.0)
    assert _sharp(8, 4, 31.0, 40.0) == (24.0, 12.0)
    assert _sharp(32, 16, 16.0, 16.0) == (16.0, 8.0)


def pin_of(data: Data) -> Pin:
    header = header_of(replace(experiment_of(2, 1), data=data))
    history = History(header)
    history.extend(stretch_from(header, falling(header, 11), 0, verdicts_of(header)))
    return Pin("Run 1", history)


@pytest.mark.parametrize("key", ["confusion", "worst"])
def test_an_earlier_run_of_the_same_data_stands_beside(key: str, qtbot: QtBot) -> None:
    history = run_of(seeds=2)
    plot = shown(qtbot, key, history)
    plot.show_pins([pin_of(experiment_of().data), pin_of(Data(dataset=Choice("random")))])
    plot.refresh()
    plot.grab()
    assert [label.run for label in plot.legend.labels] == [0, 0, 1, 1]
    assert plot.notes.endswith("Run 1 has other data, and is not shown")
    steps = {row[1 if key == "confusion" else 2] for row in plot.data(history)[1:]}
    assert steps == {10, 20}
