"""Going back in a run, replaying it, and pinning runs."""

import pytest
from msgspec.structs import replace
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from initstudio.experiment import Choice
from initstudio.history import History
from initstudio.presets import ARTICLE
from initstudio.ui.pages import Pages
from initstudio.ui.session import Session
from initstudio.ui.studies import Studies
from initstudio.ui.timeline import Timeline
from initstudio.ui.timeline_bar import TimelineBar
from tests.synthetic import experiment_of, falling, header_of, layers_of, stretch_from
from tests.ui.test_session import Reaches


def run_of(steps: int, every: int = 10) -> History:
    """Return a run with a snapshot of its layers every so many steps."""
    header = header_of(experiment_of(2))
    history, loss = History(header), falling(header, steps)
    for start in range(0, steps, every):
        part = stretch_from(header, loss[start : start + every], start, layers_of(header))
        history.extend(part)
    return history


@pytest.fixture
def quiet(qtbot: QtBot) -> Session:
    return Session(ARTICLE)


@pytest.fixture
def timeline() -> Timeline:
    made = Timeline()
    made.follow(run_of(101))
    return made


def test_a_run_is_shown_as_it_is_now_at_first(timeline: Timeline) -> None:
    assert timeline.step is None
    assert (timeline.last, timeline.place) == (100, 100)


def test_going_to_the_end_is_now(timeline: Timeline) -> None:
    seen: list[int | None] = []
    timeline.moved.connect(seen.append)
    for step in (40, 100, -7):
        timeline.go(step)
    assert seen == [40, None, 0]


def test_it_goes_by_the_snapshots_that_are_kept(timeline: Timeline) -> None:
    steps = timeline.history.album.steps.tolist() if timeline.history else []
    assert steps == [*range(9, 101, 10), 100]
    timeline.go(50)
    found = []
    for snapshots in (1, 1, -1, -100, 100, -1):
        timeline.go_by(snapshots)
        found.append(timeline.step)
    assert found == [59, 69, 59, 9, None, 99]


def test_a_step_stays_while_the_run_goes_on(timeline: Timeline) -> None:
    timeline.go(40)
    history = timeline.history
    assert history is not None
    more = falling(history.header, 201)[101:]
    history.extend(stretch_from(history.header, more, 101))
    timeline.grow()
    assert (timeline.step, timeline.last) == (40, 200)


def test_another_run_is_shown_as_it_is_now(timeline: Timeline, qtbot: QtBot) -> None:
    timeline.go(40)
    with qtbot.waitSignal(timeline.moved):
        timeline.follow(run_of(20))
    assert timeline.step is None
    timeline.follow(None)
    timeline.play()
    timeline.go_by(-1)
    assert (timeline.playing, timeline.last, timeline.place) == (False, 0, 0)


def test_a_replay_goes_from_the_start_to_now_and_ends(timeline: Timeline, qtbot: QtBot) -> None:
    seen: list[int | None] = []
    timeline.moved.connect(seen.append)
    timeline.show_seconds(0.2)
    timeline.play()
    qtbot.waitUntil(lambda: not timeline.playing)
    assert seen[0] == 0
    assert seen[-1] is None
    steps = [step for step in seen if step is not None]
    assert steps == sorted(steps)


def test_a_replay_begins_where_one_is_and_can_be_paused(timeline: Timeline) -> None:
    timeline.go(60)
    timeline.play_or_pause()
    assert (timeline.playing, timeline.step) == (True, 60)
    timeline.play_or_pause()
    assert (timeline.playing, timeline.step) == (False, 60)


def test_a_loop_begins_again(timeline: Timeline, qtbot: QtBot) -> None:
    seen: list[int | None] = []
    timeline.moved.connect(seen.append)
    timeline.loops = True
    timeline.show_seconds(0.05)
    timeline.go(90)
    timeline.play()
    qtbot.waitUntil(lambda: 0 in seen)
    assert timeline.playing
    assert None not in seen


# ---------------------------------------------------------------------- the bar


@pytest.fixture
def bar(quiet: Session, qtbot: QtBot) -> TimelineBar:
    quiet.timeline.follow(run_of(101))
    made = TimelineBar(quiet)
    qtbot.addWidget(made)
    made.resize(900, 40)
    made.show()
    return made


def test_the_bar_says_where_one_is(bar: TimelineBar, quiet: Session) -> None:
    assert bar.where.text() == "now: step 100, epoch 10.0"
    assert not bar.now.isEnabled()
    quiet.timeline.go(45)
    assert bar.where.text() == "step 45 of 100, epoch 4.5"
    assert bar.slider.value() == 45
    assert bar.now.isEnabled()
    bar.now.click()
    assert quiet.timeline.step is None


def test_without_a_run_the_bar_waits(quiet: Session, qtbot: QtBot) -> None:
    bar = TimelineBar(quiet)
    qtbot.addWidget(bar)
    assert not bar.slider.isEnabled()
    assert not bar.play.isEnabled()


def test_a_press_on_the_slider_goes_there_and_a_drag_follows(
    bar: TimelineBar, quiet: Session, qtbot: QtBot
) -> None:
    middle = bar.slider.rect().center()
    QTest.mousePress(bar.slider, Qt.MouseButton.LeftButton, pos=middle)
    assert quiet.timeline.step is not None
    assert abs(quiet.timeline.step - 50) <= 2
    QTest.mouseMove(bar.slider, QPoint(5, middle.y()))
    assert quiet.timeline.step < 5
    QTest.mouseRelease(bar.slider, Qt.MouseButton.LeftButton, pos=QPoint(5, middle.y()))


@pytest.mark.parametrize(
    ("press", "step"),
    [
        ((Qt.Key.Key_Left, False), 49),
        ((Qt.Key.Key_Right, False), 59),
        ((Qt.Key.Key_Left, True), 49),
        ((Qt.Key.Key_Right, True), 51),
        ((Qt.Key.Key_Home, False), 0),
        ((Qt.Key.Key_PageUp, False), 9),
        ((Qt.Key.Key_End, False), None),
        ((Qt.Key.Key_PageDown, False), None),
    ],
)
def test_keys_go_by_snapshots_and_steps(
    bar: TimelineBar, quiet: Session, qtbot: QtBot, press: tuple[Qt.Key, bool], step: int | None
) -> None:
    key, shift = press
    quiet.timeline.go(50)
    modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
    QTest.keyClick(bar.slider, key, modifier)
    assert quiet.timeline.step == step


def test_space_replays(bar: TimelineBar, quiet: Session, qtbot: QtBot) -> None:
    QTest.keyClick(bar.slider, Qt.Key.Key_Space)
    assert quiet.timeline.playing
    QTest.keyClick(bar.slider, Qt.Key.Key_Space)
    assert not quiet.timeline.playing


def test_speed_and_loop_are_remembered(bar: TimelineBar, quiet: Session, qtbot: QtBot) -> None:
    bar.speed.setCurrentIndex(bar.speed.findData(20.0))
    bar.speed.activated.emit(bar.speed.currentIndex())
    bar.loop.click()
    assert (quiet.timeline.seconds, quiet.timeline.loops) == (20.0, True)
    other = TimelineBar(quiet)
    qtbot.addWidget(other)
    assert other.speed.currentData() == 20.0
    assert other.loop.isChecked()


# ---------------------------------------------------------------------- in the window


def test_every_picture_of_the_race_follows_and_the_run_goes_on(
    ready: Session, reaches: Reaches, qtbot: QtBot
) -> None:
    pages = Pages(ready, Studies(ready))
    qtbot.addWidget(pages)
    pages.show()
    ready.run()
    reaches(ready, ready.state.FINISHED)
    ready.timeline.go(3)
    plots = list(pages.race.plots.values())
    assert plots
    assert all(plot.step == 3 and plot.dirty for plot in plots)
    assert all(plot.shown is not None and plot.shown.until == 3 for plot in plots)
    ready.timeline.go_now()
    assert all(plot.shown is ready.history for plot in plots)
    ready.timeline.go(3)
    ready.reset()
    qtbot.waitUntil(lambda: ready.history is not None and ready.history.last_step == 0)
    assert ready.timeline.step is None
    assert all(plot.step is None for plot in pages.race.plots.values())


def test_a_pinned_run_is_behind_the_next_one(
    ready: Session, reaches: Reaches, qtbot: QtBot
) -> None:
    pages = Pages(ready, Studies(ready))
    qtbot.addWidget(pages)
    ready.run()
    reaches(ready, ready.state.FINISHED)
    first = ready.history
    assert first is not None
    ready.pins.add(first)
    plots = list(pages.race.plots.values())
    assert all(plot.pins == () for plot in plots)  # it is the present run still
    ready.reset()
    qtbot.waitUntil(lambda: ready.history is not first)
    assert all([pin.history for pin in plot.pins] == [first] for plot in plots)
    assert ready.before is first
    ready.pins.clear()
    assert all(plot.pins == () for plot in plots)


def test_a_click_on_all_layers_goes_to_the_step_and_the_layer(
    ready: Session, reaches: Reaches, qtbot: QtBot
) -> None:
    board = tuple(Choice(key) for key in ("over_steps", "weights", "loss"))
    ready.edit(replace(ready.experiment, board=board), "Other pictures")
    pages = Pages(ready, Studies(ready))
    qtbot.addWidget(pages)
    ready.run()
    reaches(ready, ready.state.FINISHED)
    assert ready.history is not None
    plots = pages.race.plots
    plots["over_steps"].place_asked.emit(3, ready.history.header.tensors[1])
    assert ready.timeline.step == 3
    assert plots["weights"].options.layer == "1"
    ready.undo_stack.undo()
    assert plots["weights"].options.layer == "0"
