"""Curves can be looked into: part of the steps, the recent values, names at the ends, breaks."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pytest
from pytestqt.qtbot import QtBot

from initstudio.history import History
from initstudio.series import Series
from initstudio.ui.chart import step_part
from initstudio.ui.chart.lines import number
from initstudio.ui.plots.learning import LossPlot
from tests.synthetic import experiment_of, falling, header_of, history_of, stretch_from

Floats: TypeAlias = npt.NDArray[np.float32]


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
    readings = falling(history.header, steps)[:, 1]
    first = steps // 2
    seen = (x >= first) & (x <= first + 50)
    assert list(x[seen]) == list(range(first, first + 51))
    assert y[seen] == pytest.approx(readings[first : first + 51], rel=1e-6)
    assert "every step" in plot.notes
    assert plot.canvas.view[0] == (steps * 0.5, steps * 0.5 + 50)
    assert plot.canvas.view[1][1] < 2.3


def long_run(contenders: int = 2, seeds: int = 1, steps: int = 40_000) -> tuple[History, Floats]:
    """Return a run whose overview has rows of several steps, and its losses [steps, R]."""
    header = header_of(experiment_of(contenders, seeds), per_epoch=10, steps=steps)
    rng = np.random.default_rng(5)
    loss = np.exp(rng.normal(0, 0.3, (steps, contenders * seeds))).astype(np.float32)
    history = History(header)
    history.extend(stretch_from(header, loss, layers={}))
    return history, loss


def look(plot: LossPlot, left: float, right: float) -> None:
    plot.zoom.part = (left, right)
    plot.zoom.changed.emit()
    plot.refresh()


def test_the_value_below_the_mouse_is_that_of_the_very_step(qtbot: QtBot) -> None:
    history, loss = long_run()
    plot = shown(qtbot, history, smoothing=0.0, show="train")
    for left, step in ((17_003, 17_013), (39_990, 39_999), (2, 9)):
        look(plot, left, left + 20)
        plot.canvas.hovered.emit(float(step))
        texts = [label.value for label in plot.legend.labels]
        assert texts == [number(float(value)) for value in loss[step]]
        plot.canvas.hovered.emit(None)
    texts = [label.value for label in plot.legend.labels]
    assert texts == [number(float(value)) for value in history.series["loss"].mean[-1]]


def test_a_wide_part_says_what_its_points_are(qtbot: QtBot) -> None:
    history, loss = long_run(1)
    plot = shown(qtbot, history, smoothing=0.0, show="train")
    assert "each point is 8 steps: least, mean, greatest" in plot.notes
    look(plot, 10_000, 18_000)
    assert "each point is 4 steps: least, mean, greatest" in plot.notes
    x, y = drawn(plot, 0)
    inside = (x > 10_100) & (x < 17_900)
    assert y[inside].min() == pytest.approx(loss[10_100:17_900].min())
    assert y[inside].max() == pytest.approx(loss[10_100:17_900].max())
    look(plot, 10_000, 12_000)
    assert "every step" in plot.notes
    plot.show_options({"each": "epoch"})
    plot.refresh()
    assert "every epoch" in plot.notes


def test_points_that_are_means_are_said_to_be(qtbot: QtBot) -> None:
    smooth = shown(qtbot, long_run(1)[0], smoothing=0.8, show="train")
    assert smooth.notes == "each point is the mean of 8 steps"
    seeds = shown(qtbot, long_run(1, seeds=2)[0], smoothing=0.0)
    assert "each point is the mean of 8 steps" in seeds.notes
    look(seeds, 100, 300)
    assert "every step" in seeds.notes
    assert "epoch" not in seeds.notes


def test_steps_that_were_let_go_are_told(qtbot: QtBot) -> None:
    history, loss = long_run(1)
    series = Series(1, limit=4 * 8192)
    for start in range(0, len(loss), 1000):
        series.extend(np.arange(start, start + 1000), loss[start : start + 1000])
    history.series["loss"] = series
    plot = shown(qtbot, history, smoothing=0.0, show="train")
    look(plot, 100, 200)
    first = series.exact_from
    assert plot.notes.endswith(
        f"each point is 8 steps: least, mean, greatest (every step is kept from step {first:,} on)"
    )
    look(plot, 39_000, 39_500)
    assert plot.notes == "every step"


def test_the_numbers_taken_home_are_those_in_view(qtbot: QtBot) -> None:
    history, loss = long_run(2, seeds=2)
    plot = shown(qtbot, history, show="train")
    look(plot, 20_000.5, 20_100)
    head, *rows = plot.data(history)
    assert head[3:] == ("step", "least", "mean", "greatest", "readings")
    for replica, (name, seed) in enumerate((("Way 0", 0), ("Way 0", 1), ("Way 1", 0))):
        found = [row[3:] for row in rows if row[1:3] == (name, history.header.seeds[seed])]
        assert found == [
            (step, *[float(loss[step, replica])] * 3, 1) for step in range(20_001, 20_101)
        ]
    plot.zoom.end()
    assert len(plot.data(history)) == 1 + 4 * len(loss)


def test_the_numbers_of_a_past_step_end_there(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    history, loss = long_run(1)
    monkeypatch.setattr(step_part, "LINES", 9000)
    plot = shown(qtbot, history, show="train")
    rows = plot.data(history.at(30_000))[1:]
    assert [row[3] for row in rows] == list(range(0, 30_001, 4))
    assert {row[7] for row in rows} == {4}
    assert rows[10][5] == pytest.approx(loss[40:44].mean())


def test_a_part_grows_with_the_run(qtbot: QtBot) -> None:
    history, _ = long_run(1)
    plot = shown(qtbot, history, smoothing=0.0, show="train")
    look(plot, 39_900, 40_000)
    header, loss = history.header, np.linspace(1, 2, 60, dtype=np.float32)[:, None]
    for at in range(0, 60, 20):
        history.extend(stretch_from(header, loss[at : at + 20], 40_000 + at, layers={}))
        plot.zoom.part = (39_900.0, 40_060.0)
        plot.extend(history)
        plot.refresh()
    x, y = drawn(plot, 0)
    assert list(x[-60:]) == list(range(40_000, 40_060))
    assert y[-60:] == pytest.approx(loss[:, 0])


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
