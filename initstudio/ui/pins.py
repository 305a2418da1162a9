"""Earlier runs, and starts without a run, that stay in the pictures until they are taken off."""

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from initstudio.engine.plan import header_of
from initstudio.experiment import Experiment
from initstudio.history import History
from initstudio.ui.chart.contender_line import Pin

MOST = 4
"""Runs that can be pinned; each may hold 200 MB of readings."""
START_ALONE = "a start, for the X-ray alone"
"""Why it is in no picture of the race."""


class Pins(QObject):
    """The pinned runs, in the order in which they were pinned."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.all: tuple[Pin, ...] = ()
        self._made = 0

    @property
    def full(self) -> bool:
        """Return whether no other run can be pinned."""
        return len(self.all) >= MOST

    def of(self, history: History | None) -> Pin | None:
        """Return the pin of a run, if it has one."""
        return next((pin for pin in self.all if pin.history is history), None)

    def of_start(self, experiment: Experiment) -> Pin | None:
        """Return the pin of a run, or of a start, that begins as this experiment does."""
        work = experiment.work()
        found = (pin for pin in self.all if pin.history.header.experiment.work() == work)
        return next(found, None)

    def beside(self, history: History | None) -> tuple[Pin, ...]:
        """Return the pinned runs that are not this one."""
        return tuple(pin for pin in self.all if pin.history is not history)

    def add(self, history: History) -> None:
        """Pin a run, if it is not pinned and there is room."""
        if self.of(history) is None and not self.full:
            self._made += 1
            self._change((*self.all, Pin(f"Run {self._made}", history)))

    def add_start(self, experiment: Experiment) -> None:
        """Pin the start of an experiment without mistakes, if there is room and it is not yet."""
        if self.of_start(experiment) is None and not self.full:
            self._made += 1
            history = History(header_of(experiment))
            self._change((*self.all, Pin(f"Start {self._made}", history, START_ALONE)))

    def rename(self, pin: Pin, name: str) -> None:
        """Give a pinned run another name; an empty one changes nothing."""
        if name.strip():
            other = replace(pin, name=name.strip())
            self._change(tuple(other if one is pin else one for one in self.all))

    def remove(self, pin: Pin) -> None:
        """Take a pinned run off."""
        self._change(tuple(one for one in self.all if one is not pin))

    def clear(self) -> None:
        """Take all of them off."""
        self._change(())

    def _change(self, pins: tuple[Pin, ...]) -> None:
        self.all = pins
        self.changed.emit()
