"""The loss along the straight line from the start to the present weights."""

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.history import Header, History, Known
from initstudio.measurement import SELDOM
from initstudio.trajectories import LINE
from initstudio.ui.chart.lines import Range, counted, fair_top, grown, number
from initstudio.ui.plots.curve_plot import Curve, CurvePlot, over
from initstudio.ui.plots.plot import Line, Table

GUIDES = ((0.0, "start"), (1.0, "now"))
PLACES = np.array(LINE)


class LineLossOptions(Params, frozen=True):
    """On which scale."""

    scale: Annotated[
        Literal["linear", "log"],
        Meta(title="Scale", extra={"choices": {"linear": "Linear", "log": "Log"}}),
    ] = "linear"


class LineLossPlot(CurvePlot):
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

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run minimises the same loss."""
        return pinned.experiment.training.loss == present.experiment.training.loss

    def draw(self, history: History) -> None:
        """Draw the guides, and a curve for each contender."""
        self.take_in(history)
        if not self.drawn:
            self.clear("“line loss” was not recorded in this run.")
            self.show_notes([])
            return
        self._view = self._axis()
        canvas = self.canvas
        canvas.left.show_as(log=self._log)
        canvas.bottom.show_as()
        name = "place on the line from the start (0) to now (1)"
        canvas.name_axes(name, "loss on the first batch")
        canvas.look_at((LINE[0], LINE[-1]), self._view)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        self._draw_guides()
        self.draw_curves()
        canvas.end()
        self.name_curves()
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

    @property
    def _log(self) -> bool:
        return bool(self.options.scale == "log")

    def curve_of(self, readings: Known, line: Line) -> Curve:
        """Return what a contender loses at each place."""
        return over(PLACES, readings["line_loss"][line.replicas], log=self._log)

    def text_of(self, curve: Curve) -> str:
        """Return the loss below the mouse, or now."""
        value = curve.at(1.0 if self.hover is None else self.hover)
        value = 10**value if self._log else value
        return number(value) if np.isfinite(value) else "no number"

    def _axis(self) -> Range:
        """Return the axis of losses; one that a runaway reaches above is cut off."""
        ends = self.ends()
        if not ends:
            return self._view or (0.0, 1.0)
        lows, highs = [low for low, _ in ends], [high for _, high in ends]
        if self._log:
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

    def _make_notes(self, history: History) -> list[str]:
        notes = [f"step {_step_of(history):,}", *self._troubles()]
        seeds = self.seeds_note(history)
        notes.append(f"{seeds}, each on its own first batch" if seeds else "")
        notes.append("without dropout; normalization goes by the batch")
        return notes

    def _troubles(self) -> list[str]:
        """Return what cannot be drawn of the contenders."""
        notes = []
        _, top = self._view or (0.0, np.inf)
        for line, curve in zip(self.drawn, self.curves, strict=True):
            if curve.hostile:
                notes.append(f"{line.name}: no finite loss at {counted(curve.hostile, 'place')}")
            if curve.lost:
                notes.append(f"{line.name}: 0 at {counted(curve.lost, 'place')}, not on this scale")
            most = float(np.nanmax(curve.high, initial=-np.inf))
            if not self._log and most > top:
                notes.append(f"{line.name} reaches {number(most)}, above the axis")
        return notes

    def on_hovered(self, x: float | None) -> None:
        """Tell of the curves where the mouse is, and where that is."""
        super().on_hovered(x)
        if x is not None and self.curves:
            self.canvas.setToolTip(f"{100 * x:.0f} % of the way from the start to now")


def _step_of(run: History) -> int:
    """Return the step of the newest reading: at each so-manieth snapshot, and the last."""
    if run.until is not None:
        kept = run.album.steps_of("line_loss")
        return int(kept[kept <= run.until].max(initial=0))
    if run.layers_step >= run.header.steps - 1:
        return run.layers_step
    every = SELDOM * run.header.experiment.recording.every
    return run.layers_step // every * every
