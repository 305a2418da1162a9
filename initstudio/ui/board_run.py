"""What a board's pictures are told of the run: a new one, more of it, its steps, pinned ones."""

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject

from initstudio.ui.plots.plot import Pin, Plot
from initstudio.ui.session import Session
from initstudio.ui.studies import Studies


class BoardRun(QObject):
    """Tells the plots of the race, or of `studies`, which know no time."""

    def __init__(
        self,
        session: Session,
        studies: Studies | None,
        plots: Callable[[], Iterable[Plot]],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._source = studies or session
        self._studies = studies
        self._plots = plots
        self._source.runs_changed.connect(self._on_runs_changed)
        self._source.ticked.connect(self._on_ticked)
        if studies:
            studies.pinned.changed.connect(self._show_pins)
        else:
            session.timeline.moved.connect(self._on_moved)
            session.pins.changed.connect(self._show_pins)

    def join(self, plot: Plot) -> None:
        """Tell a new plot all that there is."""
        plot.restart(self._source.history)
        plot.show_pins(self._pins)
        if self._studies is None:
            plot.show_step(self._session.timeline.step)
            plot.place_asked.connect(self._on_place_asked)

    @property
    def _pins(self) -> tuple[Pin, ...]:
        """Return the pinned runs that are not the present one; of a start, their starts."""
        if self._studies:
            return self._studies.pinned.beside
        return self._session.pins.beside(self._session.history)

    def _on_place_asked(self, step: int, layer: str) -> None:
        """Go to a step, and to a layer in each picture that shows one."""
        self._session.timeline.go(step)
        for plot in self._plots():
            plot.show_layer(layer)

    def _on_runs_changed(self) -> None:
        for plot in self._plots():
            plot.restart(self._source.history)
        self._show_pins()

    def _on_ticked(self) -> None:
        history = self._source.history
        if history is not None:
            for plot in self._plots():
                plot.extend(history)

    def _on_moved(self, step: int | None) -> None:
        for plot in self._plots():
            plot.show_step(step)

    def _show_pins(self) -> None:
        for plot in self._plots():
            plot.show_pins(self._pins)
