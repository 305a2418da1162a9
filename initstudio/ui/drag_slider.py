"""A slim slider under a number: what is dragged is an edit at once, so that pictures follow."""

import math
from typing import cast

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QSlider, QWidget

from initstudio.catalogue import Value
from initstudio.declared import Param
from initstudio.ui import numbers

STEPS = 240
FACTOR = 30.0
"""How many times greater and smaller than the default a number goes that steps by factors."""
TINY = 1e-4
"""Such numbers whose default is no greater are guards against 0, and have no slider."""


def reach(param: Param) -> tuple[float, float] | None:
    """Return from where to where a slider for this parameter goes; None: it is to have none.

    The declared limits are for typing, and mostly far too wide.
    """
    if param.kind != "number" or (param.log and float(param.default) <= TINY):
        return None
    default = float(param.default)
    if param.log:
        return max(param.low, default / FACTOR), min(param.high, default * FACTOR)
    wide = max(1.0, 3 * abs(default))
    return max(param.low, -wide), min(param.high, wide)


class DragSlider(QSlider):
    """Shows where a number lies in its usual range, which grows to a value outside of it."""

    edited = Signal(object)

    def __init__(self, param: Param, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.param = param
        self._low, self._high = reach(param) or (0.0, 1.0)
        self._value: float | None = None
        self.setRange(0, STEPS)
        self.setSingleStep(2)
        self.setPageStep(STEPS // 12)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setProperty("kind", "slim")
        self.setToolTip(
            f"Drag, or use the arrow keys: {param.label} changes at once, and so do the pictures. "
            "Any other number can be typed above."
        )
        self.valueChanged.connect(self._on_moved)

    def show_value(self, value: Value | None) -> None:
        """Show a value without a signal; None, several ones, leaves the handle where it is."""
        self.setEnabled(value is not None)
        self._value = None if value is None else float(cast("float", value))
        if self._value is None or not math.isfinite(self._value):
            return
        if not self.isSliderDown():
            self._hold(self._value)
        with QSignalBlocker(self):
            self.setValue(self._place(self._value))

    def _hold(self, value: float) -> None:
        """Use the usual range, or one that holds the value."""
        low, high = reach(self.param) or (0.0, 1.0)
        if value > 0 or not self.param.log:
            low, high = min(low, value), max(high, value)
        self._low, self._high = low, high

    def _place(self, value: float) -> int:
        if self.param.log and value <= 0:
            return 0
        low, high, at = self._ends(value)
        return round(STEPS * ((at - low) / (high - low))) if high > low else 0

    def _ends(self, value: float) -> tuple[float, float, float]:
        """Return both ends and the value in the slider's own measure."""
        if self.param.log:
            return math.log(self._low), math.log(self._high), math.log(value)
        # halved: the distance of two huge numbers may overflow
        return self._low / 2, self._high / 2, value / 2

    def _on_moved(self, place: int) -> None:
        share = place / STEPS
        if self.param.log:
            value = self._low * (self._high / self._low) ** share
        else:
            value = self._low * (1 - share) + self._high * share
        ends = {0: self._low, STEPS: self._high}
        value = ends.get(place, float(f"{value:.3g}"))
        if abs(value) < (self._high / 2 - self._low / 2) / STEPS and not self.param.log:
            value = 0.0
        if numbers.allows(self.param, value) and value != self._value:
            self._value = value
            self.edited.emit(value)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the panel that scrolls, unless the slider has the focus."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
