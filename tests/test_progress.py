"""The progress bar of a run without a window, by a clock of the test's own."""

import io

import msgspec
import numpy as np
import pytest

from initstudio.engine.plan import plan
from initstudio.experiment import Recording, Seeds, Training
from initstudio.history import Header, Snapshot
from initstudio.presets import ARTICLE
from initstudio.progress import Progress


class Stream(io.StringIO):
    """A stream that is, or is not, a terminal."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


class Clock:
    """A clock that stands until it is moved."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def header(epochs: int = 20) -> Header:
    """Return one of 8 steps an epoch, 3 contenders under 3 seeds."""
    experiment = msgspec.structs.replace(
        ARTICLE,
        training=Training(epochs=epochs, batch_size=100),
        seeds=Seeds(count=3),
        recording=Recording(probes=()),
    )
    return plan(experiment).header


def losses(*values: float) -> dict[str, np.ndarray]:
    return {"loss": np.array(values, np.float32)}


EQUAL = losses(*[0.5] * 9)


def test_a_log_gets_ten_lines_for_a_run_and_one_for_its_end() -> None:
    stream, clock = Stream(terminal=False), Clock()
    progress = Progress(header(), stream, clock)
    for step in range(161):
        progress.show(Snapshot(step, EQUAL if step < 160 else {}))
        clock.now += 0.5
    progress.end("finished", 160)
    lines = stream.getvalue().splitlines()
    assert [line.split("step ")[1].split(" of")[0] for line in lines[:-1]] == [
        str(step) for step in range(16, 161, 16)
    ]
    assert lines[-1] == "finished after 160 of 160 steps in 80.5 s, 2 steps/s"
    assert "\r" not in stream.getvalue()


def test_a_short_run_s_log_has_a_line_a_step() -> None:
    stream = Stream(terminal=False)
    progress = Progress(header(epochs=1), stream, Clock())
    for step in range(9):
        progress.show(Snapshot(step, EQUAL))
    assert len(stream.getvalue().splitlines()) == 8


def test_a_terminal_is_redrawn_at_most_ten_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    stream, clock = Stream(terminal=True), Clock()
    progress = Progress(header(), stream, clock)
    for step in range(161):
        progress.show(Snapshot(step, EQUAL))
        clock.now += 1 / 64
    pictures = stream.getvalue().split("\r")[1:]
    assert 160 / 64 / 0.1 * 0.5 < len(pictures) <= 160 / 64 / 0.1
    assert "\n" not in stream.getvalue()


def test_it_tells_speed_time_left_and_the_median_loss_of_each_contender(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    stream, clock = Stream(terminal=True), Clock()
    progress = Progress(header(), stream, clock)
    clock.now += 30  # loading torch and the data is no part of the speed
    progress.show(Snapshot(0, EQUAL))
    clock.now += 10
    progress.show(Snapshot(40, losses(0.1, 9, 0.25, np.nan, 0.5, np.nan, np.inf, np.nan, 2)))
    text = stream.getvalue().rstrip().split("\r")[-1]
    assert text == (
        "[#####...............] step 40 of 160  4 steps/s  30 s left  "
        "loss Xavier 0.25, Kaiming nan, Normal inf"
    )


def test_a_narrow_terminal_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream, clock = Stream(terminal=True), Clock()
    progress = Progress(header(), stream, clock)
    for step in range(100):
        clock.now += 1
        progress.show(Snapshot(step, EQUAL))
    pictures = stream.getvalue().split("\r")[1:]
    assert pictures
    assert {len(picture) for picture in pictures} == {39}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.125, "20 s"), (1, "2 min 39 s"), (10, "26 min 30 s"), (60, "2 h 39 min")],
)
def test_time_left_is_in_the_unit_that_suits(
    monkeypatch: pytest.MonkeyPatch, seconds: float, text: str
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    stream, clock = Stream(terminal=True), Clock()
    progress = Progress(header(), stream, clock)
    progress.show(Snapshot(0, {}))
    clock.now += seconds
    progress.show(Snapshot(1, {}))
    assert f"{text} left" in stream.getvalue()


def test_a_run_that_never_began_ends_without_a_speed() -> None:
    stream = Stream(terminal=False)
    Progress(header(), stream, Clock()).end("stopped", 0)
    assert stream.getvalue() == "stopped after 0 of 160 steps in 0.0 s\n"
