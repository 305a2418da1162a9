"""What pictures of studies show: each number against the same Results read the slow way."""

from collections.abc import Mapping
from fractions import Fraction
from functools import partial
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio import edits
from initstudio.declared import params_of
from initstudio.engine.plan import plan, problems
from initstudio.experiment import MAX_CONTENDERS, Experiment
from initstudio.results import Results
from initstudio.ui.chart.lines import middle
from initstudio.ui.chart.table import Cell, Row, Table
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.first_step import MEANINGS, FirstStepPlot, farthest
from initstudio.ui.plots.luck import LuckPlot, scattered
from initstudio.ui.plots.phase import PhasePlot
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.plots.trainability import TrainabilityPlot, placed
from initstudio.ui.studied import Studied
from initstudio.ui.theme import LIGHT
from tests.synthetic import experiment_of, studied_of

if TYPE_CHECKING:
    from initstudio.ui.plots.width import WidthPlot

STUDIES = [key for key, kind in PLOTS.items() if issubclass(kind, StudyPlot)]
MADE_UP = ["first_step", "jacobian", "luck", "phase", "trainability", "width"]


def values_of(plot: StudyPlot) -> dict[str, npt.NDArray[Any]]:
    assert plot.studied is not None
    assert plot.studied.results is not None
    return plot.studied.results.values


def shown(
    qtbot: QtBot,
    key: str,
    experiment: Experiment | None = None,
    changes: Mapping[str, npt.NDArray[Any]] | None = None,
    share: float = 1.0,
    **options: str | float,
) -> Any:  # noqa: ANN401 - each test knows which
    """Return the picture of made-up results, some of them changed, drawn."""
    plot = PLOTS[key]()
    assert isinstance(plot, StudyPlot)
    qtbot.addWidget(plot)
    plot.resize(600, 400)
    experiment = experiment or experiment_of(3)
    studied = studied_of(plot.study, experiment, share=share)
    assert studied.results is not None
    results = Results(values={**studied.results.values, **(changes or {})}, share=share)
    plot.show_options(options)
    plot.show_contenders(experiment.contenders)
    plot.show_study(Studied(header=studied.header, results=results, share=share))
    plot.show()
    plot.refresh()
    plot.grab()
    plot.refresh()
    return plot


def results_of(plot: StudyPlot) -> Results:
    assert plot.studied is not None
    assert plot.studied.results is not None
    return plot.studied.results


def line_of(plot: StudyPlot, key: object) -> tuple[list[float], list[float]]:
    item = plot.canvas._items[("line", key)]
    assert item.isVisible()
    return item.x_values.tolist(), item.y_values.tolist()


def click(plot: StudyPlot, x: float, y: float) -> None:
    scene = plot.canvas.viewbox.mapViewToScene(QPointF(x, y))
    spot = plot.canvas.mapFromScene(scene)
    QTest.mouseClick(plot.canvas.viewport(), Qt.MouseButton.LeftButton, pos=spot)


# ---------------------------------------------------------------------- all of them


def test_all_studies_with_pictures_are_met_here() -> None:
    assert sorted(STUDIES) == MADE_UP


@pytest.mark.parametrize("key", STUDIES)
def test_what_lies_below_the_mouse_takes_the_notes_place(key: str, qtbot: QtBot) -> None:
    plot = shown(qtbot, key)
    notes = plot.notes
    (left, right), (bottom, top) = plot.canvas.view
    place = left + 0.3 * (right - left), bottom + 0.95 * (top - bottom)
    plot.canvas.pointed.emit(place)
    assert plot.notes == plot.reading_at(plot.studied.results, *place) or not plot.reading_at(
        plot.studied.results, *place
    )
    plot.canvas.pointed.emit(None)
    assert plot.notes == notes


@pytest.mark.parametrize("key", STUDIES)
@pytest.mark.parametrize("value", [np.nan, np.inf, 1e308, 0.0, -1.0])
@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_nothing_but_hostile_numbers(key: str, value: float, share: float, qtbot: QtBot) -> None:
    plot = shown(qtbot, key, experiment_of(1))
    fixed = ("weight_variance", "bias_variance", "depth", "widths", "layers", "block_layers")
    changes = {
        name: np.full_like(one, value) for name, one in values_of(plot).items() if name not in fixed
    }
    results = Results(values={**values_of(plot), **changes}, share=share)
    every = [{one.name: choice} for one in params_of(plot.Options) for choice, _ in one.choices]
    for options in every or [{}]:
        plot.show_options(options)
        plot.show_study(Studied(header=plot.header, results=results, share=share))
        plot.refresh()
        plot.grab()
        plot.canvas.pointed.emit((0.5, 0.5))
        plot.data(None)
    if share < 1:
        assert plot.canvas.message or f"{100 * share:.0f} % done" in plot._told[0]


@pytest.mark.parametrize("key", STUDIES)
def test_trouble_is_its_sentence_and_an_old_answer_is_said_to_be(key: str, qtbot: QtBot) -> None:
    plot = shown(qtbot, key)
    plot.show_study(Studied(header=plot.header, results=plot.studied.results, fresh=False))
    plot.refresh()
    assert plot._told[0] == "of the experiment before the last edit"
    plot.show_study(Studied(header=plot.header, trouble="It is not to be."))
    plot.refresh()
    assert plot.canvas.message == "It is not to be."
    assert plot.notes == ""
    plot.canvas.pointed.emit((0.5, 0.5))
    assert plot.notes == ""


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_the_middle_is_the_median(values: list[float]) -> None:
    found = middle(np.array([*values, np.nan]))
    exact = float(median(map(Fraction, values)))  # which cannot overflow
    assert found == pytest.approx(exact, rel=1e-12, abs=1e-300)


# ---------------------------------------------------------------------- Jacobian


def test_singular_values_stand_by_rank(qtbot: QtBot) -> None:
    plot = shown(qtbot, "jacobian")
    for row in range(3):
        x, y = line_of(plot, row)
        values = [one for one in values_of(plot)["singular_values"][row].tolist() if one == one]  # noqa: PLR0124 - NaN
        assert 10 ** np.array(y) == pytest.approx(values)
        assert x == pytest.approx([(at + 0.5) / len(values) for at in range(len(values))])
        assert plot.legend.labels[row].value == ["300", "390", "480"][row]


def test_of_each_block_the_range_and_the_median_are_drawn(qtbot: QtBot) -> None:
    plot = shown(qtbot, "jacobian", part="blocks")
    blocks = values_of(plot)["block_singular_values"][1]
    assert 10 ** np.array(line_of(plot, 1)[1]) == pytest.approx(
        [median(one.tolist()) for one in blocks]
    )
    area = plot.canvas._items[("area", 1)].path().boundingRect()
    assert 10 ** area.top() == pytest.approx(min(blocks.ravel().tolist()))
    assert 10 ** area.bottom() == pytest.approx(max(blocks.ravel().tolist()))
    assert plot.canvas.bottom.names == tuple(plot.header.layers[at] for at in (1, 3))


def test_what_rounding_left_is_told_and_not_drawn(qtbot: QtBot) -> None:
    values = np.full((3, 512), np.nan)
    values[:, :4] = [1, 1e-12, 1e-16, 0]
    plot = shown(qtbot, "jacobian", changes={"singular_values": values})
    assert "Way 0: 2 below 10⁻¹³ of the greatest, not drawn" in plot._note
    x, y = line_of(plot, 0)
    assert x == [0.125, 0.375, 0.625, 0.875]
    assert y[:2] == pytest.approx([0, -12])
    assert np.isnan(y[2:]).all()
    assert plot.canvas.view[1][0] > -13


def test_the_legend_takes_a_second_row_when_values_come(qtbot: QtBot) -> None:
    plot = shown(qtbot, "width", experiment_of(3))
    plot.resize(300, 400)
    plot.clear("Nothing yet.")
    QApplication.processEvents()
    before = plot.legend.height()
    plot.refresh()
    QApplication.processEvents()
    assert plot.legend.heightForWidth(plot.legend.width()) == plot.legend.height() > before


def test_a_condition_beyond_all_numbers_is_a_power_of_ten(qtbot: QtBot) -> None:
    plot = shown(qtbot, "jacobian", changes={"log10_condition": np.array([500.0, np.inf, np.nan])})
    assert [label.value for label in plot.legend.labels] == ["10⁵⁰⁰", "infinite", "–"]


# ---------------------------------------------------------------------- first step


def cells_of(plot: FirstStepPlot) -> list[list[str]]:
    return [[cell.text for cell in row.cells] for row in plot._table()._rows]


def test_the_first_step_s_table(qtbot: QtBot) -> None:
    experiment = experiment_of(2, 3)
    plot = shown(qtbot, "first_step", experiment)
    values, rate = values_of(plot), experiment.training.learning_rate
    for contender, cells in enumerate(cells_of(plot)):
        rows = range(3 * contender, 3 * contender + 3)

        def of(key: str, rows: range = rows) -> float:
            return median(float(values[key][row]) for row in rows)

        ratios = [median(float(values["update_ratio"][row, at]) for row in rows) for at in range(3)]
        worst = max(ratios, key=lambda one: abs(np.log(one / 1e-3)))
        expected = [of("loss"), of("stable_rate"), rate / of("stable_rate"), of("noise_scale")]
        found = [float(cell.replace("×10⁻⁴", "e-4")) for cell in cells]
        assert found == pytest.approx([*expected, median(ratios), worst], rel=0.006)
    assert "medians of 3 seeds" in plot.notes


def test_a_rate_that_is_too_large_and_ratios_far_off_are_marked(qtbot: QtBot) -> None:
    changes = {
        "stable_rate": np.full(3, 1e-6),
        "update_ratio": np.full((3, 3), 0.5),
    }
    plot = shown(qtbot, "first_step", changes=changes)
    inks = [cell.ink for cell in plot._table()._rows[0].cells]
    assert inks == ["", "", LIGHT.error, "", LIGHT.warning, LIGHT.warning]


def test_the_heading_below_the_mouse_is_explained(qtbot: QtBot) -> None:
    plot = shown(qtbot, "first_step")
    told = set()
    for x in np.linspace(0, 1, 30):
        for y in np.linspace(0, 1, 30):
            plot.canvas.pointed.emit((float(x), float(y)))
            told.add(plot.notes)
    assert set(MEANINGS[1:]) <= told


def test_update_ratios_by_layer(qtbot: QtBot) -> None:
    plot = shown(qtbot, "first_step", view="ratios")
    ratios = values_of(plot)["update_ratio"]
    for row in range(3):
        assert 10 ** np.array(line_of(plot, row)[1]) == pytest.approx(ratios[row].tolist())
    assert plot.canvas.bottom.names == plot.header.tensors
    assert line_of(plot, "guide")[1] == [-3, -3]


def test_the_farthest_ratio_is_so_in_factors() -> None:
    assert farthest(np.array([1e-3, 1e-5, 5e-2])) == 1e-5
    assert farthest(np.array([1e-3, 0.0])) == 0
    assert np.isnan(farthest(np.array([np.nan])))


def test_a_table_lies_where_it_is_narrow_and_stands_where_it_is_flat() -> None:
    table = Table()
    cells = [Cell("0.123")] * 6
    rows = tuple(Row(slot, f"Way {slot}", cells) for slot in range(3))
    table.show_rows(("Contender", *("A long\nheading",) * 6), rows, LIGHT)
    flat, narrow = QRectF(0, 0, 900, 110), QRectF(0, 0, 300, 400)
    assert table._fitted(flat).grid[0][0].text == "Contender"
    assert table._fitted(narrow).grid[1][0].text == "A long heading"
    for view in (flat, narrow):
        found = table._fitted(view)
        assert sum(found.heights) * found.scale <= view.height() + 1e-6
        assert sum(table._spread(found, view)) * found.scale <= view.width() + 1e-6


# ---------------------------------------------------------------------- luck


def test_a_strip_is_its_draws_quartiles_and_own_seed(qtbot: QtBot) -> None:
    plot: LuckPlot = shown(qtbot, "luck")
    values = values_of(plot)
    for row, strip in enumerate(plot.strips()):
        draws = values["loss"][row].tolist()
        assert strip.draws.tolist() == sorted(draws)
        assert strip.quartiles == pytest.approx(tuple(quantiles(draws, method="inclusive")))
        own = values["own"][row, 0]
        assert strip.percentile == 100 * sum(draw < own for draw in draws) / len(draws)
        x, y = line_of(plot, ("median", row))
        assert x == [strip.quartiles[1]] * 2
        assert np.mean(y) == 2 - row, "the first contender stands at the top"
        assert plot.canvas._items[("own", row)]._points.at(0).x() == own
    assert plot.canvas.left.names == ("Way 2", "Way 1", "Way 0")


def test_the_exact_spread_of_the_length_is_a_bracket_around_one(qtbot: QtBot) -> None:
    plot = shown(qtbot, "luck", quantity="length")
    for row in range(3):
        std = float(values_of(plot)["spread"][row]) ** 0.5
        x, _ = line_of(plot, ("spread", row))
        assert (min(x), max(x)) == pytest.approx((1 - std, 1 + std))
    assert "bracket" in plot._note
    other = shown(qtbot, "luck", quantity="length", changes={"spread": np.full(3, np.nan)})
    assert "bracket" not in other._note


def test_draws_that_are_still_to_come_are_not_told_as_lost(qtbot: QtBot) -> None:
    loss = np.full((3, 50), np.nan)
    loss[:, :4] = [1, 2, np.inf, 3]
    plot = shown(qtbot, "luck", changes={"loss": loss}, share=0.1)
    assert [strip.lost for strip in plot.strips()] == [1, 1, 1]
    assert "Way 0: no finite number in 1" in plot._note
    done = shown(qtbot, "luck", changes={"loss": loss})
    assert "Way 0: no finite number in 47" in done._note


def test_what_spreads_over_decades_has_a_log_axis(qtbot: QtBot) -> None:
    wide = np.geomspace(1e-3, 1e3, 50) * np.ones((3, 1))
    plot = shown(qtbot, "luck", quantity="gradient_norm", changes={"gradient_norm": wide})
    assert plot.canvas.bottom.log
    assert 10 ** line_of(plot, ("median", 0))[0][0] == pytest.approx(median(wide[0].tolist()))
    assert not shown(qtbot, "luck").canvas.bottom.log


def test_draws_are_a_parameter_of_the_study(qtbot: QtBot) -> None:
    assert shown(qtbot, "luck", draws=40).study_params() == {"draws": 40}


@given(st.lists(st.floats(-1e6, 1e6), max_size=60))
def test_dots_stay_within_their_strip(values: list[float]) -> None:
    x = np.sort(np.array(values))
    assert (np.abs(scattered(x)) <= 1).all()


# ---------------------------------------------------------------------- width


def test_sizes_over_widths_with_their_slopes(qtbot: QtBot) -> None:
    plot: WidthPlot = shown(qtbot, "width")
    values = values_of(plot)
    for row in range(3):
        x, y = line_of(plot, row)
        assert 2 ** np.array(x) == pytest.approx(values["widths"].tolist())
        assert 10 ** np.array(y) == pytest.approx(
            [float(one[-1, -1]) for one in values["size"][row]]
        )
        slope = float(plot.legend.labels[row].value)
        assert slope == pytest.approx(float(values["slope"][row, -1]), abs=0.006)
        fitted = np.polyfit(np.array(x) * np.log10(2), y, 1)[0]
        assert slope == pytest.approx(fitted, abs=0.006)
    assert "flat is good" in plot.notes
    assert "Way 2 grows like width^0.6" in plot._note


def test_another_layer_and_step_of_the_width_check(qtbot: QtBot) -> None:
    size = values_of(shown(qtbot, "width"))["size"].copy()
    size *= np.arange(1, 5)[None, None, :, None]
    for option, step in (("start", 0), ("first", 1), ("last", 3)):
        plot = shown(qtbot, "width", changes={"size": size}, layer="0", step=option)
        expected = [float(one[step, 0]) for one in size[1]]
        assert 10 ** np.array(line_of(plot, 1)[1]) == pytest.approx(expected)
        assert plot.toolbar.words()[0] == plot.header.layers[values_of(plot)["layers"][0]]


# ---------------------------------------------------------------------- phase


def asked_of(plot: PhasePlot | TrainabilityPlot) -> list[Any]:
    asked: list[Any] = []
    plot.edit_asked.connect(lambda change, text: asked.append((change, text)))
    plot.open_asked.connect(asked.append)
    return asked


def test_a_click_asks_for_a_contender_at_its_place(qtbot: QtBot) -> None:
    plot: PhasePlot = shown(qtbot, "phase")
    asked = asked_of(plot)
    click(plot, 3.0, 0.5)
    ((change, text),) = asked
    assert isinstance(change, partial)
    assert change.func is edits.contender_at
    assert change.keywords["weight_variance"] == pytest.approx(3.0, abs=0.02)
    assert change.keywords["bias_variance"] == pytest.approx(0.5, abs=0.01)
    assert text == "Add a contender"
    made = change(experiment_of(3)).contenders
    assert len(made) == 4
    sigma = made[3].rules[0].scheme.params["sigma_w"]
    assert sigma**2 == pytest.approx(change.keywords["weight_variance"], rel=1e-4)


@pytest.mark.parametrize(("pixels", "snaps"), [(0, True), (4, True), (9, False), (-4, True)])
def test_a_click_near_the_critical_line_is_meant_for_it(
    pixels: int, snaps: bool, qtbot: QtBot
) -> None:
    plot: PhasePlot = shown(qtbot, "phase")
    asked = asked_of(plot)
    (left, right), _ = plot.canvas.view
    click(plot, 2.0 + pixels * (right - left) / plot.canvas.viewbox.width(), 0.5)
    weight, bias = (asked[0][0].keywords[f"{one}_variance"] for one in ("weight", "bias"))
    assert (abs(weight - (1.5 + bias)) < 1e-6) == snaps, "critical is 1.5 + the bias variance"
    assert ("edge of chaos" in asked[0][1]) == snaps


def test_no_more_contenders_than_there_can_be(qtbot: QtBot) -> None:
    plot: PhasePlot = shown(qtbot, "phase", experiment_of(MAX_CONTENDERS))
    asked = asked_of(plot)
    click(plot, 3.0, 0.5)
    assert asked == []
    assert plot.notes == "There are 16 contenders already, and no more."


def test_the_phase_below_the_mouse_in_words(qtbot: QtBot) -> None:
    plot: PhasePlot = shown(qtbot, "phase")
    results = results_of(plot)
    for x, y in ((1.0, 0.5), (3.0, 0.9)):
        row = min(range(64), key=lambda at: abs(values_of(plot)["bias_variance"][at] - y))
        column = min(range(96), key=lambda at: abs(values_of(plot)["weight_variance"][at] - x))
        chi, depth = (float(values_of(plot)[key][row, column]) for key in ("chi", "depth_scale"))
        told = plot.reading_at(results, x, y)
        assert ("ordered" in told) == (chi < 1)
        assert ("chaotic" in told) == (chi > 1)
        assert f"χ {chi:.3g}".rstrip("0") in told
        assert f"depth scale {depth:.3g} layers" in told
    assert "edge of chaos" in plot.reading_at(results, 2.0, 0.5)


def test_contenders_stand_at_their_variances_or_at_the_edge(qtbot: QtBot) -> None:
    points = np.array([[1.0, 0.1], [9.0, 0.5], [np.nan, 0.1]])
    plot: PhasePlot = shown(qtbot, "phase", changes={"points": points})
    place = plot.canvas._items[("disc", 0)]._points.at(0)
    assert (place.x(), place.y()) == (1.0, 0.1)
    edge = plot.canvas._items[("disc", 1)]._points.at(0)
    assert 3.99 < edge.x() < plot.canvas.view[0][1]
    assert ("disc", 2) not in plot.canvas._items
    assert "Way 1 lies outside: 9 and 0.5" in plot._note
    assert "Way 2: no place in the diagram" in plot._note
    words = [word.text for word in plot.canvas._items["words"]._words]
    assert words == ["ordered", "chaotic", "→"]
    trail = values_of(plot)["trail"][0]
    assert line_of(plot, 0) == (trail[:, 0].tolist(), trail[:, 1].tolist())


def test_variances_that_are_spaced_by_factors_have_a_log_axis(qtbot: QtBot) -> None:
    weight = np.geomspace(0.01, 100, 96)
    plot: PhasePlot = shown(qtbot, "phase", changes={"weight_variance": weight})
    assert plot.canvas.bottom.log
    assert not plot.canvas.left.log
    results = results_of(plot)
    assert "weight variance × fan-in 10," in plot.reading_at(results, 1.0, 0.5)
    assert plot.canvas._items[("disc", 1)]._points.at(0).x() == pytest.approx(np.log10(1.4))


def test_a_phase_that_does_not_come_in_the_picture_is_not_named(qtbot: QtBot) -> None:
    plot = shown(qtbot, "phase", changes={"chi": np.full((64, 96), 0.5)})
    assert [word.text for word in plot.canvas._items["words"]._words] == ["ordered"]


# ---------------------------------------------------------------------- trainability


def test_a_click_opens_the_cell(qtbot: QtBot) -> None:
    plot: TrainabilityPlot = shown(qtbot, "trainability")
    asked = asked_of(plot)
    click(plot, 3.2, 1.9)
    (change,) = asked
    variance = values_of(plot)["weight_variance"][3]
    made = change(experiment_of(3))
    assert [one.key for one in made.network] == ["linear", "relu"] * 20 + ["output"]
    (one,) = made.contenders
    assert one.rules[0].scheme.params["sigma_w"] ** 2 == pytest.approx(variance)
    assert not problems(plan(made).experiment)


def test_the_map_s_parameters_are_those_of_its_study(qtbot: QtBot) -> None:
    plot: TrainabilityPlot = shown(qtbot, "trainability", deepest=30, steps=7)
    assert plot.study_params() == {"deepest": 30, "steps": 7, "bias_variance": 0.0}


def test_cells_have_the_colours_of_their_numbers(qtbot: QtBot) -> None:
    for option in ("accuracy", "loss"):
        plot: TrainabilityPlot = shown(qtbot, "trainability", colour=option)
        scale = plot.canvas.scale_of_colours._shown
        assert scale is not None
        shades, low, high, label, _ = scale
        pixels = plot.canvas._items[("image", "cells")]._pixels[::-1]
        factor = 100 if option == "accuracy" else 1
        for row in range(6):
            for column in range(8):
                value = factor * values_of(plot)[option][row, column]
                expected = shades.of(np.array([value]), low, high)[0]
                assert pixels[row, column].tolist() == expected.tolist()
        assert label == {"accuracy": "accuracy, %", "loss": "loss"}[option]


def test_cells_that_are_to_come_are_struck_through_and_counted(qtbot: QtBot) -> None:
    loss, accuracy = np.full((6, 8), np.nan), np.full((6, 8), np.nan)
    loss[0, :3], accuracy[0, :3] = 1.0, 0.5
    changes = {"loss": loss, "accuracy": accuracy}
    plot: TrainabilityPlot = shown(qtbot, "trainability", changes=changes, share=0.1)
    x, _ = line_of(plot, "hatch")
    assert len([one for one in x if one == one]) == 2 * 45  # noqa: PLR0124 - NaN
    assert "3 of 48 cells" in plot.notes
    assert "not trained yet" in plot.reading_at(results_of(plot), 5, 5)
    assert "accuracy 50 %" in plot.reading_at(results_of(plot), 0, 0)


def test_a_place_among_cells_is_that_of_the_numbers_between() -> None:
    cells = np.array([5, 10, 20, 40])
    values = np.linspace(5, 40, 33)
    assert placed(values, cells) == pytest.approx(np.interp(values, cells, range(4)))
    assert placed(np.array([60.0, 0.0]), cells) == pytest.approx([4.0, -1.0])
    assert np.isnan(placed(np.array([np.nan, np.inf]), cells)).all()


def test_the_pause_button_is_there_while_a_long_study_goes_on(qtbot: QtBot) -> None:
    plot: TrainabilityPlot = shown(qtbot, "trainability", share=0.5)
    assert plot.wait.isVisible()
    with qtbot.waitSignal(plot.rest_asked) as told:
        plot.wait.click()
    assert told.args == [True]
    assert not shown(qtbot, "trainability").wait.isVisible()
    assert not shown(qtbot, "jacobian", share=0.5).wait.isVisible()


def test_hidden_contenders_leave_their_place(qtbot: QtBot) -> None:
    experiment = experiment_of(3)
    first, second, third = experiment.contenders
    plot = shown(qtbot, "luck", experiment)
    plot.show_contenders((first, replace(second, hidden=True), third))
    plot.refresh()
    assert plot.canvas.left.names == ("Way 2", "Way 0")
    assert [one.row for one in plot.found()] == [0, 2]
