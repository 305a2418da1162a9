"""What every plot is: a title, a row of options, a picture, a legend and one line of notes.

A plot has two verbs, `restart(history)` and `extend(history)`; both only mark it as out of date.
`refresh` draws, and is called by the board's frame clock, one plot per turn of the event loop.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, TypeAlias

from msgspec import structs
from PySide6.QtCore import QRectF, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import NoParams, Params, Value, convert
from initstudio.errors import ExperimentError
from initstudio.experiment import Contender
from initstudio.history import Header, History
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.contender_choice import OPTION, ContenderButton, slots_in
from initstudio.ui.chart.contender_line import Line, Pin, lines_of, pinned_lines
from initstudio.ui.chart.frame import Frame
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.toolbar import Toolbar
from initstudio.ui.theme import Theme, present

Cell: TypeAlias = str | int | float
Table: TypeAlias = list[Sequence[Cell]]

__all__ = ["Cell", "Line", "Pin", "Plot", "Table"]


class Plot(Frame):
    """One picture of a run. A subclass names what it reads and draws it in `draw`."""

    key: ClassVar[str] = ""
    label: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    invitation: ClassVar[str] = "Press Run: the picture appears here."
    order: ClassVar[int] = 100
    pages: ClassVar[tuple[str, ...]] = ("board",)
    """The boards that it can be put on: "board" of the race, "xray" of the start."""
    reads: ClassVar[tuple[str, ...]] = ()
    unlike: ClassVar[str] = "other layers"
    """What an earlier run has that is not shown, as it does not fit."""
    by_contender: ClassVar[bool] = True
    """Whether it can show some of the contenders only."""
    Options: ClassVar[type[Params]] = NoParams

    options_changed = Signal(object)
    """The options that differ from their defaults, dict[str, Value]."""
    marked = Signal()
    """The picture is out of date."""
    place_asked = Signal(int, str)
    """A step and the label of a layer that a person wants to look at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(self.label, Toolbar(self.Options, self.label), parent)
        self.options: Any = self.Options()
        self.history: History | None = None
        self.lines: tuple[Line, ...] = ()
        """The contenders that are shown, those of pinned runs last."""
        self.pins: tuple[Pin, ...] = ()
        self.step: int | None = None
        """The step as which the run is shown; None: as it is now."""
        self.left_out: list[str] = []
        """Why which of the pinned runs cannot be shown here."""
        self.dirty = True
        self.settled = False
        self.theme = present.theme
        self._contenders: tuple[Contender, ...] = ()
        self._seen: object = None
        self.setObjectName(self.key)
        self.setAccessibleName(self.label)
        self.title.setToolTip(self.summary)
        self.toolbar.changed.connect(self._on_option_changed)
        self.who = ContenderButton(self.label, offered=self.by_contender)
        self.who.changed.connect(self._on_chosen)
        self.corner.addWidget(self.who)
        self.picture = self.make_picture()
        self.put(self.picture)
        self.toolbar.show_values(self.options)
        self.show_theme(self.theme)

    # ------------------------------------------------------------------ what a board calls

    def show_options(self, values: Mapping[str, Value]) -> None:
        """Use these options; those left out, and all where one is wrong, are the defaults.

        Among them is which contenders are shown, which is none of `Options`.
        """
        own = {name: value for name, value in values.items() if name != OPTION}
        try:
            options, chosen = convert(own, self.Options, "$"), slots_in(values.get(OPTION, ""))
        except ExperimentError:
            options, chosen = self.Options(), None
        self.toolbar.show_values(options)
        changed, self.options = options != self.options, options
        if self.who.choose(chosen) or changed:
            self._match_lines()

    @property
    def params(self) -> dict[str, Value]:
        """Return what `show_options` would need: all that differs from the defaults."""
        defaults, present = structs.asdict(self.Options()), structs.asdict(self.options)
        found = {key: value for key, value in present.items() if value != defaults[key]}
        return {**found, OPTION: self.who.text_in_file} if self.who.text_in_file else found

    def show_contenders(self, contenders: Sequence[Contender]) -> None:
        """Use the names, order and visibility of the present experiment."""
        before, self._contenders = self._contenders, tuple(contenders)
        if [_shown_as(one) for one in before] != [_shown_as(one) for one in contenders]:
            self.who.show_contenders(self._contenders)
            self._match_lines()

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's colours and fonts."""
        self.theme = theme
        self.show_frame(theme)
        self.who.show_theme(theme)
        if isinstance(self.picture, Canvas):
            self.picture.show_theme(theme)
        self.mark()

    def restart(self, history: History | None) -> None:
        """Show another run, or none."""
        self.history = history
        self._match_lines()

    def show_like(self, other: "Plot") -> None:
        """Show what another plot of this kind shows."""
        self.show_options(other.params)
        self.show_contenders(other.contenders)
        self.restart(other.history)
        self.show_pins(other.pins)
        self.show_step(other.step)

    def show_pins(self, pins: Sequence[Pin]) -> None:
        """Show these earlier runs behind the present one."""
        if tuple(pins) != self.pins:
            self.pins = tuple(pins)
            self._match_lines()

    def show_step(self, step: int | None) -> None:
        """Show the run, and pinned ones, as they were at a step; None: as they are now."""
        if step != self.step:
            self.step = step
            self.mark()

    @property
    def shown(self) -> History | None:
        """Return the run as it is shown."""
        if self.history is None or self.step is None:
            return self.history
        return self.history.at(self.step)

    def of(self, line: Line, history: History) -> History:
        """Return the run in which a line's replicas count: this one, or a pinned one.

        A pinned one is given as it was at the same step, if `history` is that of a step.
        """
        if not line.run:
            return history
        pinned = self.pins[line.run - 1].history
        return pinned if history.until is None else pinned.at(history.until)

    def lines_with(self, key: str, history: History) -> tuple[Line, ...]:
        """Return the lines whose run has this reading by layer."""
        return tuple(line for line in self.lines if key in self.of(line, history).latest)

    def extend(self, history: History) -> None:
        """Show what has been added to the run."""
        if history is not self.history:
            self.restart(history)
        if self.step is not None:
            return  # what is over does not change
        seen = self.state_of(history)
        if seen != self._seen:
            self._seen = seen
            self.mark()

    def mark(self) -> None:
        """Note that the picture is out of date; the frame clock will ask for a new one."""
        self.settled = False
        self.dirty = True
        self.marked.emit()

    @property
    def paint_seconds(self) -> float:
        """Return how long the last painting of the picture took, s."""
        return self.picture.paint_seconds if isinstance(self.picture, Canvas) else 0.0

    def needs(self) -> tuple[str, ...]:
        """Return those of `reads` that the picture shows as its options are now."""
        return self.reads

    def prepare(self) -> Iterator[None]:
        """Compute what the next refresh needs and takes long, a part at each step.

        What has been computed is kept for it; a refresh that comes before does the rest itself.
        """
        yield from ()

    def refresh(self, *, settle: bool = False) -> None:
        """Draw the picture now; `settle` draws it smooth, for a run that rests."""
        self.dirty = False
        self.settled = settle
        history = self.shown
        why_not = self._why_nothing(history)
        if why_not or history is None:
            self.clear(why_not)
            self.show_notes([])
            return
        self.draw(history)

    # ------------------------------------------------------------------ what a subclass fills in

    def state_of(self, history: History) -> object:
        """Return what the picture depends on; while it is the same, nothing is drawn again."""
        return history.revision

    def make_picture(self) -> QWidget:
        """Return the widget that shows the picture: a canvas, unless a subclass has another."""
        return self.make_canvas()

    def make_canvas(self) -> Canvas:
        """Return a new canvas that bears the picture's name."""
        canvas = Canvas()
        canvas.setAccessibleName(self.label)
        canvas.setAccessibleDescription(self.summary)
        canvas.resized.connect(self.mark)
        return canvas

    def draw(self, history: History) -> None:
        """Draw the run's picture; there is at least one contender, and all that is read."""
        raise NotImplementedError

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run can be drawn into the same picture."""
        return (pinned.layers, pinned.tensors) == (present.layers, present.tensors)

    def has(self, pinned: History) -> bool:
        """Return whether a pinned run has anything that the picture shows."""
        known = pinned.series.keys() | pinned.epoch_series.keys() | pinned.latest.keys()
        return not known.isdisjoint(self.needs())

    def on_shape_changed(self) -> None:
        """Forget what was computed for other options, contenders or another run."""

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        """Paint the picture, which has the size of the area, without its ground."""
        self.canvas.paint_on(painter, area)

    def data(self, history: History) -> Table:
        """Return the numbers behind the picture: headings, then rows of cells."""
        raise NotImplementedError

    def clear(self, message: str) -> None:
        """Show no data, and a sentence."""
        if isinstance(self.picture, Canvas):
            self.picture.begin()
            self.picture.end()
            self.picture.say(message)
        self.legend.show_labels(tuple(Label(one.name, one.slot, run=one.run) for one in self.lines))

    # ------------------------------------------------------------------ for subclasses

    @property
    def canvas(self) -> Canvas:
        """Return the canvas.

        Raises:
            TypeError: This plot has none.
        """
        if not isinstance(self.picture, Canvas):
            raise TypeError(self.key)
        return self.picture

    @property
    def header(self) -> Header | None:
        """Return what the run's readings stand for."""
        return self.history.header if self.history else None

    def show_notes(self, notes: Sequence[str]) -> None:
        """Write what a person must know to read the picture."""
        super().show_notes([*notes, *self.left_out])

    def suits(self, pin: Pin) -> bool:
        """Return whether a pinned run could be drawn here, if it has what the picture shows."""
        return self.header is None or self.fits(pin.history.header, self.header)

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Return the contenders of the present experiment."""
        return self._contenders

    def show_layer(self, name: str) -> None:
        """Show a layer, if the picture shows one and that is among them; as a person does."""
        value = self.toolbar.value_called("layer", name)
        if value is not None:
            self.set_option("layer", value)

    def set_option(self, name: str, value: Value) -> None:
        """Change one option as a person does, and tell of it."""
        self._on_option_changed(name, value)

    # ------------------------------------------------------------------ inside

    def _why_nothing(self, history: History | None) -> str:
        if history is None:
            return self.invitation
        recorded = history.header.experiment.recording.probes
        missing = [key for key in self.reads if recorded is not None and key not in recorded]
        if len(missing) == len(self.reads) and missing:
            names = " and ".join(f"“{key.replace('_', ' ')}”" for key in missing)
            return f"{names} was not recorded in this run."
        if not self.lines:
            return "No contender of this run is shown."
        known = history.series.keys() | history.epoch_series.keys() | history.latest.keys()
        return self.invitation if known.isdisjoint(self.reads) else ""

    def _match_lines(self) -> None:
        self.match(self.header)

    def match(self, header: Header | None) -> None:
        """Find the rows of the contenders that are shown, in what the header tells of."""
        lines = lines_of(header, self._contenders) if header else []
        self.left_out = []
        for run, pin in enumerate(self.pins, 1):
            if not self.suits(pin):
                self.left_out.append(f"{pin.name} has {self.unlike}, and is not shown")
            elif not self.has(pin.history):
                why = pin.why or "no readings for this picture"
                self.left_out.append(f"{pin.name}: {why}")
            else:
                lines += pinned_lines(run, pin)
        self.lines = tuple(line for line in lines if self.who.shows(line.slot))
        self.on_shape_changed()
        self.mark()

    def _on_option_changed(self, name: str, value: Value) -> None:
        options = convert({**structs.asdict(self.options), name: value}, self.Options, "$")
        if options == self.options:
            return
        self.options = options
        self.toolbar.show_values(options)
        self._match_lines()
        self.options_changed.emit(self.params)

    def _on_chosen(self) -> None:
        self._match_lines()
        self.options_changed.emit(self.params)


def _shown_as(contender: Contender) -> tuple[str, int, bool]:
    """Return all of a contender that a picture depends on, besides the readings."""
    return contender.name, contender.slot, contender.hidden
