"""When plots are drawn: what takes long is prepared before, with turns of the window between."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QTimer
from pytestqt.qtbot import QtBot

from initstudio.ui import frame_clock
from initstudio.ui.frame_clock import FrameClock
from initstudio.ui.plots.distributions import WeightsPlot
from initstudio.ui.plots.learning import LossPlot
from tests.synthetic import experiment_of, history_of


class Slow(LossPlot):
    """Prepares in three parts, and notes what it does."""

    def __init__(self) -> None:
        self.log: list[str] = []
        super().__init__()

    def prepare(self) -> Iterator[None]:
        for part in range(3):
            self.log.append(f"part {part}")
            yield

    def refresh(self, *, settle: bool = False) -> None:
        self.log.append("drawn")
        super().refresh(settle=settle)


@pytest.mark.parametrize(("part", "shares"), [(0.0, True), (1e9, False)])
def test_a_plot_prepares_in_parts_between_which_the_window_has_a_turn(
    part: float, shares: bool, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_clock, "PART", part)
    owner, plot = QObject(), Slow()
    qtbot.addWidget(plot)
    plot.show()
    other = QTimer(owner, interval=0)
    other.timeout.connect(lambda: plot.log.append("other"))
    clock = FrameClock(lambda: [plot], owner)
    plot.log.clear()
    other.start()
    plot.mark()
    clock.wake()
    qtbot.waitUntil(lambda: "drawn" in plot.log)
    other.stop()
    began, drawn = plot.log.index("part 0"), plot.log.index("drawn")
    during = plot.log[began:drawn]
    assert [one for one in during if one != "other"] == ["part 0", "part 1", "part 2"]
    assert ("other" in during[: during.index("part 2")]) == shares


def test_a_plot_that_goes_while_it_prepares_is_left(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frame_clock, "PART", 0.0)
    owner, plot, after = QObject(), Slow(), Slow()
    plots = [plot, after]
    for one in plots:
        qtbot.addWidget(one)
        one.show()
    clock = FrameClock(lambda: plots, owner)
    for one in plots:
        one.log.clear()
        one.mark()
    clock.wake()
    qtbot.waitUntil(lambda: "part 0" in plot.log)
    plots.remove(plot)
    qtbot.waitUntil(lambda: "drawn" in after.log)
    assert "drawn" not in plot.log
    assert after.log[:4] == ["part 0", "part 1", "part 2", "drawn"]


def test_what_was_prepared_is_drawn_and_the_same(qtbot: QtBot) -> None:
    history = history_of(experiment_of(3))
    drawn = []
    for prepares in (False, True):
        plot = WeightsPlot()
        qtbot.addWidget(plot)
        plot.show_contenders(history.header.experiment.contenders)
        plot.restart(history)
        plot.show()
        parts = sum(1 for _ in plot.prepare()) if prepares else 0
        assert parts == (3 if prepares else 0)
        plot.refresh()
        item = plot.canvas._items["line", (1, False)]
        drawn.append((item.x_values.tolist(), item.y_values.tolist()))
    assert drawn[0] == drawn[1]
