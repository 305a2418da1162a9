"""What a picture of a study is: it shows what is known so far, how far that has come, and why not.

A subclass names the study, and draws its results in `draw_results`; of a pinned run, those of the
same study of that run's experiment.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from msgspec import structs
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QToolButton, QWidget

from initstudio.catalogue import Value
from initstudio.experiment import Experiment
from initstudio.history import Header, History
from initstudio.results import Results
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.lines import Array, Range, grown
from initstudio.ui.plots.plot import Line, Plot, Table
from initstudio.ui.studied import Studied

Change = Callable[[Experiment], Experiment]


class Found(NamedTuple):
    """A contender that is shown, and where its numbers are: `row` of what is by contender."""

    line: Line
    header: Header
    results: Results
    row: int


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
        self.beside: tuple[Studied | None, ...] = ()
        """What is known by the study of each of `pins`."""
        self._views: dict[str, Range] = {}
        self._told: list[str] = []
        self._reading = ""
        self._place: tuple[float, float] | None = None
        super().__init__(parent)
        self.wait = QToolButton()
        self.wait.setText("Pause")
        self.wait.setCheckable(True)
        self.wait.setProperty("kind", "quiet")
        self.wait.setAccessibleName(f"{self.label}: Pause")
        self.wait.setToolTip("Let this study wait; what it has found stays, and it goes on there.")
        self.wait.toggled.connect(self.rest_asked)
        self.wait.hide()
        self.put_last(self.wait)

    def study_params(self) -> dict[str, Value]:
        """Return the study's parameters, as the options say."""
        options = structs.asdict(self.options)
        return {name: options[name] for name in self.study_options}

    def show_study(self, studied: Studied | None) -> None:
        """Show what is known by the study now."""
        before, self.studied = self.studied, studied
        if studied and (before is None or before.header is not studied.header):
            self._match_lines()
        self._offer_wait()
        self.mark()

    def show_beside(self, beside: Sequence[Studied | None]) -> None:
        """Show what is known by the study of each of the pinned runs now."""
        if tuple(beside) != self.beside:
            self.beside = tuple(beside)
            self._offer_wait()
            self.mark()

    def show_like(self, other: Plot) -> None:
        """Show what another plot of this kind shows."""
        super().show_like(other)
        if isinstance(other, StudyPlot):
            self.show_study(other.studied)
            self.show_beside(other.beside)

    def has(self, _pinned: History) -> bool:
        """Return that what a pinned run has is no reading: its study is made for the picture."""
        return True

    def refresh(self, *, settle: bool = False) -> None:
        """Draw the picture now."""
        self.dirty = False
        self.settled = settle
        studied = self.studied
        if studied is None or studied.results is None or studied.trouble:
            self._say(studied.trouble if studied and studied.trouble else self.invitation)
            return
        if not self.found():
            self._say("No contender is shown.")
            return
        self.draw_results(studied.results)
        self._on_pointed(self._place)
        notes = self.results_notes(studied.results)
        self._tell([*self._progress(studied), *notes, *self._pinned_notes(studied.results)])

    def make_picture(self) -> Canvas:
        """Return the canvas, which tells where the mouse is."""
        canvas = self.make_canvas()
        canvas.pointed.connect(self._on_pointed)
        canvas.clicked.connect(self._on_clicked)
        return canvas

    def reading_at(self, _results: Results, _x: float, _y: float) -> str:
        """Return what lies below the mouse, in words; it takes the notes' place meanwhile."""
        return ""

    def act_at(self, _results: Results, _x: float, _y: float) -> None:
        """Do what a click at that place is to do."""

    def read_out(self, text: str) -> None:
        """Show a sentence in the notes' place, until the mouse moves on."""
        self._reading = text
        self._tell(self._told)

    def on_shape_changed(self) -> None:
        """Forget the axes."""
        self._views.clear()

    def fit(self, name: str, values: Array, *, log: bool = False) -> Range:
        """Return the axis of that name for these numbers: the one before while they fill it."""
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (np.nan, np.nan)
        if known.size or name not in self._views:
            self._views[name] = grown(self._views.get(name), low, high, log=log)
        return self._views[name]

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

    def found(self) -> list[Found]:
        """Return each contender that is shown and has results, those of pinned runs last."""
        made = []
        for line in self.lines:
            studied = self._studied_of(line)
            if studied and studied.results and not studied.trouble:
                seeds = max(1, studied.header.experiment.seeds.count)
                row = int(line.replicas[0]) // seeds
                made.append(Found(line, studied.header, studied.results, row))
        return made

    @property
    def drawn(self) -> Results | None:
        """Return the results that are in sight, if any are."""
        shown = self.studied is not None and bool(self.lines) and not self.canvas.message
        return self.studied.results if shown and self.studied else None

    @property
    def header(self) -> Header | None:
        """Return what the results' rows stand for."""
        return self.studied.header if self.studied else None

    def names_of(self, line: Line) -> tuple[str, str]:
        """Return the names of a contender and of its run; the present run has none."""
        run = self.pins[line.run - 1].name if line.run else ""
        return line.name.removesuffix(f" ({run})"), run

    def _studied_of(self, line: Line) -> Studied | None:
        """Return what is known of the run that a line is of."""
        every = (self.studied, *self.beside)
        return every[line.run] if line.run < len(every) else None

    def _offer_wait(self) -> None:
        """Let a long study wait while it goes on, or that of a pinned run does."""
        every = (self.studied, *(one for one in self.beside if one))
        going = any(one and one.share < 1 and not one.trouble for one in every)
        self.wait.setVisible(self.is_long and going)

    def _say(self, message: str) -> None:
        """Show a sentence in place of the picture."""
        self._reading = ""
        self.clear(message)
        self._tell([])

    def _on_pointed(self, place: tuple[float, float] | None) -> None:
        results, self._place = self.drawn, place
        self.read_out(self.reading_at(results, *place) if place and results else "")

    def _on_clicked(self, place: tuple[float, float]) -> None:
        results = self.drawn
        if results:
            self.act_at(results, *place)

    def _tell(self, told: list[str]) -> None:
        self._told = told
        self.show_notes([self._reading] if self._reading else told)

    def _progress(self, studied: Studied) -> list[str]:
        if not studied.fresh:
            return ["of the experiment before the last edit"]
        if studied.share >= 1:
            return []
        return [f"{100 * studied.share:.0f} % done{', waiting' if studied.resting else ''}"]

    def _pinned_notes(self, present: Results) -> list[str]:
        """Return how far the studies of pinned runs have come, and what they say besides."""
        notes = []
        for pin, studied in zip(self.pins, self.beside, strict=False):
            if self.suits(pin):
                told = _told(studied, present)
                notes += [f"{pin.name}: {one}" for one in told]
        return notes

    def _match_lines(self) -> None:
        self.match(self.header)

    def draw(self, history: History) -> None:
        """Draw nothing of a run."""
        raise NotImplementedError

    def option(self, name: str) -> Any:  # noqa: ANN401 - of any kind
        """Return the value of an option."""
        return getattr(self.options, name)


def _told(studied: Studied | None, present: Results) -> list[str]:
    """Return what must be known of the study of a pinned run, and was not said of this one."""
    if studied is None:
        return ["not measured yet"]
    if studied.trouble:
        return [studied.trouble]
    notes = [f"{100 * studied.share:.0f} % done"] if studied.share < 1 else []
    if studied.results:
        notes += [note for note in studied.results.notes if note not in present.notes]
    return notes
