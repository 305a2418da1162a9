"""When plots are drawn: one that is out of date and in sight, each turn of the event loop.

What takes long in a plot is prepared before, in as many turns as that needs. The clock ticks 30
times a second; when drawing takes long it stretches, so that over a third of the time is left to
the rest of the window, which gets its turn between any two plots as well. A board that rests is
drawn once more, smooth.
"""

from collections.abc import Callable, Iterable, Iterator
from time import perf_counter

from PySide6.QtCore import QObject, QTimer

from initstudio.ui.plots.plot import Plot

FRAME = 33
"""Milliseconds from frame to frame."""
REST = 500
"""Milliseconds without change after which plots are drawn smooth."""
SLOWEST = 1000
PART = 0.006
"""Seconds after which a plot that prepares leaves the next part to another turn."""
STRETCH = 0.6
"""Rest after a frame, over the time that it took."""


class FrameClock(QObject):
    """Refreshes the plots that `plots()` gives."""

    def __init__(self, plots: Callable[[], Iterable[Plot]], parent: QObject) -> None:
        super().__init__(parent)
        self._plots = plots
        self._spent = 0.0
        self._rest = 0.0
        self._ended = 0.0
        """When the last frame ended, s."""
        self._frame = QTimer(self, singleShot=True)
        self._frame.timeout.connect(self._on_frame)
        self._turn = QTimer(self, singleShot=True, interval=0)
        self._turn.timeout.connect(self._on_turn)
        self._pause = QTimer(self, singleShot=True, interval=REST)
        self._pause.timeout.connect(self._on_rest)
        self._due: list[Plot] = []
        self._parts: Iterator[None] | None = None
        """What the first of them has begun to prepare."""
        self._settle = False

    def wake(self) -> None:
        """Draw what is out of date at the next frame."""
        if not self._frame.isActive() and not self._turn.isActive():
            rested = 1000 * (perf_counter() - self._ended)
            self._frame.start(max(0, int(self._rest - rested)))
        self._pause.start()

    def _on_frame(self) -> None:
        self._settle = False
        self._begin([plot for plot in self._plots() if plot.isVisible() and plot.dirty])

    def _on_rest(self) -> None:
        if self._turn.isActive() or self._frame.isActive():
            self._pause.start()
            return
        self._settle = True
        self._begin([plot for plot in self._plots() if plot.isVisible() and not plot.settled])

    def _begin(self, due: list[Plot]) -> None:
        self._due, self._spent, self._parts = due, 0.0, None
        if due:
            self._turn.start()

    def _on_turn(self) -> None:
        if not self._due:
            # the painting itself happens between the turns, and is in the time that they took
            self._rest = min(max(FRAME, STRETCH * 1000 * self._spent), SLOWEST)
            self._ended = perf_counter()
            if any(plot.isVisible() and plot.dirty for plot in self._plots()):
                self._frame.start(int(self._rest))
            return
        plot = self._due[0]
        if plot not in self._plots() or not plot.isVisible():  # it was taken off, perhaps deleted
            self._leave()
        elif self._prepare(plot):
            self._leave()
            began = perf_counter()
            plot.refresh(settle=self._settle and not plot.dirty)
            self._spent += perf_counter() - began + plot.paint_seconds
        self._turn.start()

    def _leave(self) -> None:
        """Be done with the plot whose turn it is."""
        self._parts = None
        self._due.pop(0)

    def _prepare(self, plot: Plot) -> bool:
        """Let a plot prepare for PART, and return whether it is ready to be drawn."""
        if self._parts is None:
            self._parts = plot.prepare()
        began = perf_counter()
        for _ in self._parts:
            passed = perf_counter() - began
            if passed > PART:
                self._spent += passed
                return False
        self._spent += perf_counter() - began
        return True
