"""Collects cyclic garbage on the window's thread only.

Python collects on whichever thread allocates. On the worker's thread that destroys widgets from
the wrong thread, which Qt answers with warnings and crashes.
"""

import gc

from PySide6.QtCore import QObject, QTimer

PACE = 500
"""Milliseconds between two looks at the garbage."""


class Collector(QObject):
    """While it lives, garbage is collected by its timer and by nothing else."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        # what the start has made stays: looking through it again would only hold up the window
        gc.freeze()
        self._timer = QTimer(self, interval=PACE)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    def look(self) -> None:
        """Collect the oldest generation that is full."""
        full = zip(gc.get_count(), gc.get_threshold(), strict=True)
        due = [generation for generation, (count, limit) in enumerate(full) if count > limit]
        if due:
            gc.collect(due[-1])

    def close(self) -> None:
        """Leave the garbage to Python again."""
        self._timer.stop()
        gc.unfreeze()
        gc.enable()
