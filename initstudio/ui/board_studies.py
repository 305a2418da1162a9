"""What the pictures of the start have to do with studies: which are wanted, and what is found."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.studied import START, Wants, of_probes
from initstudio.ui.studies import Studies

if TYPE_CHECKING:
    from initstudio.catalogue import Value


class BoardStudies(QObject):
    """Tells the studies what the plots in sight want, and the plots what is found."""

    def __init__(
        self, studies: Studies, who: str, plots: Callable[[], Iterable[Plot]], parent: QObject
    ) -> None:
        super().__init__(parent)
        self._studies = studies
        self._who = who
        self._plots = plots
        self._seen: Sequence[Plot] = ()
        studies.changed.connect(self._on_studied)
        studies.pinned.changed.connect(self._on_pins_changed)
        studies.pinned.studied.connect(self._show_pinned)

    def join(self, plot: Plot) -> None:
        """Show a new plot what is known, and let it make a study wait."""
        if isinstance(plot, StudyPlot):
            plot.rest_asked.connect(partial(self._on_rest_asked, plot.study))
            plot.show_study(self._studies.of(plot.study))
            self._show_beside(plot)

    def want(self, plots: Iterable[Plot]) -> None:
        """Tell which studies somebody looks at, in these plots."""
        self._seen = tuple(plots)
        self._studies.want(self._who, wanted_by(self._seen))
        self._want_pinned()

    def _want_pinned(self) -> None:
        """Tell which studies of pinned runs somebody looks at, where they have place."""
        pinned = self._studies.pinned
        self._studies.want_pinned(
            {
                pin: wanted_by([plot for plot in self._seen if plot.suits(pin)])
                for pin in pinned.beside
            }
        )

    def _on_studied(self, study: str) -> None:
        for plot in self._plots():
            if isinstance(plot, StudyPlot) and plot.study == study:
                plot.show_study(self._studies.of(study))
        self._want_pinned()  # what has place beside it may be others now

    def _on_pins_changed(self) -> None:
        for plot in self._plots():
            if isinstance(plot, StudyPlot):
                self._show_beside(plot)
        self._want_pinned()

    def _show_pinned(self, study: str) -> None:
        for plot in self._plots():
            if isinstance(plot, StudyPlot) and plot.study == study:
                self._show_beside(plot)

    def _show_beside(self, plot: StudyPlot) -> None:
        pinned = self._studies.pinned
        plot.show_beside([pinned.of(plot.study, pin) for pin in pinned.beside])

    def _on_rest_asked(self, study: str, resting: bool) -> None:  # noqa: FBT001 - a signal's
        self._studies.rest(study, resting=resting)


def wanted_by(plots: Iterable[Plot]) -> Wants:
    """Return the studies that these plots show, and with which parameters."""
    wants: dict[str, dict[str, Value]] = {}
    probes: set[str] = set()
    for plot in plots:
        if isinstance(plot, StudyPlot):
            wants[plot.study] = plot.study_params()
        else:
            probes.update(plot.needs())
    if probes:
        wants[START] = of_probes(probes)
    return wants
