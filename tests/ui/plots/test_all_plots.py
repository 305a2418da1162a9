"""What every plot keeps, present and future: it draws any run, and says what it cannot."""

from itertools import combinations, product

import numpy as np
import pytest
from msgspec.structs import replace
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from initstudio.declared import params_of
from initstudio.experiment import Recording
from initstudio.history import History
from initstudio.ui import theme
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.contender_line import Pin
from initstudio.ui.plots import PLOTS
from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import StudyPlot
from tests.synthetic import (
    binned,
    experiment_of,
    falling,
    header_of,
    history_of,
    hostile_study,
    layers_of,
    stretch_from,
    studied_of,
    verdicts_of,
)

MOST = 64
"""Combinations of options that are all drawn; of more, any two values meet."""

every_plot = pytest.mark.parametrize("key", list(PLOTS))


def shown(qtbot: QtBot, key: str, history: History | None, **options: str | float) -> Plot:
    plot = PLOTS[key]()
    qtbot.addWidget(plot)
    plot.resize(600, 360)
    plot.show_options(options)
    if history:
        plot.show_contenders(history.header.experiment.contenders)
    give(plot, history)
    plot.show()
    plot.refresh()
    plot.grab()
    return plot


def give(plot: Plot, history: History | None) -> None:
    """Show a run, or made-up results of the study of the same experiment."""
    if not isinstance(plot, StudyPlot):
        plot.restart(history)
    elif history is None:
        plot.show_study(None)
    else:
        loss = history.series.get("loss")
        make = hostile_study if loss and np.isnan(loss.mean).any() else studied_of
        plot.show_study(make(plot.study, history.header.experiment))


def colours_in(plot: Plot) -> set[str]:
    image = plot.picture.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    bits = np.frombuffer(image.constBits(), np.uint32).reshape(image.height(), -1)
    return {QColor.fromRgb(int(one)).name() for one in np.unique(bits)}


def is_dirty(plot: Plot) -> bool:
    return plot.dirty


def all_options(kind: type[Plot]) -> list[dict[str, str | float]]:
    names, choices = [], []
    for param in params_of(kind.Options):
        found: list[str | float] = [value for value, _ in param.choices]
        if param.kind == "switch":
            found = [False, True]
        if param.kind in ("number", "integer"):
            found = [param.low, float(param.default)]
        if param.kind == "text":
            found = ["0", "all", "99", "x"] if param.editor != "none" else ["x"]
        names.append(param.name)
        choices.append(found)
    whole = [dict(zip(names, values, strict=True)) for values in product(*choices)]
    return whole if len(whole) <= MOST else pairwise_of(whole)


def pairwise_of(whole: list[dict[str, str | float]]) -> list[dict[str, str | float]]:
    """Return some of all combinations, in which any two values of two options meet."""

    def met(one: dict[str, str | float]) -> set[object]:
        return set(combinations(one.items(), 2))

    missing = set().union(*(met(one) for one in whole))
    found = []
    while missing:
        best = max(whole, key=lambda one: len(met(one) & missing))
        found.append(best)
        missing -= met(best)
    return found


def hostile_history() -> History:
    """Return a run in which every contender but the first and the last is in trouble."""
    header = header_of(experiment_of(5))
    loss = falling(header, 80)
    loss[41:, 1] = np.nan
    loss[30:, 2] = 1e38
    loss[20:, 3] = 0
    layers = {**layers_of(header), **verdicts_of(header)}
    for key, made in layers.items():
        if made.dtype == np.float32:
            layers[key] = hostile = made.copy()
            hostile[1], hostile[2], hostile[3, 0] = np.nan, 1e38, 0
        if made.dtype == np.float16:
            layers[key] = hostile = made.copy()
            hostile[1], hostile[2], hostile[3, :, 0] = np.nan, np.nan, 0
    one = binned(np.full(50, 0.5), -23)
    for key in ("weights", "gradients", "updates", "activations"):
        found = layers[key].copy()
        found[1], found[2] = one, binned(np.array([np.nan, np.inf]), 0)
        found[3] = binned(np.array([1e30]), 80)
        layers[key] = found
    history = History(header)
    history.extend(stretch_from(header, loss[:1], 0, layers))
    history.extend(stretch_from(header, loss[1:], 1, layers))
    return history


@every_plot
def test_an_empty_plot_says_what_will_come(key: str, qtbot: QtBot) -> None:
    plot = shown(qtbot, key, None)
    if isinstance(plot.picture, Canvas):
        assert plot.picture.message == plot.invitation


@every_plot
def test_a_run_in_every_option_and_state(key: str, qtbot: QtBot) -> None:
    kind = PLOTS[key]
    histories = [history_of(experiment_of(3), steps) for steps in (1, 2, 100)]
    histories += [history_of(experiment_of(2, 3), 100), hostile_history()]
    plot = shown(qtbot, key, None)
    for history in histories:
        plot.show_contenders(history.header.experiment.contenders)
        give(plot, history)
        for options in all_options(kind):
            plot.show_options(options)
            for settle in (False, True):
                plot.refresh(settle=settle)
                plot.grab()


@every_plot
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_in_a_hostile_run_the_others_stay_visible(key: str, scale: str, qtbot: QtBot) -> None:
    if key in ("convergence", "trainability"):
        pytest.skip("a table, and cells of no contender")
    has_scale = any(param.name == "scale" for param in params_of(PLOTS[key].Options))
    options = {"scale": scale} if has_scale else {}
    plot = shown(qtbot, key, hostile_history(), **options)
    seen = colours_in(plot)
    assert plot.theme.colour(0) in seen
    assert plot.theme.colour(4) in seen
    assert plot.notes


@every_plot
def test_what_was_not_recorded_is_a_sentence(key: str, qtbot: QtBot) -> None:
    if issubclass(PLOTS[key], StudyPlot):
        pytest.skip("a study records what it needs")
    experiment = replace(experiment_of(), recording=Recording(probes=()))
    plot = shown(qtbot, key, History(header_of(experiment)))
    text = plot.picture.message if isinstance(plot.picture, Canvas) else plot.picture.message.text()  # type: ignore[attr-defined]
    assert "was not recorded" in text


@every_plot
def test_hidden_and_foreign_contenders_are_not_drawn(key: str, qtbot: QtBot) -> None:
    history = history_of(experiment_of(3))
    plot = shown(qtbot, key, history)
    first, second, third = history.header.experiment.contenders
    plot.show_contenders((replace(third, name="Other"), replace(first, hidden=True)))
    plot.refresh()
    assert [(line.name, line.slot) for line in plot.lines] == [("Other", 2)]
    assert second.slot not in {line.slot for line in plot.lines}
    if isinstance(plot.picture, Canvas) and key != "trainability":
        seen = colours_in(plot)
        assert plot.theme.colour(2) in seen
        assert not {plot.theme.colour(0), plot.theme.colour(1)} & seen


@every_plot
def test_a_plot_follows_the_theme(key: str, qtbot: QtBot, qapp: QApplication) -> None:
    plot = shown(qtbot, key, history_of(experiment_of()))
    theme.apply(qapp, theme.DARK)
    plot.show_theme(theme.DARK)
    assert plot.dirty
    plot.refresh()
    assert theme.DARK.base in colours_in(plot)
    theme.apply(qapp, theme.LIGHT)


@every_plot
def test_extending_only_marks(key: str, qtbot: QtBot) -> None:
    history = history_of(experiment_of(), 50)
    plot = shown(qtbot, key, history)
    assert not plot.dirty
    if isinstance(plot, StudyPlot):
        plot.show_study(studied_of(plot.study, history.header.experiment, share=0.5))
        assert is_dirty(plot)
        return
    header = history.header
    history.extend(stretch_from(header, falling(header, 60)[50:], 50))
    plot.extend(history)
    assert is_dirty(plot)
    plot.refresh()
    plot.extend(history)
    assert not is_dirty(plot), "nothing new, nothing to draw"


@every_plot
def test_wrong_options_in_a_file_become_the_defaults(key: str, qtbot: QtBot) -> None:
    plot = shown(qtbot, key, None)
    plot.show_options({"no such option": 1})
    assert plot.options == plot.Options()


@every_plot
def test_options_have_accessible_controls_that_tell_of_a_change(key: str, qtbot: QtBot) -> None:
    plot = shown(qtbot, key, history_of(experiment_of()))
    for param in params_of(plot.Options):
        if param.editor == "none":
            continue  # it is set in the picture itself
        assert plot.toolbar.control(param.name).accessibleName()
        if param.kind != "choice":
            continue
        other = next(value for value, _ in param.choices if value != param.default)
        with qtbot.waitSignal(plot.options_changed) as told:
            plot.set_option(param.name, other)
        assert told.args[0][param.name] == other


@every_plot
def test_a_plot_reads_probes_and_says_what_it_shows(key: str) -> None:
    kind = PLOTS[key]
    assert kind.key == key
    assert kind.label
    assert kind.summary.endswith(".")
    assert kind.reads or issubclass(kind, StudyPlot)


@every_plot
def test_pictures_share_the_board_evenly(key: str, qtbot: QtBot) -> None:
    plot = shown(qtbot, key, history_of(experiment_of()))
    assert not plot.hasHeightForWidth()
    assert plot.sizeHint() == Plot.sizeHint(plot)


def long_history(contenders: int = 3, seeds: int = 1) -> History:
    """Return a run of 100 steps with readings by layer at every 10th, which grow."""
    header = header_of(experiment_of(contenders, seeds))
    history, loss = History(header), falling(header, 100)
    for start in range(0, 100, 10):
        layers = layers_of(header, 1 + start / 10) | verdicts_of(header)
        part = stretch_from(header, loss[start : start + 10], start, layers)
        history.extend(replace(part, layers_step=start))
    return history


@every_plot
def test_a_run_is_shown_as_it_was_in_every_option(key: str, qtbot: QtBot) -> None:
    if issubclass(PLOTS[key], StudyPlot):
        pytest.skip("a study is of the start")
    history = long_history()
    plot = shown(qtbot, key, history)
    for options in all_options(PLOTS[key]):
        plot.show_options(options)
        for step in (0, 37, 99, None):
            plot.show_step(step)
            assert plot.dirty
            plot.refresh(settle=True)
            plot.grab()


@every_plot
def test_what_is_shown_as_it_was_stays_while_the_run_goes_on(key: str, qtbot: QtBot) -> None:
    if issubclass(PLOTS[key], StudyPlot):
        pytest.skip("a study is of the start")
    history = long_history()
    plot = shown(qtbot, key, history)
    plot.show_step(37)
    plot.refresh()
    before = plot.shown
    assert before is not None
    history.extend(stretch_from(history.header, falling(history.header, 120)[100:], 100))
    plot.extend(history)
    assert not plot.dirty
    after = plot.shown
    assert after is not None
    assert (after.until, after.layers_step) == (37, 30)
    for name, one in before.latest.items():
        np.testing.assert_array_equal(after.latest[name], one)
    plot.show_step(None)
    assert plot.dirty


@every_plot
def test_pinned_runs_are_drawn_too_and_leave_the_present_one_in_sight(
    key: str, qtbot: QtBot
) -> None:
    if issubclass(PLOTS[key], StudyPlot):
        pytest.skip("a study is of the start")
    history, earlier = long_history(2), long_history(4, 2)
    deep = replace(history.header, layers=(*history.header.layers, "9 Linear"))
    plot = shown(qtbot, key, history)
    bare = Pin("Bare", History(history.header), "it was never run")
    plot.show_pins([Pin("Run 1", earlier), Pin("Deep", History(deep)), bare])
    for options in all_options(PLOTS[key]):
        plot.show_options(options)
        for step in (None, 37):
            plot.show_step(step)
            plot.refresh(settle=True)
            plot.grab()
    names = [line.name for line in plot.lines]
    assert names[:3] == ["Way 0", "Way 1", "Way 0 (Run 1)"]
    fits = plot.fits(deep, history.header)
    assert plot.left_out == [
        "Deep: no readings for this picture"
        if fits
        else f"Deep has {plot.unlike}, and is not shown",
        "Bare: it was never run",
    ]
    plot.show_pins([])
    assert [line.name for line in plot.lines] == ["Way 0", "Way 1"]


@pytest.mark.parametrize(
    ("key", "options"),
    [
        ("activations", {}),
        ("confusion", {}),
        ("filters", {}),
        ("over_steps", {}),
        ("paths", {"plane": "own"}),
        ("similarity", {"style": "map"}),
        ("surface", {}),
        ("weights", {"style": "multiples"}),
        ("weights", {"style": "time"}),
        ("worst", {}),
    ],
)
def test_a_panel_of_a_pinned_run_has_a_dashed_line_above(
    key: str, options: dict[str, str], qtbot: QtBot
) -> None:
    plot = shown(qtbot, key, long_history(1), **options)
    plot.show_pins([Pin("Run 1", long_history(1))])
    plot.refresh(settle=True)
    own, pinned = (plot.canvas._items["line", ("panel", line.key)] for line in plot.lines)
    assert own.pen.style() == Qt.PenStyle.SolidLine
    assert pinned.pen.style() == Qt.PenStyle.CustomDashLine
    assert pinned.pen.color() == own.pen.color() or key == "weights"


@pytest.mark.parametrize(
    ("key", "options", "missing"),
    [
        ("loss", {"show": "validation"}, "validation_loss"),
        ("accuracy", {"show": "validation"}, "validation_accuracy"),
        ("activation_std", {}, "activation_std"),
        ("fitted", {}, "fit"),
        ("surface", {}, "input_range"),
    ],
)
def test_a_pinned_run_without_what_is_shown_is_named(
    key: str, options: dict[str, str], missing: str, qtbot: QtBot
) -> None:
    history = history_of(experiment_of(2), 50)
    earlier = history_of(experiment_of(2), 50)
    earlier.epoch_series.pop(missing, None)
    earlier.latest = {name: one for name, one in earlier.latest.items() if name != missing}
    plot = shown(qtbot, key, history, **options)
    plot.show_pins([Pin("Run 1", earlier)])
    assert plot.left_out == ["Run 1: no readings for this picture"]
    assert [line.run for line in plot.lines] == [0, 0]
    plot.show_options({} if key in ("loss", "accuracy") else options)
    assert (plot.left_out == []) == (key in ("loss", "accuracy"))
