"""What a picture of a study is: it shows what is known so far, how far that has come, and why not.

A subclass names the study, and draws its results in `draw_results`.
"""

from collections.abc import Callable
from typing import Any, ClassVar

from msgspec import structs
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QToolButton, QWidget

from initstudio.catalogue import Value
from initstudio.experiment import Experiment
from initstudio.history import Header, History
from initstudio.results import Results
from initstudio.ui.plots.plot import Line, Plot, Table
from initstudio.ui.studies import Studied

Change = Callable[[Experiment], Experiment]


class StudyPlot(Plot):
    """One picture of a study's results."""

    pages = ("xray",)
    invitation = "It is computed as soon as the experiment can run."
    study: ClassVar[str] = ""
    study_options: ClassVar[tuple[str, ...]] = ()
    """The options that are parameters of the study, too."""
    is_long: ClassVar[bool] = False
    """Whether it takes so long that a person may want it to wait."""

    rest_asked = Signal(bool)
    """The study is to wait, or to go on."""
    edit_asked = Signal(object, str)
    """A function of the present experiment that gives the one wanted, and a text for Undo."""
    open_asked = Signal(object)
    """A function of the present experiment that gives another to be opened in its place."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.studied: Studied | None = None
        super().__init__(parent)
        self.wait = QToolButton()
        self.wait.setText("Pause")
        self.wait.setCheckable(True)
        self.wait.setProperty("kind", "quiet")
        self.wait.setAccessibleName(f"{self.label}: Pause")
        self.wait.setToolTip("Let this study wait; what it has found stays, and it goes on there.")
        self.wait.toggled.connect(self.rest_asked)
        self.wait.hide()
        self._head.addWidget(self.wait, 0, 3)

    def study_params(self) -> dict[str, Value]:
        """Return the study's parameters, as the options say."""
        options = structs.asdict(self.options)
        return {name: options[name] for name in self.study_options}

    def show_study(self, studied: Studied | None) -> None:
        """Show what is known by the study now."""
        before, self.studied = self.studied, studied
        if studied and (before is None or before.header is not studied.header):
            self._match_lines()
        done = studied is None or studied.share >= 1
        self.wait.setVisible(self.is_long and not done and studied is not None)
        self.mark()

    def show_like(self, other: Plot) -> None:
        """Show what another plot of this kind shows."""
        super().show_like(other)
        if isinstance(other, StudyPlot):
            self.show_study(other.studied)

    def refresh(self, *, settle: bool = False) -> None:
        """Draw the picture now."""
        self.dirty = False
        self.settled = settle
        studied = self.studied
        if studied is None or studied.results is None or studied.trouble:
            self.clear(studied.trouble if studied and studied.trouble else self.invitation)
            self.show_notes([])
            return
        if not self.lines:
            self.clear("No contender is shown.")
            self.show_notes([])
            return
        self.draw_results(studied.results)
        self.show_notes([*self._progress(studied), *self.results_notes(studied.results)])

    def draw_results(self, results: Results) -> None:
        """Draw what has been found; there is at least one contender."""
        raise NotImplementedError

    def results_notes(self, results: Results) -> list[str]:
        """Return what a person must know to read the picture."""
        return list(results.notes)

    def results_data(self, results: Results) -> Table:
        """Return the numbers behind the picture: headings, then rows of cells."""
        raise NotImplementedError

    def data(self, _history: History | None) -> Table:
        """Return the numbers behind the picture."""
        results = self.studied.results if self.studied else None
        return self.results_data(results) if results else []

    def contender_rows(self) -> list[tuple[Line, int]]:
        """Return each contender that is shown, with its row in results by contender."""
        header = self.header
        seeds = max(1, header.experiment.seeds.count) if header else 1
        return [(line, int(line.replicas[0]) // seeds) for line in self.lines]

    @property
    def header(self) -> Header | None:
        """Return what the results' rows stand for."""
        return self.studied.header if self.studied else None

    def _progress(self, studied: Studied) -> list[str]:
        if not studied.fresh:
            return ["of the experiment before the last edit"]
        if studied.share >= 1:
            return []
        return [f"{100 * studied.share:.0f} % done{', waiting' if studied.resting else ''}"]

    def _match_lines(self) -> None:
        self.match(self.header)

    def draw(self, history: History) -> None:
        """Draw nothing of a run."""
        raise NotImplementedError

    def option(self, name: str) -> Any:  # noqa: ANN401 - of any kind
        """Return the value of an option."""
        return getattr(self.options, name)
