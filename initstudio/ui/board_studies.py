"""What the pictures of the start have to do with studies: which are wanted, and what is found."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from initstudio.ui.plots.plot import Plot
from initstudio.ui.plots.study_plot import StudyPlot
from initstudio.ui.studies import START, Studies

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
        studies.changed.connect(self._on_studied)

    def join(self, plot: Plot) -> None:
        """Show a new plot what is known, and let it make a study wait."""
        if isinstance(plot, StudyPlot):
            plot.rest_asked.connect(partial(self._on_rest_asked, plot.study))
            plot.show_study(self._studies.of(plot.study))

    def want(self, plots: Iterable[Plot]) -> None:
        """Tell which studies somebody looks at, in these plots."""
        wants: dict[str, dict[str, Value]] = {}
        probes: set[str] = set()
        for plot in plots:
            if isinstance(plot, StudyPlot):
                wants[plot.study] = plot.study_params()
            else:
                probes.update(plot.needs())
        if probes:
            wants[START] = {"probes": " ".join(sorted(probes))}
        self._studies.want(self._who, wants)

    def _on_studied(self, study: str) -> None:
        for plot in self._plots():
            if isinstance(plot, StudyPlot) and plot.study == study:
                plot.show_study(self._studies.of(study))

    def _on_rest_asked(self, study: str, resting: bool) -> None:  # noqa: FBT001 - a signal's
        self._studies.rest(study, resting=resting)
