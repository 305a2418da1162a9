"""The loss along the straight line from the start to the present weights."""

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta
from PySide6.QtWidgets import QWidget

from initstudio.catalogue import Params
from initstudio.history import Header, History
from initstudio.measurement import SELDOM
from initstudio.trajectories import LINE
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import (
    Array,
    Range,
    counted,
    fair_top,
    grown,
    masked,
    number,
    over_seeds,
)
from initstudio.ui.plots.plot import Line, Plot, Table

MOST_BANDS = 4
GUIDES = ((0.0, "start"), (1.0, "now"))
PLACES = np.array(LINE)


class LineLossOptions(Params, frozen=True):
    """On which scale."""

    scale: Annotated[
        Literal["linear", "log"],
        Meta(title="Scale", extra={"choices": {"linear": "Linear", "log": "Log"}}),
    ] = "linear"


@dataclass(frozen=True, eq=False)
class Losses:
    """What one contender loses at each place: the middle of its seeds, the least and greatest.

    As it is drawn; NaN where no seed has a number. `hostile` and `lost` count what is left out: no
    finite number, and 0 or less on a log scale.
    """

    middle: Array
    low: Array
    high: Array
    hostile: int
    lost: int


class LineLossPlot(Plot):
    """A curve for each contender, from a quarter before its start to a quarter beyond now."""

    key = "line_loss"
    label = "Loss along the line"
    summary = (
        "The loss on the first batch with the weights on the straight line from the start to where "
        "they are now, and a quarter of the way beyond both: a hill between them would show."
    )
    invitation = "Press Run: the loss between the start and the present weights appears here."
    order = 79
    reads = ("line_loss",)
    Options = LineLossOptions

    def __init__(self, parent: QWidget | None = None) -> None:
        self._view: Range | None = None
        self._drawn: tuple[Line, ...] = ()
        self._losses: list[Losses] = []
        self._hover: float | None = None
        super().__init__(parent)

    def make_picture(self) -> Canvas:
        """Return a canvas that tells where the mouse is."""
        canvas = self.make_canvas()
        canvas.hovered.connect(self._on_hovered)
        return canvas

    def state_of(self, history: History) -> object:
        """Return the step of the newest readings."""
        return history.layers_step

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run minimises the same loss."""
        return pinned.experiment.training.loss == present.experiment.training.loss

    def on_shape_changed(self) -> None:
        """Forget the axis and the curves."""
        self._view = None
        self._drawn, self._losses = (), []

    def draw(self, history: History) -> None:
        """Draw the guides, and a curve for each contender."""
        self._take_in(history)
        if not self._drawn:
            self.clear("“line loss” was not recorded in this run.")
            self.show_notes([])
            return
        log = self.options.scale == "log"
        self._view = self._axis(log=log)
        canvas = self.canvas
        canvas.left.show_as(log=log)
        canvas.bottom.show_as()
        name = "place on the line from the start (0) to now (1)"
        canvas.name_axes(name, "loss on the first batch")
        canvas.look_at((LINE[0], LINE[-1]), self._view)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        self._draw_guides()
        for line, losses in zip(self._drawn, self._losses, strict=True):
            self._draw_curve(line, losses)
        canvas.end()
        self._label()
        self.show_notes(self._make_notes(history))

    def data(self, history: History) -> Table:
        """Return the loss of each network at each place."""
        rows: Table = [("contender", "seed", "step", "place", "loss")]
        for line in self.lines_with("line_loss", history):
            run = self.of(line, history)
            for replica in line.replicas.tolist():
                head = (line.name, run.header.seeds[replica], _step_of(run))
                found = run.latest["line_loss"][replica].tolist()
                rows += [(*head, *cells) for cells in zip(LINE, found, strict=True)]
        return rows

    # ------------------------------------------------------------------ inside

    def _take_in(self, history: History) -> None:
        """Take the curves of the contenders whose run has some."""
        log = self.options.scale == "log"
        self._drawn = self.lines_with("line_loss", history)
        self._losses = [
            _losses(self.of(line, history).latest["line_loss"][line.replicas], log=log)
            for line in self._drawn
        ]

    def _axis(self, *, log: bool) -> Range:
        """Return the axis of losses; one that a runaway reaches above is cut off."""
        ends = [
            (float(np.nanmin(one.low)), float(np.nanmax(one.high)))
            for one in self._losses
            if np.isfinite(one.low).any()
        ]
        if not ends:
            return self._view or (0.0, 1.0)
        lows, highs = [low for low, _ in ends], [high for _, high in ends]
        if log:
            return grown(self._view, min(lows), max(highs), log=True)
        return grown(self._view, min(0.0, *lows), fair_top(lows, highs))

    def _draw_guides(self) -> None:
        """Draw where the start and the present weights are."""
        (bottom, top), theme = self.canvas.view[1], self.theme
        for at, word in GUIDES:
            ends = np.array([bottom, top])
            key = ("guide", word)
            self.canvas.line(key, np.full(2, at), ends, theme.muted, width=1, dash=(4, 4), z=2)
            place = (at + 0.01, bottom + 0.02 * (top - bottom))
            self.canvas.words(key, place, word)

    def _draw_curve(self, line: Line, losses: Losses) -> None:
        canvas, stroke = self.canvas, line.stroke(self.theme)
        if len(line.replicas) > 1 and len(self._drawn) <= MOST_BANDS:
            veil = self.theme.veil(stroke.colour, len(self._drawn))
            canvas.area(line.key, PLACES, losses.low, losses.high, veil, z=3)
        canvas.line(
            line.key, PLACES, losses.middle, stroke.colour, width=stroke.width, dash=stroke.dash
        )

    def _make_notes(self, history: History) -> list[str]:
        notes = [f"step {_step_of(history):,}", *self._troubles()]
        seeds = history.header.experiment.seeds.count
        if seeds > 1:
            banded = len(self._drawn) <= MOST_BANDS
            what = "median and range" if banded else "median"
            notes.append(f"{what} of {counted(seeds, 'seed')}, each on its own first batch")
        notes.append("without dropout; normalization goes by the batch")
        return notes

    def _troubles(self) -> list[str]:
        """Return what cannot be drawn of the contenders."""
        notes = []
        _, top = self._view or (0.0, np.inf)
        log = self.options.scale == "log"
        for line, losses in zip(self._drawn, self._losses, strict=True):
            if losses.hostile:
                notes.append(f"{line.name}: no finite loss at {counted(losses.hostile, 'place')}")
            if losses.lost:
                notes.append(
                    f"{line.name}: 0 at {counted(losses.lost, 'place')}, not on this scale"
                )
            most = float(np.nanmax(losses.high, initial=-np.inf))
            if not log and most > top:
                notes.append(f"{line.name} reaches {number(most)}, above the axis")
        return notes

    def _on_hovered(self, x: float | None) -> None:
        self._hover = x
        self.canvas.point_at(x if self._losses else None)
        self._label()
        if x is not None and self._losses:
            self.canvas.setToolTip(f"{100 * x:.0f} % of the way from the start to now")

    def _label(self) -> None:
        """Name the contenders, with their loss below the mouse, or now."""
        labels = []
        for line, losses in zip(self._drawn, self._losses, strict=True):
            at = 1.0 if self._hover is None else self._hover
            value = float(np.interp(at, PLACES, losses.middle))
            value = 10**value if self.options.scale == "log" else value
            text = number(value) if np.isfinite(value) else "no number"
            labels.append(Label(line.name, line.slot, text, line.run))
        self.legend.show_labels(tuple(labels))


def _step_of(run: History) -> int:
    """Return the step of the newest reading: at each so-manieth snapshot, and the last."""
    if run.until is not None:
        kept = run.album.steps_of("line_loss")
        return int(kept[kept <= run.until].max(initial=0))
    if run.layers_step >= run.header.steps - 1:
        return run.layers_step
    every = SELDOM * run.header.experiment.recording.every
    return run.layers_step // every * every


def _losses(readings: npt.NDArray[np.floating], *, log: bool) -> Losses:
    """Return what one contender loses, over its seeds [seeds, places]."""
    drawn, hostile, lost = masked(readings, log=log)
    return Losses(*over_seeds(drawn), hostile, lost)
