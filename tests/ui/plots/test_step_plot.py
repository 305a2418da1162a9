"""Curves can be looked into: part of the steps, the recent values, names at the ends, breaks."""

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from initstudio.history import History
from initstudio.ui.plots.learning import LossPlot
from tests.synthetic import experiment_of, falling, header_of, history_of, stretch_from


def shown(qtbot: QtBot, history: History, **options: bool | float | str) -> LossPlot:
    plot = LossPlot()
    qtbot.addWidget(plot)
    plot.resize(700, 400)
    plot.show_options(options)
    plot.show_contenders(history.header.experiment.contenders)
    plot.restart(history)
    plot.show()
    plot.refresh()
    return plot


def drawn(plot: LossPlot, slot: int) -> tuple[np.ndarray, np.ndarray]:
    item = plot.canvas._items["line", (slot, False)]
    return item.x_values, item.y_values


@pytest.mark.parametrize("steps", [900, 60_000])
def test_a_part_shows_its_own_rows_and_an_axis_that_fits_them(qtbot: QtBot, steps: int) -> None:
    history = history_of(experiment_of(2), steps)
    plot = shown(qtbot, history, smoothing=0.0)
    plot.zoom.part = (steps * 0.5, steps * 0.5 + 50)
    plot.on_shape_changed()
    plot.refresh()
    x, y = drawn(plot, 1)
    series = history.series["loss"]
    inside = (series.steps >= steps * 0.5) & (series.steps <= steps * 0.5 + 50)
    seen = (x >= steps * 0.5) & (x <= steps * 0.5 + 50)
    assert set(x[seen]) == set(series.steps[inside].astype(float))
    assert y[seen].min() == pytest.approx(series.low[inside, 1].min(), rel=1e-6)
    assert y[seen].max() == pytest.approx(series.high[inside, 1].max(), rel=1e-6)
    assert plot.canvas.view[0] == (steps * 0.5, steps * 0.5 + 50)
    assert plot.canvas.view[1][1] < 2.3


def test_the_wheel_zooms_a_drag_moves_and_a_double_click_ends_it(qtbot: QtBot) -> None:
    plot = shown(qtbot, history_of(experiment_of(2), 900))
    whole = plot.canvas.view[0]
    plot.canvas.wheeled.emit(300.0, 4.0)
    plot.refresh()
    left, right = plot.canvas.view[0]
    assert whole[0] < left < 300 < right < whole[1]
    assert plot.whole.isVisible()
    plot.canvas.dragged.emit(20.0)
    plot.refresh()
    assert plot.canvas.view[0] == pytest.approx((left + 20, right + 20))
    with qtbot.assertNotEmitted(plot.enlarge_asked):
        plot.canvas.double_clicked.emit()
    plot.refresh()
    assert plot.canvas.view[0] == whole
    assert not plot.whole.isVisible()
    with qtbot.waitSignal(plot.enlarge_asked):
        plot.canvas.double_clicked.emit()


def test_another_run_is_shown_whole(qtbot: QtBot) -> None:
    plot = shown(qtbot, history_of(experiment_of(2), 900))
    plot.canvas.wheeled.emit(300.0, 4.0)
    plot.restart(history_of(experiment_of(2), 100))
    assert plot.zoom.part is None


def test_the_recent_values_set_the_axis(qtbot: QtBot) -> None:
    history = history_of(experiment_of(1), 900)
    whole = shown(qtbot, history).canvas.view[1]
    recent = shown(qtbot, history, recent=True, smoothing=0.0).canvas.view[1]
    last = history.series["loss"].mean[-225:]
    assert whole[1] > 2
    assert float(last.max()) <= recent[1] < 0.2


def test_names_stand_where_the_lines_end(qtbot: QtBot) -> None:
    history = history_of(experiment_of(3), 400)
    plot = shown(qtbot, history, smoothing=0.0)
    names = {mark.text: mark.y for mark in plot.canvas.end_names}
    last = history.series["loss"].mean[-1]
    assert names == pytest.approx({f"Way {at}": float(last[at]) for at in range(3)}, rel=1e-6)
    plot.setFixedWidth(300)
    plot.refresh()
    assert plot.canvas.end_names == ()


def test_a_cross_marks_where_a_contender_broke_off(qtbot: QtBot) -> None:
    header = header_of(experiment_of(2))
    loss = falling(header, 80)
    loss[41:, 1] = np.nan
    history = History(header)
    history.extend(stretch_from(header, loss))
    plot = shown(qtbot, history, smoothing=0.0)
    (mark,) = plot.canvas._items["crosses", "breaks"].marks
    assert (mark.text, mark.x) == ("41", 41.0)
    assert mark.y == pytest.approx(float(loss[40, 1]))


def test_a_picture_taken_home_shows_the_same_part(qtbot: QtBot) -> None:
    plot = shown(qtbot, history_of(experiment_of(2), 900))
    plot.canvas.wheeled.emit(300.0, 4.0)
    plot.refresh()
    twin = LossPlot()
    qtbot.addWidget(twin)
    twin.resize(700, 400)
    twin.show_like(plot)
    twin.refresh()
    assert twin.canvas.view[0] == plot.canvas.view[0]


def test_the_band_is_offered_where_there_are_several_seeds(qtbot: QtBot) -> None:
    one = shown(qtbot, history_of(experiment_of(2), 50))
    several = shown(qtbot, history_of(experiment_of(2, seeds=3), 50), band="quartiles")
    assert not one.toolbar.control("band").isVisible()
    assert several.toolbar.control("band").isVisible()
    assert "median and quartiles of 3 seeds" in several.notes
