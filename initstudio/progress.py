"""How far a run without a window is, on a terminal or in a log."""

import shutil
import time
from collections.abc import Callable
from typing import TextIO

import numpy as np

from initstudio.history import Header, Snapshot

REDRAW = 0.1
"""Seconds between two pictures of the bar."""
LOG_LINES = 10
"""Lines for a whole run where there is no terminal."""
BAR = 20


class Progress:
    """Shows steps, speed, time left and the loss of each contender (the median of its seeds)."""

    def __init__(
        self, header: Header, stream: TextIO, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._header = header
        self._stream = stream
        self._clock = clock
        self._live = stream.isatty()
        self._losses = ""
        self._begun = self._drawn = clock()
        self._next_log = 1

    @property
    def seconds(self) -> float:
        """Return the time since the first snapshot."""
        return self._clock() - self._begun

    def show(self, snapshot: Snapshot) -> None:
        """Tell of the newest snapshot, if it is time to."""
        if snapshot.step == 0:
            self._begun = self._drawn = self._clock()
        if "loss" in snapshot.readings and (self._live or self._is_time_to_log(snapshot.step + 1)):
            self._losses = self._loss_text(snapshot)
        if self._live and self._clock() - self._drawn >= REDRAW:
            self._drawn = self._clock()
            self._draw(self._text(snapshot.step))
        elif not self._live and self._is_time_to_log(snapshot.step):
            self._next_log = snapshot.step * LOG_LINES // self._header.steps + 1
            self._stream.write(self._text(snapshot.step) + "\n")
            self._stream.flush()

    def end(self, state: str, step: int) -> None:
        """Leave a last line: how the run ended."""
        speed = f", {step / self.seconds:,.0f} steps/s" if self.seconds > 0 and step else ""
        text = (
            f"{state} after {step:,} of {self._header.steps:,} steps in {self.seconds:.1f} s{speed}"
        )
        if self._live:
            self._draw("")
            self._stream.write("\r")
        self._stream.write(text + "\n")
        self._stream.flush()

    def _is_time_to_log(self, step: int) -> bool:
        return step * LOG_LINES >= self._next_log * self._header.steps

    def _text(self, step: int) -> str:
        steps = self._header.steps
        filled = BAR * step // steps
        words = [f"[{'#' * filled}{'.' * (BAR - filled)}] step {step:,} of {steps:,}"]
        if step and self.seconds > 0:
            speed = step / self.seconds
            words.append(f"{speed:,.0f} steps/s")
            words.append(f"{_duration((steps - step) / speed)} left")
        if self._losses:
            words.append(f"loss {self._losses}")
        return "  ".join(words)

    def _loss_text(self, snapshot: Snapshot) -> str:
        contenders = self._header.experiment.contenders
        # sorted by hand, as np.median warns of NaN; NaN comes last
        losses = np.sort(snapshot.readings["loss"].reshape(len(contenders), -1), axis=1)
        middle = losses[:, losses.shape[1] // 2]
        pairs = zip(contenders, middle.tolist(), strict=True)
        return ", ".join(f"{one.name} {loss:.4g}" for one, loss in pairs)

    def _draw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns - 1
        self._stream.write("\r" + text[:width].ljust(width))
        self._stream.flush()


def _duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"
