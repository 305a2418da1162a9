"""Earlier runs that stay in the pictures, until they are taken off."""

from PySide6.QtCore import QObject, Signal

from initstudio.history import History
from initstudio.ui.chart.contender_line import Pin

MOST = 4
"""Runs that can be pinned; each may hold 200 MB of readings."""


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

    def beside(self, history: History | None) -> tuple[Pin, ...]:
        """Return the pinned runs that are not this one."""
        return tuple(pin for pin in self.all if pin.history is not history)

    def add(self, history: History) -> None:
        """Pin a run, if it is not pinned and there is room."""
        if self.of(history) is None and not self.full:
            self._made += 1
            self._change((*self.all, Pin(f"Run {self._made}", history)))

    def rename(self, pin: Pin, name: str) -> None:
        """Give a pinned run another name; an empty one changes nothing."""
        if name.strip():
            self._change(
                tuple(Pin(name.strip(), one.history) if one is pin else one for one in self.all)
            )

    def remove(self, pin: Pin) -> None:
        """Take a pinned run off."""
        self._change(tuple(one for one in self.all if one is not pin))

    def clear(self) -> None:
        """Take all of them off."""
        self._change(())

    def _change(self, pins: tuple[Pin, ...]) -> None:
        self.all = pins
        self.changed.emit()
