"""What every plot is: a title, a row of options, a picture, a legend and one line of notes.

A plot has two verbs, `restart(history)` and `extend(history)`; both only mark it as out of date.
`refresh` draws, and is called by the board's frame clock, one plot per turn of the event loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, ClassVar, TypeAlias

import numpy as np
import numpy.typing as npt
from msgspec import structs
from PySide6.QtCore import QEvent, QObject, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from initstudio.catalogue import NoParams, Params, Value, convert
from initstudio.errors import ExperimentError
from initstudio.experiment import Contender
from initstudio.history import Header, History
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.legend import Label, Legend
from initstudio.ui.chart.toolbar import Toolbar
from initstudio.ui.theme import Theme, font, present

TAKEN = {
    "copy_picture": "&Copy picture",
    "save_picture": "&Save picture…",
    "copy_data": "Copy &data",
    "save_data": "Save data &as CSV…",
}
"""What a person can take home of a plot: its key, and the menu's words for it."""
Cell: TypeAlias = str | int | float
Table: TypeAlias = list[Sequence[Cell]]


@dataclass(frozen=True)
class Line:
    """One contender that is shown, and its replicas in the readings, int64 [seeds]."""

    name: str
    slot: int
    replicas: npt.NDArray[np.int64] = field(compare=False)


class Plot(QWidget):
    """One picture of a run. A subclass names what it reads and draws it in `draw`."""

    key: ClassVar[str] = ""
    label: ClassVar[str] = ""
    summary: ClassVar[str] = ""
    invitation: ClassVar[str] = "Press Run: the picture appears here."
    order: ClassVar[int] = 100
    pages: ClassVar[tuple[str, ...]] = ("board",)
    """The boards that it can be put on: "board" of the race, "xray" of the start."""
    reads: ClassVar[tuple[str, ...]] = ()
    Options: ClassVar[type[Params]] = NoParams

    options_changed = Signal(object)
    """The options that differ from their defaults, dict[str, Value]."""
    marked = Signal()
    """The picture is out of date."""
    enlarge_asked = Signal()
    """The title was double-clicked."""
    taken = Signal(str)
    """What is to be taken home: a key of `TAKEN`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.options: Any = self.Options()
        self.history: History | None = None
        self.lines: tuple[Line, ...] = ()
        self.dirty = True
        self.settled = False
        self.theme = present.theme
        self._contenders: tuple[Contender, ...] = ()
        self._seen: object = None
        self.setObjectName(self.key)
        self.setAccessibleName(self.label)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAutoFillBackground(True)
        self.title = QLabel(self.label)
        self.title.setToolTip(self.summary)
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.title.setMinimumWidth(40)
        self.title.installEventFilter(self)
        self.toolbar = Toolbar(self.Options, self.label)
        self.toolbar.changed.connect(self._on_option_changed)
        self.more = self._make_more()
        self.legend = Legend()
        self.note = QLabel(wordWrap=False)
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._note = ""
        self._beside: bool | None = None
        self.picture = self.make_picture()
        self._lay_out()
        self.toolbar.show_values(self.options)
        self.show_theme(self.theme)

    # ------------------------------------------------------------------ what a board calls

    def show_options(self, values: Mapping[str, Value]) -> None:
        """Use these options; those left out, and all where one is wrong, are the defaults."""
        try:
            options = convert(dict(values), self.Options, "$")
        except ExperimentError:
            options = self.Options()
        self.toolbar.show_values(options)
        if options != self.options:
            self.options = options
            self.on_shape_changed()
            self.mark()

    def show_contenders(self, contenders: Sequence[Contender]) -> None:
        """Use the names, order and visibility of the present experiment."""
        before, self._contenders = self._contenders, tuple(contenders)
        if [_shown_as(one) for one in before] != [_shown_as(one) for one in contenders]:
            self._match_lines()

    def show_theme(self, theme: Theme) -> None:
        """Use the theme's colours and fonts."""
        self.theme = theme
        self.title.setFont(font(theme.title_font, bold=True))
        self.note.setFont(font(theme.small_font))
        self.note.setStyleSheet(f"color: {theme.muted};")
        self.note.setFixedHeight(self.note.fontMetrics().height() + 2)
        self.setStyleSheet(
            f"#{self.objectName()} {{ background: {theme.base};"
            f" border: 1px solid {theme.border}; border-radius: 8px; }}"
        )
        self.legend.show_theme(theme)
        if isinstance(self.picture, Canvas):
            self.picture.show_theme(theme)
        self.mark()

    def restart(self, history: History | None) -> None:
        """Show another run, or none."""
        self.history = history
        self._match_lines()

    def show_like(self, other: "Plot") -> None:
        """Show what another plot of this kind shows."""
        self.show_options(structs.asdict(other.options))
        self.show_contenders(other.contenders)
        self.restart(other.history)

    def extend(self, history: History) -> None:
        """Show what has been added to the run."""
        if history is not self.history:
            self.restart(history)
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

    def refresh(self, *, settle: bool = False) -> None:
        """Draw the picture now; `settle` draws it smooth, for a run that rests."""
        self.dirty = False
        self.settled = settle
        why_not = self._why_nothing()
        if why_not or self.history is None:
            self.clear(why_not)
            self.show_notes([])
            return
        self.draw(self.history)

    # ------------------------------------------------------------------ what a subclass fills in

    def state_of(self, history: History) -> object:
        """Return what the picture depends on; while it is the same, nothing is drawn again."""
        return history.revision

    def make_picture(self) -> QWidget:
        """Return the widget that shows the picture: a canvas, unless a subclass has another."""
        canvas = Canvas()
        canvas.setAccessibleName(self.label)
        canvas.setAccessibleDescription(self.summary)
        canvas.resized.connect(self.mark)
        return canvas

    def draw(self, history: History) -> None:
        """Draw the run's picture; there is at least one contender, and all that is read."""
        raise NotImplementedError

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
        self.legend.show_labels(tuple(Label(one.name, one.slot) for one in self.lines))

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
        """Write what a person must know to read the picture; the whole text is in the tooltip."""
        text = "  ·  ".join(note for note in notes if note)
        if text != self._note:
            self._note = text
            self.note.setToolTip("\n".join(note for note in notes if note))
            self._elide_note()

    @property
    def contenders(self) -> tuple[Contender, ...]:
        """Return the contenders of the present experiment."""
        return self._contenders

    @property
    def notes(self) -> str:
        """Return the notes under the picture, in full."""
        return self._note

    def set_option(self, name: str, value: Value) -> None:
        """Change one option as a person does, and tell of it."""
        self._on_option_changed(name, value)

    # ------------------------------------------------------------------ inside

    def _why_nothing(self) -> str:
        if self.history is None:
            return self.invitation
        recorded = self.history.header.experiment.recording.probes
        missing = [key for key in self.reads if recorded is not None and key not in recorded]
        if len(missing) == len(self.reads) and missing:
            names = " and ".join(f"“{key.replace('_', ' ')}”" for key in missing)
            return f"{names} was not recorded in this run."
        if not self.lines:
            return "No contender of this run is shown."
        known = {**self.history.series, **self.history.epoch_series, **self.history.latest}
        return "" if any(key in known for key in self.reads) else self.invitation

    def _match_lines(self) -> None:
        self.match(self.header)

    def match(self, header: Header | None) -> None:
        """Find the rows of the contenders that are shown, in what the header tells of."""
        lines: list[Line] = []
        if header is not None:
            slots = np.array(header.slots)
            for one in self._contenders:
                replicas = np.flatnonzero(slots == one.slot)
                if len(replicas) and not one.hidden:
                    lines.append(Line(one.name, one.slot, replicas))
        self.lines = tuple(lines)
        self.on_shape_changed()
        self.mark()

    def _on_option_changed(self, name: str, value: Value) -> None:
        options = convert({**structs.asdict(self.options), name: value}, self.Options, "$")
        if options == self.options:
            return
        self.options = options
        self.toolbar.show_values(options)
        self.on_shape_changed()
        self.mark()
        defaults = structs.asdict(self.Options())
        changed = structs.asdict(options)
        self.options_changed.emit(
            {key: changed[key] for key in changed if changed[key] != defaults[key]}
        )

    def _make_more(self) -> QToolButton:
        """Return the button with the menu of what can be taken home; so does a right click."""
        button = QToolButton(popupMode=QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setText("⋯")
        button.setProperty("kind", "dots")
        button.setAccessibleName(f"{self.label}: Take home")
        button.setToolTip("Take this picture or its numbers home.")
        menu = QMenu(button)
        for key, text in TAKEN.items():
            menu.addAction(text).triggered.connect(partial(self._on_taken, key))
        menu.addSeparator()
        menu.addAction("&Enlarge, or back").triggered.connect(self._on_enlarge)
        button.setMenu(menu)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: menu.popup(self.mapToGlobal(at)))
        return button

    def _on_taken(self, key: str, *_checked: bool) -> None:
        self.taken.emit(key)

    def _on_enlarge(self, *_checked: bool) -> None:
        self.enlarge_asked.emit()

    def _lay_out(self) -> None:
        self._head = QGridLayout()
        self._head.setSpacing(2)
        self._head.setColumnStretch(0, 1)
        self._head.addWidget(self.title, 0, 0)
        self._head.addWidget(self.more, 0, 2)
        self._place_toolbar(beside=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 7, 10, 5)
        column.setSpacing(3)
        column.addLayout(self._head)
        column.addWidget(self.legend)
        column.addWidget(self.picture, 1)
        column.addWidget(self.note)

    def _place_toolbar(self, *, beside: bool) -> None:
        """Put the options beside the title, or into a row of their own."""
        if beside == self._beside:
            return
        self._beside = beside
        self._head.removeWidget(self.toolbar)
        place = (0, 1, 1, 1) if beside else (1, 0, 1, 4)
        self._head.addWidget(self.toolbar, *place, Qt.AlignmentFlag.AlignLeft)

    def _elide_note(self) -> None:
        metrics = self.note.fontMetrics()
        width = max(20, self.width() - 26)
        self.note.setText(metrics.elidedText(self._note, Qt.TextElideMode.ElideRight, width))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the notes to the width, and give the options a row where they need one."""
        super().resizeEvent(event)
        self._elide_note()
        title = self.title.fontMetrics().horizontalAdvance(self.label)
        controls = self.toolbar.sizeHint().width() + self.more.sizeHint().width()
        self._place_toolbar(beside=title + controls + 38 <= self.width())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Ask for more room at a double click on the title."""
        if event.type() == QEvent.Type.MouseButtonDblClick:
            self.enlarge_asked.emit()
            return True
        return super().eventFilter(watched, event)

    def hasHeightForWidth(self) -> bool:
        """Return that the board is shared evenly, whatever the legend needs."""
        return False

    def sizeHint(self) -> QSize:
        """Return the same size for all pictures, so that they share the board evenly."""
        return QSize(420, 300)

    def minimumSizeHint(self) -> QSize:
        """Return the least size at which a picture can be read."""
        return QSize(220, 150)


def _shown_as(contender: Contender) -> tuple[str, int, bool]:
    """Return all of a contender that a picture depends on, besides the readings."""
    return contender.name, contender.slot, contender.hidden
