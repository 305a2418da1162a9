"""Weight paths and the loss along the line: what is drawn, where, and what is said of it."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio.catalogue import Value
from initstudio.experiment import Recording
from initstudio.history import Header, History, Readings
from initstudio.trajectories import LINE, SINGLE, Plane
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.chart.panels import Panel
from initstudio.ui.chart.route import MOST, even_view, held_near, kept_of, near, route_of
from initstudio.ui.chart.trail import in_panel
from initstudio.ui.chart.weight_lines import joined, names_of
from initstudio.ui.plots.line_loss import LineLossPlot
from initstudio.ui.plots.paths import PathsPlot
from initstudio.ui.plots.plot import Plot
from tests.synthetic import experiment_of, falling, header_of, layers_of, stretch_from

P = TypeVar("P", bound=Plot)
Array = npt.NDArray[np.float64]
WIDTH = 512


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


def run_of(readings: list[Readings], contenders: int = 2, seeds: int = 1) -> History:
    """Return a run with these readings by layer at steps 0, 10, 20, ..."""
    header = header_of(experiment_of(contenders, seeds))
    history, loss = History(header), falling(header, 10 * len(readings))
    for at, one in enumerate(readings):
        part = stretch_from(header, loss[10 * at : 10 * at + 10], 10 * at, one)
        history.extend(replace(part, layers_step=10 * at))
    return history


def ways(header: Header, count: int) -> list[npt.NDArray[np.float32]]:
    """Return the sketches [R, WIDTH] of bent ways, each in a plane of its own and of all."""
    replicas = len(header.slots)
    random = np.random.default_rng(3)
    turn = np.linspace(0, 3, count)
    found = np.zeros((count, replicas, WIDTH))
    for replica in range(replicas):
        one, other = random.normal(size=(2, WIDTH)) / WIDTH**0.5
        found[:, replica] = (1 + replica) * (np.outer(turn, one) + np.outer(turn**2 / 3, other))
    return list(found.astype(np.float32))


def path_history(count: int = 12, contenders: int = 2, seeds: int = 1) -> History:
    header = header_of(experiment_of(contenders, seeds))
    return run_of([{"path": one} for one in ways(header, count)], contenders, seeds)


def drawn_line(plot: Plot, key: object) -> Array:
    """Return the points [n, 2] of a line as the canvas has them."""
    item = plot.canvas._items["line", key]
    return np.column_stack([item.x_values, item.y_values])


def by_svd(points: Array) -> tuple[Array, list[float]]:
    _, sizes, axes = np.linalg.svd(points - points.mean(0), full_matrices=False)
    return axes[:2], (sizes[:2] ** 2 / (sizes**2).sum()).tolist()


# Components


def test_routes_lie_in_the_plane_of_all_as_numpy_finds_it(qtbot: QtBot) -> None:
    history = path_history(contenders=3)
    plot = shown(qtbot, PathsPlot(), history)
    _, values = history.album.over("path")
    whole = values.astype(np.float64).transpose(1, 0, 2).reshape(-1, WIDTH)
    axes, shares = by_svd(whole)
    for replica in range(3):
        wanted = values[:, replica].astype(np.float64) @ axes.T
        found = drawn_line(plot, replica)
        signs = np.sign((found * wanted).sum(0))
        assert np.allclose(found * signs, wanted, atol=1e-4)
        dot = plot.canvas._items["dots", ("now", replica)]
        assert np.allclose([dot._points[0].x(), dot._points[0].y()], found[-1])
    assert f"{100 * shares[0]:.0f} % of the paths" in plot.canvas.bottom.labelText
    assert f"{100 * shares[1]:.0f} %" in plot.canvas.left.labelText
    assert [label.value for label in plot.legend.labels] == [
        f"{np.linalg.norm(values[-1, replica]):.3g}" for replica in range(3)
    ]


def test_a_unit_is_as_long_upward_as_across(qtbot: QtBot) -> None:
    plot = shown(qtbot, PathsPlot(), path_history())
    (left, right), (bottom, top) = plot.canvas.view
    across, up = (right - left) / plot.canvas.columns, (top - bottom) / plot.canvas.rows
    assert across == pytest.approx(up)
    for replica in range(2):
        x, y = drawn_line(plot, replica).T
        assert left < x.min() <= x.max() < right
        assert bottom < y.min() <= y.max() < top


def test_each_has_its_own_plane_if_that_is_asked(qtbot: QtBot) -> None:
    history = path_history(contenders=3)
    plot = shown(qtbot, PathsPlot(), history, plane="own")
    rows = plot.data(history)[1:]
    _, values = history.album.over("path")
    for replica in range(3):
        points = values[:, replica].astype(np.float64)
        axes, shares = by_svd(points)
        found = np.array([row[4:] for row in rows if row[0] == f"Way {replica}"], np.float64)
        assert np.allclose(np.abs(found), np.abs(points @ axes.T), atol=1e-4)
        assert sum(shares) == pytest.approx(1, abs=1e-6)
        words = plot.canvas._items["words", ("shares", replica)]._text
        assert words.startswith(f"{100 * shares[0]:.0f} % and ")
    assert len(plot.panels) == 3


def test_the_numbers_are_those_of_the_chosen_seed(qtbot: QtBot) -> None:
    history = path_history(seeds=3)
    plot = shown(qtbot, PathsPlot(), history, seed="2")
    rows = [row for row in plot.data(history) if row[0] == "Way 1"]
    _, values = history.album.over("path")
    lengths = np.linalg.norm(values[:, 5].astype(np.float64), axis=1)
    assert [row[1] for row in rows] == [2] * len(lengths)
    assert np.allclose([row[3] for row in rows], lengths)
    assert "seed 2 of 3" in plot.notes


def test_back_in_the_run_the_plane_is_that_of_what_was_then(qtbot: QtBot) -> None:
    history = path_history()
    plot = shown(qtbot, PathsPlot(), history)
    plot.show_step(55)
    plot.refresh()
    rows = plot.data(history.at(55))[1:]
    assert {row[2] for row in rows} == {0, 10, 20, 30, 40, 50}
    early = shown(qtbot, PathsPlot(), path_history(6))
    early_rows = early.data(path_history(6))[1:]
    # ways of 12 and of 6 snapshots differ; only their steps are the same
    assert [row[:3] for row in rows] == [row[:3] for row in early_rows]
    assert drawn_line(plot, 0).shape == (6, 2)


def test_a_twin_shows_it_the_same_way_round(qtbot: QtBot) -> None:
    history = path_history()
    plot = shown(qtbot, PathsPlot(), history)
    before = plot.planes["all"]
    plot.planes["all"] = Plane(-before.axes, before.shares, before.block)
    plot.mark()
    plot.refresh()
    twin = PathsPlot()
    qtbot.addWidget(twin)
    twin.resize(plot.size())
    twin.show_like(plot)
    twin.show()
    twin.refresh()
    assert np.allclose(drawn_line(twin, 0), drawn_line(plot, 0))


def test_what_breaks_ends_there_and_is_said(qtbot: QtBot) -> None:
    header = header_of(experiment_of(3))
    paths = ways(header, 8)
    for one in paths[5:]:
        one[1] = np.nan
    paths[4][2], paths[5][2] = 1e12, np.inf
    plot = shown(qtbot, PathsPlot(), run_of([{"path": one} for one in paths], 3))
    assert drawn_line(plot, 1).shape == (5, 2)
    notes = plot.notes
    assert "Way 1: no finite weights from step 50" in notes
    assert "Way 2: no finite weights from step 50" in notes
    assert "Way 2 goes 2.26×10¹³ far, beyond the axes" in notes
    assert np.isfinite(drawn_line(plot, 2)).all()
    (left, right), _ = plot.canvas.view
    assert right - left < 100, "it does not flatten the others"
    assert np.abs(drawn_line(plot, 2)).max() < 1000


def test_the_point_below_the_mouse_is_told(qtbot: QtBot) -> None:
    history = path_history()
    plot = shown(qtbot, PathsPlot(), history)
    x, y = drawn_line(plot, 1)[7]
    plot.on_pointed((float(x), float(y)))
    _, values = history.album.over("path")
    away = f"{np.linalg.norm(values[7, 1]):.3g}"
    assert plot.canvas.toolTip() == f"Way 1, step 70: {away} from the start"
    assert plot.legend.labels[1].value == away
    plot.on_pointed((1e6, 1e6))
    plot.on_pointed(None)
    assert plot.legend.labels[1].value == f"{np.linalg.norm(values[-1, 1]):.3g}"


def test_a_pinned_run_of_the_same_network_shares_the_plane(qtbot: QtBot) -> None:
    history = path_history()
    plot = shown(qtbot, PathsPlot(), history)
    plot.show_pins((Pin("before", path_history(20)),))
    plot.refresh()
    assert {row[0] for row in plot.data(history)[1:]} == {
        *("Way 0", "Way 1", "Way 0 (before)", "Way 1 (before)")
    }
    other = replace(history.header, tensor_shapes=((3, 3),) * len(history.header.tensors))
    plot.show_pins((Pin("other", History(other)),))
    plot.refresh()
    assert "other has other layers" in plot.notes


def test_how_exact_it_is_is_said(qtbot: QtBot) -> None:
    history = path_history()
    plot = shown(qtbot, PathsPlot(), history)
    assert "stand for 8,832 weights: distances to within 6.1 %" in plot.notes
    small = replace(history.header, tensor_shapes=((10, 20), (30, 10)))
    exact = History(small)
    exact.extend(stretch_from(small, falling(small, 1), 0, {"path": np.ones((2, 500), "f4")}))
    assert "exact: all 500 weights" in shown(qtbot, PathsPlot(), exact).notes


# Some weights


def test_some_weights_are_drawn_over_the_steps(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    random = np.random.default_rng(1)
    some = [random.normal(size=(2, 3, SINGLE)).astype(np.float32) for _ in range(5)]
    history = run_of([{"some_weights": one} for one in some])
    plot = shown(qtbot, PathsPlot(), history, what="weights", layer="2")
    rows = plot.data(history)[1:]
    assert len(rows) == 2 * 5 * SINGLE
    for contender in range(2):
        points = drawn_line(plot, contender)
        for at in range(SINGLE):
            wanted = [float(one[contender, 2, at]) for one in some]
            part = points[6 * at : 6 * at + 6]
            assert np.allclose(part[:5, 1], wanted)
            assert np.isnan(part[5, 1])
            assert part[:5, 0].tolist() == [0, 10, 20, 30, 40]
    assert header.tensors[2] in plot.canvas.left.labelText
    assert "8 of 640 weights" in plot.notes
    assert rows[1][3:5] == (header.tensors[2], "[1, 12]")


def test_names_and_gaps() -> None:
    assert names_of((2, 3)) == ["[0, 0]", "[0, 1]", "[0, 2]", "[1, 0]", "[1, 1]", "[1, 2]"]
    x, y = joined(np.array([0.0, 5.0]), np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert x.tolist() == [0, 5, 5, 0, 5, 5]
    assert y[[0, 1, 3, 4]].tolist() == [1, 3, 2, 4]
    assert np.isnan(y[[2, 5]]).all()


def test_what_was_not_recorded_of_the_two_is_said(qtbot: QtBot) -> None:
    asked = replace(experiment_of(2), recording=Recording(probes=("path",)))
    header = header_of(asked)
    history = History(header)
    history.extend(stretch_from(header, falling(header, 1), 0, {"path": ways(header, 2)[1]}))
    plot = shown(qtbot, PathsPlot(), history, what="weights")
    assert plot.canvas.message == "“some weights” was not recorded in this run."


# How they fit in


def test_a_long_run_is_thinned_evenly_and_ends_at_the_newest() -> None:
    header = header_of(experiment_of(1))
    history = History(header)
    for step in range(3 * MOST):
        reading = {"path": np.full((1, 4), step, np.float32)}
        part = stretch_from(header, falling(header, 1), step, reading)
        history.extend(part)
    steps, values = kept_of(history, "path")
    assert len(steps) <= MOST + 1
    assert steps[0] == 0
    assert steps[-1] == 3 * MOST - 1
    assert len(set(np.diff(steps[:-1]).tolist())) == 1
    assert values[:, 0, 0].tolist() == steps.tolist()
    steps, _ = kept_of(history.at(100), "path")
    assert steps.max() == 100


def test_a_route_begins_at_the_start() -> None:
    route = route_of(np.array([30, 60]), np.array([[1.0, 0], [3, 4]], np.float32))
    assert route.steps.tolist() == [0, 30, 60]
    assert route.lengths.tolist() == [0, 1, 5]
    assert route.reach == 5
    broken = route_of(np.array([0]), np.full((1, 2), np.nan, np.float32))
    assert (broken.steps.tolist(), broken.broken, broken.reach) == ([0], 0, 0)


def test_who_reaches_far_beyond_the_middle_has_no_part() -> None:
    def reaching(length: float) -> object:
        return route_of(np.array([0, 1]), np.array([[0.0], [length]]))

    for reaches, wanted in (
        ([1.0, 2.0, 30.0], [True, True, False]),
        ([1.0, 1e9], [True, False]),
        ([0.0, 0.0], [True, True]),
        ([0.0, 7.0], [True, True]),
        ([5.0], [True]),
    ):
        assert near([reaching(one) for one in reaches]) == wanted  # type: ignore[misc]


def test_a_view_holds_the_box() -> None:
    _, (x, y) = even_view(None, np.array([-1.0, 0.0]), np.array([4.0, 0.5]), 800, 400)
    assert (x[1] - x[0]) / 800 == pytest.approx((y[1] - y[0]) / 400)
    assert x[0] <= -1
    assert x[1] >= 4
    far = held_near(np.array([[0.5, 0.5], [3e20, 4e20]]), (x, y))
    assert far[0].tolist() == [0.5, 0.5]
    assert far[1, 1] / far[1, 0] == pytest.approx(4 / 3)
    assert np.abs(far).max() < 100


def test_in_a_panel_the_bar_is_as_long_as_it_says() -> None:
    points = np.array([[0.0, 0.0], [3.0, 1.0], [6.0, -2.0]])
    placed, start, bar = in_panel(points, Panel(((100, 300), (50, 150))))
    scale = np.linalg.norm(placed[2] - placed[0]) / np.linalg.norm(points[2])
    assert np.allclose(placed - start, points * scale)
    assert bar.x[1] - bar.x[0] == pytest.approx(bar.length * scale)
    assert (placed > [100, 50]).all()
    assert (placed < [300, 150]).all()


# The line


def line_history(seeds: int = 1) -> tuple[History, npt.NDArray[np.float32]]:
    asked = replace(experiment_of(2, seeds), recording=Recording(every=5))
    header = header_of(asked)
    random = np.random.default_rng(2)
    values = random.uniform(0.1, 2, (2 * seeds, len(LINE))).astype(np.float32)
    history = History(header)
    first = {**layers_of(header), "line_loss": values / 2}
    history.extend(stretch_from(header, falling(header, 1), 0, first))
    history.extend(stretch_from(header, falling(header, 40), 1, {"line_loss": values}))
    return history, values


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_the_loss_is_drawn_at_its_places(qtbot: QtBot, seeds: int) -> None:
    history, values = line_history(seeds)
    plot = shown(qtbot, LineLossPlot(), history)
    for contender in range(2):
        points = drawn_line(plot, contender)
        assert np.allclose(points[:, 0], LINE)
        rows = values[contender * seeds : (contender + 1) * seeds].astype(np.float64)
        wanted = [sorted(column) for column in rows.T.tolist()]
        middles = [(one[(seeds - 1) // 2] + one[seeds // 2]) / 2 for one in wanted]
        assert np.allclose(points[:, 1], middles)
        now = middles[LINE.index(1.0)]
        assert float(plot.legend.labels[contender].value) == pytest.approx(now, rel=1e-2)
    for word, at in (("start", 0.0), ("now", 1.0)):
        assert drawn_line(plot, ("guide", word))[:, 0].tolist() == [at, at]
    plot.on_hovered(LINE[8])
    hovered = drawn_line(plot, 0)[8, 1]
    assert float(plot.legend.labels[0].value) == pytest.approx(hovered, rel=1e-2)
    assert "25 % of the way" in plot.canvas.toolTip()


def test_on_a_log_scale_the_loss_is_read_the_same(qtbot: QtBot) -> None:
    history, values = line_history()
    plot = shown(qtbot, LineLossPlot(), history, scale="log")
    assert np.allclose(drawn_line(plot, 1)[:, 1], np.log10(values[1]))
    now = values[1, LINE.index(1.0)]
    assert float(plot.legend.labels[1].value) == pytest.approx(float(now), rel=1e-2)


def test_a_runaway_beyond_does_not_flatten_the_others(qtbot: QtBot) -> None:
    history, values = line_history()
    values = values.copy()
    values[1, -1], values[1, 0] = 5e4, np.inf
    history.extend(
        stretch_from(history.header, falling(history.header, 1), 41, {"line_loss": values})
    )
    plot = shown(qtbot, LineLossPlot(), history)
    assert plot.canvas.view[1][1] < 20
    notes = plot.notes
    assert "Way 1: no finite loss at 1 place" in notes
    assert "Way 1 reaches 50,000, above the axis" in notes
    assert "step 40" in notes, "the reading is that of each eighth snapshot"
