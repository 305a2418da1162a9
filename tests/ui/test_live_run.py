"""What the window takes in of a run: readings, and how long they took."""

from initstudio.engine.messages import Progress, Started
from initstudio.ui.live_run import LiveRun
from tests.synthetic import experiment_of, falling, header_of, stretch_from


def test_the_seconds_of_training_are_noted_at_their_steps() -> None:
    live = LiveRun(None)
    header = header_of(experiment_of(2))
    loss = falling(header, 40)
    live._take(Started(0, header))
    for start, seconds in ((0, 0.5), (10, 1.5), (20, 2.0)):
        stretch = stretch_from(header, loss[start : start + 10], start)
        live._take(Progress(0, stretch, seconds))
    assert live.history is not None
    assert live.history.clock.steps.tolist() == [9, 19, 29]
    assert live.history.clock.seconds.tolist() == [0.5, 1.5, 2.0]
    assert live.history.clock.seconds_at(24).item() == 1.75
