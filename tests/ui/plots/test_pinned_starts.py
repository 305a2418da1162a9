"""Pictures of the start with a pinned run beside: its numbers are those of its study alone."""

from collections.abc import Callable
from dataclasses import replace as changed
from functools import partial
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import QRectF, Qt
from pytestqt.qtbot import QtBot

from initstudio.cells import cell_experiment
from initstudio.experiment import Choice, Experiment, Seeds
from initstudio.history import History
from initstudio.results import Results
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.chart.table import Cell, Row, Table
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots import plot as plots
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.studied import Studied
from initstudio.ui.theme import LIGHT
from tests.synthetic import experiment_of, header_of, hostile_study, studied_of
from tests.ui.plots.test_study_pictures import click, line_of

STUDIES = sorted(key for key, kind in PLOTS.items() if issubclass(kind, StudyPlot))
LINES = {"jacobian": {}, "first_step": {"view": "ratios"}, "width": {}, "phase": {}}
"""Pictures with a line for each contender, and the options with which they have it."""
PRESENT = experiment_of(3)
EARLIER = replace(
    experiment_of(2, 2), training=replace(PRESENT.training, learning_rate=0.5, batch_size=5)
)
"""It has fewer contenders and more seeds: what is by contender has other rows."""
TANH = replace(
    EARLIER, network=tuple(Choice("tanh") if one.key == "relu" else one for one in EARLIER.network)
)
DEEPER = replace(EARLIER, network=(*EARLIER.network[:-1], Choice("relu"), EARLIER.network[-1]))
Shown = Callable[..., Any]


def earlier_study(study: str, experiment: Experiment = EARLIER) -> Studied:
    """Return made-up results that are unlike those of the present experiment."""
    studied = studied_of(study, experiment)
    assert studied.results is not None
    fixed = ("weight_variance", "bias_variance", "depth", "widths", "layers", "block_layers")
    values = {
        name: one if name in fixed or one.dtype.kind == "i" else 1.1 * one
        for name, one in studied.results.values.items()
    }
    return changed(studied, results=Results(values=values, notes=("made up", "by itself")))


@pytest.fixture
def shown(qtbot: QtBot) -> Shown:
    """Give a function that draws a picture of results with, or without, a pinned run's."""

    def show(
        key: str,
        studied: Studied,
        *beside: Studied | None,
        pinned: Experiment = EARLIER,
        **options: str,
    ) -> StudyPlot:
        plot = PLOTS[key]()
        assert isinstance(plot, StudyPlot)
        qtbot.addWidget(plot)
        plot.resize(640, 420)
        plot.show_options(options)
        plot.show_contenders(studied.header.experiment.contenders)
        plot.show_study(studied)
        plot.show_pins([Pin("Run 1", History(header_of(pinned))) for _ in beside])
        plot.show_beside(beside)
        plot.show()
        for _ in range(2):
            plot.refresh()
            plot.grab()
        return plot

    return show


def drawn(shown: Shown, key: str, **options: str) -> tuple[StudyPlot, StudyPlot]:
    """Return a picture with a pinned run beside, and that of the pinned run alone."""
    study = PLOTS[key].study  # type: ignore[attr-defined]
    beside = shown(key, studied_of(study, PRESENT), earlier_study(study), **options)
    return beside, shown(key, earlier_study(study), **options)


def rows_of(table: plots.Table, ending: str, names: set[str]) -> list[str]:
    """Return the rows of some contenders, without the ending of their names."""
    rows = ((str(row[0]), row[1:]) for row in table)
    own = ((name.removesuffix(ending), rest) for name, rest in rows if name.endswith(ending))
    return [repr(row) for row in own if row[0] in names]


# ---------------------------------------------------------------------- all of them


@pytest.mark.parametrize("key", STUDIES)
def test_a_pinned_run_s_numbers_are_those_of_its_study_alone(key: str, shown: Shown) -> None:
    pinned = TANH if key == "trainability" else EARLIER
    study = earlier_study(PLOTS[key].study, pinned)  # type: ignore[attr-defined]
    present = studied_of(study_of(key), PRESENT)
    plot = shown(key, present, study, pinned=pinned)
    names = {"Way 0", "Way 1", "cell"}
    expected = rows_of(shown(key, study).data(None), "", names)
    assert expected
    assert rows_of(plot.data(None), " (Run 1)", names) == expected
    alone = shown(key, present)
    assert rows_of(plot.data(None), "", names) == rows_of(alone.data(None), "", names)


def study_of(key: str) -> str:
    kind = PLOTS[key]
    assert issubclass(kind, StudyPlot)
    return kind.study


@pytest.mark.parametrize("key", LINES)
def test_a_pinned_line_is_that_of_its_study_alone_thinner_and_dashed(
    key: str, shown: Shown
) -> None:
    plot, alone = drawn(shown, key, **LINES[key])
    for slot in (0, 1):
        assert line_of(plot, (1, slot)) == line_of(alone, slot)
        stroke = next(line for line in plot.lines if line.key == (1, slot)).stroke(LIGHT)
        item = plot.canvas._items["line", (1, slot)]
        assert item.pen.color().name() == stroke.colour
        assert item.pen.style() == Qt.PenStyle.CustomDashLine
        assert line_of(plot, slot) != line_of(alone, slot)
    assert ("line", (1, 2)) not in plot.canvas._items
    labels = [(label.name, label.run) for label in plot.legend.labels]
    assert labels[2:] == [("Way 2", 0), ("Way 0 (Run 1)", 1), ("Way 1 (Run 1)", 1)]


@pytest.mark.parametrize("key", STUDIES)
def test_what_is_not_there_yet_is_told(key: str, shown: Shown) -> None:
    pinned = TANH if key == "trainability" else EARLIER
    study, present = earlier_study(study_of(key), pinned), studied_of(study_of(key), PRESENT)
    for beside, told in (
        (None, "Run 1: not measured yet"),
        (Studied(header=study.header, share=0.25), "Run 1: 25 % done"),
        (changed(study, share=0.75), "Run 1: 75 % done"),
        (Studied(header=study.header, trouble="It is not to be."), "Run 1: It is not to be."),
        (study, "Run 1: by itself"),
    ):
        plot = shown(key, present, beside, pinned=pinned)
        assert told in plot._told
        assert "Run 1: made up" not in plot._told, "it is said of the present one already"


@pytest.mark.parametrize("key", STUDIES)
def test_hostile_numbers_of_a_pinned_run_do_no_harm(key: str, shown: Shown) -> None:
    pinned = experiment_of(5) if key != "trainability" else replace(TANH, seeds=Seeds(count=1))
    present = studied_of(study_of(key), PRESENT)
    plot = shown(key, present, hostile_study(study_of(key), pinned), pinned=pinned)
    assert plot.canvas.message == ""
    plot.data(None)


@pytest.mark.parametrize("key", STUDIES)
def test_a_copy_of_a_picture_shows_the_pinned_run_too(key: str, shown: Shown, qtbot: QtBot) -> None:
    plot, _ = drawn(shown, key)
    copy = PLOTS[key]()
    assert isinstance(copy, StudyPlot)
    qtbot.addWidget(copy)
    copy.resize(640, 420)
    copy.show_like(plot)
    copy.refresh()
    assert copy.lines == plot.lines
    assert repr(copy.data(None)) == repr(plot.data(None))


@pytest.mark.parametrize(
    ("key", "pinned", "options", "why"),
    [
        ("jacobian", DEEPER, {"part": "blocks"}, "other layers"),
        ("first_step", DEEPER, {"view": "ratios"}, "other layers"),
        ("width", DEEPER, {}, "other layers"),
        ("phase", TANH, {}, "another activation"),
        ("trainability", EARLIER, {}, ""),
        ("trainability", replace(PRESENT, contenders=EARLIER.contenders), {}, "the same map"),
        ("jacobian", DEEPER, {"part": "network"}, ""),
        ("first_step", DEEPER, {"view": "table"}, ""),
        ("luck", DEEPER, {}, ""),
        ("phase", DEEPER, {}, ""),
    ],
)
def test_what_has_no_place_in_the_picture_is_named(
    key: str, pinned: Experiment, options: dict[str, str], why: str, shown: Shown
) -> None:
    study = earlier_study(study_of(key), pinned)
    plot = shown(key, studied_of(study_of(key), PRESENT), study, pinned=pinned, **options)
    assert plot.left_out == ([f"Run 1 has {why}, and is not shown"] if why else [])
    assert any(line.run for line in plot.lines) == (not why)
    assert ("(Run 1)" in repr(plot.data(None))) == (not why)
    assert "is not shown" in plot._note or not why


def test_another_option_may_have_a_place_for_it(shown: Shown) -> None:
    study = earlier_study("jacobian", DEEPER)
    plot = shown("jacobian", studied_of("jacobian", PRESENT), study, pinned=DEEPER)
    assert [line.name for line in plot.lines][3:] == ["Way 0 (Run 1)", "Way 1 (Run 1)"]
    plot.set_option("part", "blocks")
    assert [line.run for line in plot.lines] == [0, 0, 0]
    plot.set_option("part", "network")
    assert [line.run for line in plot.lines] == [0, 0, 0, 1, 1]


def test_a_long_study_of_a_pinned_run_can_be_made_to_wait(shown: Shown) -> None:
    present, study = studied_of("luck", PRESENT), earlier_study("luck")
    assert shown("luck", present, changed(study, share=0.5)).wait.isVisible()
    assert not shown("luck", present, study).wait.isVisible()


# ---------------------------------------------------------------------- one by one


def test_the_first_step_has_rows_of_the_pinned_run_with_its_own_rate(shown: Shown) -> None:
    plot, alone = drawn(shown, "first_step")
    rows, own = plot._table()._rows, alone._table()._rows  # type: ignore[attr-defined]
    assert [(row.full_name, row.run) for row in rows[3:]] == [
        ("Way 0 (Run 1)", 1),
        ("Way 1 (Run 1)", 1),
    ]
    assert [row.cells for row in rows[3:]] == [row.cells for row in own]
    rates = earlier_study("first_step").results.values["stable_rate"][:2]  # type: ignore[union-attr]
    assert float(rows[3].cells[2].text) == pytest.approx(0.5 / np.median(rates), rel=0.006)


def test_a_strip_of_a_pinned_run_is_below_the_others_and_keeps_its_run_s_name(
    shown: Shown,
) -> None:
    plot, alone = drawn(shown, "luck")
    assert plot.canvas.left.names == (
        *("Way 1 (Run 1)", "Way 0 (Run 1)"),
        *("Way 2", "Way 1", "Way 0"),
    )
    for slot in (0, 1):
        x, y = line_of(plot, ("median", (1, slot)))
        assert x == line_of(alone, ("median", slot))[0]
        assert np.mean(y) == 1 - slot
    long = replace(EARLIER.contenders[0], name="Kaiming uniform with fan-out")
    named = replace(EARLIER, contenders=(long, EARLIER.contenders[1]))
    plot = shown("luck", studied_of("luck", PRESENT), earlier_study("luck", named), pinned=named)
    assert plot.canvas.left.names[1] == "Kaiming unif… (Run 1)"


def test_pinned_contenders_stand_in_the_phase_diagram_as_rings(shown: Shown) -> None:
    plot, alone = drawn(shown, "phase")
    for slot in (0, 1):
        ring, disc = (
            one.canvas._items[("disc", key)] for one, key in ((plot, (1, slot)), (alone, slot))
        )
        assert ring._points.at(0) == disc._points.at(0)
        assert ring._colour.name() == LIGHT.base
        assert ring._size > disc._size
    assert "rings: of pinned runs" in plot._told


def test_maps_stand_side_by_side_each_with_its_own_cells(shown: Shown) -> None:
    study = earlier_study("trainability", TANH)
    plot = shown("trainability", studied_of("trainability", PRESENT), study, pinned=TANH)
    alone = shown("trainability", study)
    images = plot.canvas._items["image", "cells"], plot.canvas._items["image", ("cells", 1)]
    left, right = (one._area for one in images)
    assert left.right() < right.left()
    assert left.width() == pytest.approx(right.width())
    pixels = alone.canvas._items["image", "cells"]._pixels
    np.testing.assert_array_equal(images[1]._pixels, pixels)
    place = right.left() + 2.5, 1.0
    told = plot.reading_at(plot.studied.results, *place)
    assert told == f"Run 1, {alone.reading_at(study.results, 2.0, 1.0)}"
    assert plot.reading_at(plot.studied.results, 2.0, 1.0).startswith("this experiment, ")


def test_a_click_on_a_pinned_map_opens_the_cell_of_that_experiment(shown: Shown) -> None:
    study = earlier_study("trainability", TANH)
    plot = shown("trainability", studied_of("trainability", PRESENT), study, pinned=TANH)
    asked: list[Any] = []
    plot.open_asked.connect(asked.append)
    right = plot.canvas._items["image", ("cells", 1)]._area
    click(plot, right.left() + 3.5, 1.9)
    (change,) = asked
    made = change(PRESENT)
    assert study.results is not None
    expected = partial(cell_experiment, TANH, activation=Choice("tanh"), width=64, steps=100)
    variance = float(study.results.values["weight_variance"][3])
    assert made == expected(depth=20, weight_variance=variance, bias_variance=0.0)


def test_words_find_their_places_when_strips_come(shown: Shown) -> None:
    plot = shown("luck", studied_of("luck", PRESENT))
    plot.show_pins([Pin("Run 1", History(header_of(EARLIER)))])
    plot.show_beside([earlier_study("luck")])
    plot.refresh()
    plot.grab()
    room = plot.canvas._items["words"].boundingRect()
    assert (room.top(), room.bottom()) == pytest.approx(plot.canvas.view[1])
    assert plot.canvas.view[1] == (-0.5, 4.5)


def test_a_table_that_lies_has_the_rows_of_each_run_below_one_another() -> None:
    table, heads = Table(), ("Contender", *(f"A long\nheading {at}" for at in range(5)))
    rows = [Row(at, f"Way {at}", [Cell(f"{at}.{n}00") for n in range(5)]) for at in range(3)]
    rows += [Row(0, "Way 0", [Cell(f"9.{n}00") for n in range(5)], 1, "Run 1")]
    table.show_rows(heads, tuple(rows), LIGHT)
    narrow, flat = QRectF(0, 0, 300, 400), QRectF(0, 0, 900, 130)
    found = table._fitted(narrow)
    assert [[box.text for box in line] for line in found.grid] == [
        ["", "Way 0", "Way 1", "Way 2"],
        *([f"A long heading {n}", f"0.{n}00", f"1.{n}00", f"2.{n}00"] for n in range(5)),
        ["Run 1", "Way 0", "", ""],
        *([f"A long heading {n}", f"9.{n}00", "", ""] for n in range(5)),
    ]
    assert [box.run for box in found.grid[6]] == [0, 1, 0, 0]
    middles = np.cumsum(found.heights) * found.scale - 1
    told = [table.heading_at(5.0, float(y), narrow) for y in (*middles, middles[-1] + 9)]
    assert told == [*range(6), *range(6), -1]
    assert [line[0].text for line in table._fitted(flat).grid][3:] == ["Way 2", "Way 0 (Run 1)"]
