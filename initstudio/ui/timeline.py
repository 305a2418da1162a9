"""The step as which the present run is shown: now, or an earlier one that a person went back to.

The run goes on underneath. Nothing here draws: boards listen to `moved`.
"""

from time import perf_counter

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from initstudio.history import History

FRAME = 40
"""Milliseconds between two steps of a replay."""
SPEEDS = {5.0: "5 s", 10.0: "10 s", 20.0: "20 s", 60.0: "1 min"}
"""How long a replay of the whole run takes: seconds, and the words for it."""


class Timeline(QObject):
    """Goes back and forth in a run, and replays it."""

    moved = Signal(object)
    """The step as which the run is shown, int; None: as it is now."""
    changed = Signal()
    """There is another run or a longer one, or a replay has begun or ended."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.history: History | None = None
        self.step: int | None = None
        self.seconds = 10.0
        """How long a replay of the whole run takes."""
        self.loops = False
        self._began = (0.0, 0)
        """When the replay began, s, and at which step."""
        self._frame = QTimer(self, interval=FRAME)
        self._frame.timeout.connect(self._on_frame)

    @property
    def last(self) -> int:
        """Return the newest step of the run; 0 where there is none."""
        return max(0, self.history.last_step) if self.history else 0

    @property
    def place(self) -> int:
        """Return the step that is shown."""
        return self.last if self.step is None else self.step

    @property
    def playing(self) -> bool:
        """Return whether the run is being replayed."""
        return self._frame.isActive()

    def follow(self, history: History | None) -> None:
        """Show another run, or none, as it is now."""
        self.history = history
        self.pause()
        self._move(None)
        self.changed.emit()

    def grow(self) -> None:
        """Take note that the run has grown."""
        self.changed.emit()

    def go(self, step: int) -> None:
        """Show the run as it was at a step; at its last step that is now."""
        self.pause()
        self._go(step)

    def go_now(self) -> None:
        """Show the run as it is now."""
        self.pause()
        self._move(None)

    def go_by(self, snapshots: int) -> None:
        """Go to a later snapshot of the layers, or to an earlier one."""
        if self.history is None:
            return
        steps, place = self.history.album.steps, self.place
        if snapshots < 0:
            at = int(np.searchsorted(steps, place)) + snapshots
        else:
            at = int(np.searchsorted(steps, place, side="right")) + snapshots - 1
        if at >= len(steps):
            self.go_now()
        else:
            self.go(int(steps[max(at, 0)]) if len(steps) else 0)

    def play(self) -> None:
        """Replay the run from the step that is shown; from its start if that is now."""
        if self.last > 0:
            start = 0 if self.step is None else self.step
            self._began = (perf_counter(), start)
            self._go(start)
            self._frame.start()
            self.changed.emit()

    def pause(self) -> None:
        """End the replay where it is."""
        if self.playing:
            self._frame.stop()
            self.changed.emit()

    def play_or_pause(self) -> None:
        """Begin a replay, or end it."""
        if self.playing:
            self.pause()
        else:
            self.play()

    def show_seconds(self, seconds: float) -> None:
        """Let a replay of the whole run take so long."""
        self.seconds = seconds
        self._began = (perf_counter(), self.place)

    def _on_frame(self) -> None:
        began, start = self._began
        step = start + int((perf_counter() - began) / self.seconds * self.last)
        if step < self.last:
            self._go(step)
        elif self.loops:
            self._began = (perf_counter(), 0)
            self._go(0)
        else:
            self.go_now()

    def _go(self, step: int) -> None:
        self._move(None if step >= self.last else max(0, step))

    def _move(self, step: int | None) -> None:
        if step != self.step:
            self.step = step
            self.moved.emit(step)
