"""Which part of an axis a person looks at: the wheel zooms, dragging moves."""

from PySide6.QtCore import QObject, Signal

from initstudio.ui.chart.lines import Range

FACTOR = 1.25
"""By which one notch of the wheel changes what is seen."""
CLOSEST = 4.0
"""Units of the axis that can be seen at least."""


class Zoom(QObject):
    """The part that is looked at; None is the whole, however it grows."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.part: Range | None = None
        self._whole: Range = (0.0, 1.0)

    def view(self, whole: Range) -> Range:
        """Return what is to be seen of an axis that is so long now."""
        self._whole = whole
        return self.part or whole

    def turn(self, at: float, notches: float) -> None:
        """Zoom in by so many notches around a place, or out by negative ones."""
        left, right = self.part or self._whole
        wide = max((right - left) * FACTOR**-notches, min(CLOSEST, self._length))
        if wide >= self._length:
            self.end()
            return
        share = (at - left) / (right - left) if right > left else 0.5
        self._look(at - share * wide, wide)

    def move(self, by: float) -> None:
        """Move what is seen, if it is not the whole."""
        if self.part:
            left, right = self.part
            self._look(left + by, right - left)

    def end(self) -> None:
        """See the whole again."""
        if self.part:
            self.part = None
            self.changed.emit()

    @property
    def _length(self) -> float:
        return self._whole[1] - self._whole[0]

    def _look(self, left: float, wide: float) -> None:
        left = min(max(left, self._whole[0]), self._whole[1] - wide)
        part = (left, left + wide)
        if part != self.part:
            self.part = part
            self.changed.emit()
