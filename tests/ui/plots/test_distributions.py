"""What pictures of distributions show and say, on one axis, as small multiples and over time."""

import numpy as np
import pytest
from msgspec.structs import replace
from pytestqt.qtbot import QtBot

from initstudio import presets
from initstudio.counting import reading_of
from initstudio.distribution import pool
from initstudio.experiment import Choice, Experiment
from initstudio.history import History, Readings
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.plots.distribution_plot import DistributionPlot
from initstudio.ui.plots.distributions import OutputsPlot, UpdatesPlot, WeightsPlot
from tests.synthetic import (
    binned,
    experiment_of,
    falling,
    header_of,
    history_of,
    layers_of,
    stretch_from,
)


def show(
    qtbot: QtBot,
    plot: DistributionPlot,
    history: History,
    size: tuple[int, int] = (800, 450),
    **options: str,
) -> DistributionPlot:
    qtbot.addWidget(plot)
    plot.resize(*size)
    plot.show_options(options)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    for _ in range(2):
        plot.refresh()
        plot.grab()
    return plot


def item(plot: DistributionPlot, *key: object) -> tuple[np.ndarray, np.ndarray] | None:
    return item_of(plot, key)


def item_of(plot: DistributionPlot, key: object) -> tuple[np.ndarray, np.ndarray] | None:
    found = plot.canvas._items.get(("line", key))
    if found is None or not found.isVisible():
        return None
    return found.x_values, found.y_values


def shots(experiment: Experiment, count: int = 10) -> History:
    """Return a run with a snapshot at every 10th step, in which the weights grow wider."""
    header = header_of(experiment)
    history, loss = History(header), falling(header, 10 * count)
    rng = np.random.default_rng(0)
    for at in range(count):
        wide = reading_of(rng.normal(0, 0.05 * (1 + at), 400))
        layers: Readings = dict(layers_of(header))
        layers["weights"] = np.tile(wide, (*layers["weights"].shape[:2], 1))
        part = stretch_from(header, loss[10 * at : 10 * at + 10], 10 * at, layers)
        history.extend(replace(part, layers_step=10 * at))
    return history


# The target


def test_the_target_is_drawn_dashed_and_is_the_law(qtbot: QtBot) -> None:
    plot = show(qtbot, WeightsPlot(), history_of(experiment_of(2), 1))
    found = item(plot, "target", 0)
    assert found is not None
    x, y = found
    shape = plot.history.header.tensor_shapes[0]  # type: ignore[union-attr]
    bound = np.sqrt(6 / sum(shape))
    assert np.nanmax(x) == pytest.approx(bound, rel=1e-6)
    assert np.nanmax(y) == pytest.approx(1 / (2 * bound), rel=1e-6)
    assert np.isnan(y).sum() > 20, "dashes"
    assert "dashed: the target" in plot.notes
    assert "of the start" not in plot.notes
    later = show(qtbot, WeightsPlot(), history_of(experiment_of(2), 50))
    assert "dashed: the target of the start" in later.notes


def test_what_has_no_target_is_told_why(qtbot: QtBot) -> None:
    base = experiment_of(3)
    first, second, third = base.contenders
    contenders = (
        replace(first, tuning=Choice("lsuv")),
        presets.contender("Way 1", second.slot, "orthogonal"),
        third,
    )
    history = history_of(replace(base, contenders=contenders))
    for style in ("both", "multiples"):
        plot = show(qtbot, WeightsPlot(), history, style=style)
        assert "Way 0: no target (tuned)" in plot.notes
        assert "Way 1: no target (orthogonal)" in plot.notes
        assert "Way 2: no target" not in plot.notes
        assert item(plot, "target", 0) is None
        assert item(plot, "target", 2) is not None


def test_only_weights_have_a_target(qtbot: QtBot) -> None:
    plot = show(qtbot, OutputsPlot(), history_of(experiment_of(2)))
    assert "target" not in plot.notes
    assert item(plot, "target", 0) is None


# Updates


def test_before_the_first_update_the_picture_says_what_will_come(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    layers = layers_of(header)
    layers["updates"] = np.zeros_like(layers["updates"])
    history = History(header)
    history.extend(stretch_from(header, falling(header, 1), 0, layers))
    for style in ("both", "multiples", "time"):
        plot = show(qtbot, UpdatesPlot(), history, style=style)
        assert plot.canvas.message.startswith("No weight has been updated yet")
    header = history.header
    history.extend(stretch_from(header, falling(header, 9)[1:], 1))
    for style in ("both", "multiples", "time"):
        plot = show(qtbot, UpdatesPlot(), history, style=style)
        assert not plot.canvas.message
        assert "no finite value" not in plot.notes


# Small multiples


def test_small_multiples_have_a_row_a_layer_and_a_column_a_contender(qtbot: QtBot) -> None:
    history = history_of(experiment_of(2))
    plot = show(qtbot, WeightsPlot(), history, style="multiples")
    found = item_of(plot, "ground")
    assert found is not None
    across = np.unique(np.round(found[0], 3))
    assert len(across) == 4, "left and right ends of two columns"
    grounds = np.unique(found[1][np.isfinite(found[1])])
    assert len(grounds) == len(history.header.tensors)
    for name in history.header.tensors:
        assert plot.canvas._items["words", ("layer", name)].isVisible()
    assert not plot.toolbar.control("layer").isVisible()
    assert plot.toolbar.control("axis").isVisible()


def test_layers_without_room_are_left_out_and_that_is_told(qtbot: QtBot) -> None:
    history = history_of(replace(experiment_of(2), network=presets.NETWORKS["Deep ReLU"]))
    plot = show(qtbot, WeightsPlot(), history, style="multiples")
    layers, rows = len(history.header.tensors), len(plot._fitting(history))
    assert 3 <= rows < layers
    every = plot._fitting(history).step
    assert f"one layer of {every} is shown" in plot.notes
    panel = plot.data(history)
    assert {row[1] for row in panel[1:]} == {
        history.header.tensors[at] for at in range(0, layers, every)
    }


def test_rows_share_an_axis_only_if_asked(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    layers = layers_of(header)
    weights = layers["weights"].copy()
    rng = np.random.default_rng(0)
    weights[:, 1] = binned(rng.normal(0, 0.005, 500), -12)
    history = History(header)
    history.extend(stretch_from(header, falling(header, 1), 0, {**layers, "weights": weights}))
    plot = show(qtbot, WeightsPlot(), history, style="multiples", axis="layer")
    views = plot._looks[1]._x
    narrow, wide = views[header.tensors[1]], views[header.tensors[0]]
    assert narrow[1] - narrow[0] < 0.2 * (wide[1] - wide[0])
    assert "each row has its own axis" in plot.notes
    plot.set_option("axis", "one")
    plot.refresh()
    assert list(plot._looks[1]._x) == [""]
    assert "each row has its own axis" not in plot.notes


# Over time


def test_there_is_a_ridge_for_each_kept_snapshot(qtbot: QtBot) -> None:
    history = shots(experiment_of(2))
    plot = show(qtbot, WeightsPlot(), history, style="time", size=(800, 600))
    assert plot.canvas.left.names == tuple(str(step) for step in range(90, -1, -10))
    found = item(plot, "older", 0)
    assert found is not None
    grounds = np.split(found[1], np.flatnonzero(np.isnan(found[1])))
    lows = [float(np.nanmin(piece)) for piece in grounds if np.isfinite(piece).any()]
    assert lows == pytest.approx(list(range(9, 0, -1)), abs=0.02)
    assert "each ridge over its own highest density" in plot.notes


def test_ridges_are_of_the_values_of_their_steps(qtbot: QtBot) -> None:
    history = shots(experiment_of(1))
    plot = show(qtbot, WeightsPlot(), history, style="time", size=(800, 600))
    steps, ((*groups,),) = plot._over_time(history, plot.lines_with("weights", history))
    _, readings = history.album.over("weights")
    for step, group, reading in zip(steps, groups, readings, strict=True):
        slow = pool(reading[0, 0])
        assert group is not None
        assert slow is not None
        assert np.array_equal(group.counts, slow.counts)
        assert group.std() == pytest.approx(0.05 * (1 + step / 10), rel=0.15)
    rows = plot.data(history)[1:]
    assert {row[2] for row in rows} == set(range(0, 100, 10))
    assert sum(int(row[5]) for row in rows) == 400 * 10


def test_of_many_snapshots_some_are_drawn_and_what_is_known_is_kept(qtbot: QtBot) -> None:
    history = shots(experiment_of(1), 60)
    plot = show(qtbot, WeightsPlot(), history, style="time")
    assert "steps of 60 that are kept" in plot.notes
    before = dict(plot._past)
    history.extend(
        replace(
            stretch_from(history.header, falling(history.header, 610)[600:], 600), layers_step=600
        )
    )
    plot.extend(history)
    plot.refresh()
    after = plot._past
    assert set(before) <= set(after)
    assert all(after[key] is before[key] for key in before)


def test_as_it_was_the_run_ends_at_that_step(qtbot: QtBot) -> None:
    plot = show(qtbot, WeightsPlot(), shots(experiment_of(1)), style="time")
    plot.show_step(45)
    plot.refresh()
    assert plot.canvas.left.names[0] == "40"


def test_a_pinned_run_has_a_panel_of_its_own_at_the_same_steps(qtbot: QtBot) -> None:
    plot = show(qtbot, WeightsPlot(), shots(experiment_of(1)), style="time")
    plot.show_pins([Pin("Run 1", shots(experiment_of(1), 5))])
    plot.refresh()
    assert plot.history is not None
    steps, (_, pinned) = plot._over_time(plot.history, plot.lines_with("weights", plot.history))
    known = [step for step, group in zip(steps, pinned, strict=True) if group]
    assert known == [0, 10, 20, 30, 40]
    assert "Way 0 (Run 1): no finite value" in plot.notes


# Tails


def test_on_a_log_scale_a_single_far_value_is_in_sight(qtbot: QtBot) -> None:
    header = header_of(experiment_of(1))
    rng = np.random.default_rng(0)
    values = np.append(rng.normal(0, 0.01, 50_000), 0.09)
    layers = layers_of(header)
    layers["weights"] = np.tile(reading_of(values), (1, len(header.tensors), 1))
    history = History(header)
    history.extend(stretch_from(header, falling(header, 1), 0, layers))
    for style in ("both", "multiples", "time"):
        linear = show(qtbot, WeightsPlot(), history, style=style)
        assert "outside" not in linear.notes, "a single value is no more than its last tail"
        log = show(qtbot, WeightsPlot(), history, style=style, scale="log")
        assert "outside" not in log.notes
    plot = show(qtbot, WeightsPlot(), history, scale="log")
    (_, right), (bottom, _) = plot.canvas.view
    assert right > 0.09
    found = item(plot, 0, False)
    assert found is not None
    x, y = found
    assert y[np.abs(x - 0.09).argmin()] > bottom
