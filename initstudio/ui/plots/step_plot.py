"""What a picture over the steps is: curves of training and of validation, to be looked into."""

from collections.abc import Iterator, Sequence
from math import inf, isfinite
from typing import Any, ClassVar

import numpy as np
from PySide6.QtWidgets import QToolButton, QWidget

from initstudio.history import Header, History
from initstudio.series import Series
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import (
    Array,
    Range,
    counted,
    fair_top,
    grown,
    number,
    step_end,
    zigzag,
)
from initstudio.ui.chart.marks import Mark
from initstudio.ui.chart.step_part import Curves, Part
from initstudio.ui.chart.track import Track
from initstudio.ui.chart.zoom import Zoom
from initstudio.ui.plots.plot import Line, Plot, Table

RECENT = 0.25
"""Share of what is seen that counts as recent."""
WIDE = 420
"""Pixels from which on a picture has room for names at the lines' ends."""
FEW_NAMES = 8
COLUMNS, BUSY_COLUMNS = 190, 120
"""Most points of a line while a run goes, when it must cost little; and of more than MANY lines."""
MANY = 8
"""Contenders of which each has its band; of more they would hide one another."""


class StepPlot(Plot):
    """Curves over steps: the median of each contender's seeds, and the band between them."""

    percent: ClassVar[bool] = False
    quantity: ClassVar[str] = ""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._tracks: dict[tuple[int, str], Track] = {}
        self._view_y: Range | None = None
        self._parts: list[Part] = []
        self._hover: float | None = None
        self.zoom = Zoom()
        super().__init__(parent)
        self.whole = QToolButton()
        self.whole.setText("Whole run")
        self.whole.setProperty("kind", "quiet")
        self.whole.setAccessibleName(f"{self.label}: Whole run")
        self.whole.setToolTip("See all steps again; so does a double click.")
        self.whole.clicked.connect(self.zoom.end)
        self.whole.hide()
        self.put_last(self.whole)
        self.zoom.changed.connect(self._on_zoomed)

    def make_picture(self) -> Canvas:
        """Return a canvas that tells where the mouse is."""
        canvas = self.make_canvas()
        canvas.hovered.connect(self._on_hovered)
        canvas.wheeled.connect(self.zoom.turn)
        canvas.dragged.connect(self.zoom.move)
        canvas.double_clicked.connect(self._on_double_clicked)
        return canvas

    def restart(self, history: History | None) -> None:
        """Show another run, or none, as a whole."""
        if history is not self.history:
            self.zoom.end()
        super().restart(history)

    def show_like(self, other: Plot) -> None:
        """Show what another plot of this kind shows, the same part of it."""
        super().show_like(other)
        if isinstance(other, StepPlot):
            self.zoom.part = other.zoom.part

    def on_shape_changed(self) -> None:
        """Forget the curves and the axis."""
        several = any(len(line.replicas) > 1 for line in self.lines)
        self.toolbar.control("band").setVisible(several)
        self._tracks = {}
        self._view_y = None
        self._parts = []

    def draw(self, history: History) -> None:
        """Draw the curves of training, validation or both."""
        self._parts = self._find_parts(history)
        canvas = self.canvas
        if not self._parts:
            self.clear(self._nothing_yet(history))
            self.show_notes([])
            return
        log = self._log
        view_x = self.zoom.view((0.0, self._end(history)))
        until = inf if history.until is None else history.until
        most = BUSY_COLUMNS if len(self.lines) > MANY and not self.settled else COLUMNS
        columns, scale = min(most, canvas.columns), 100.0 if self.percent else 1.0
        drawn = [part.curves(view_x, columns, until, scale=scale, log=log) for part in self._parts]
        self._view_y = self._range(drawn, log=log)
        canvas.left.show_as(log=log)
        canvas.name_axes(*self._axis_names(history))
        canvas.look_at(view_x, self._view_y)
        canvas.say("")
        canvas.begin(smooth=self.settled)
        for part, curves in zip(self._parts, drawn, strict=True):
            self._draw_part(part, curves)
        self._draw_breaks(history, drawn)
        self._draw_until(history)
        canvas.end()
        self._name_ends(drawn)
        self._show_labels()
        self.show_notes(self._make_notes(history, drawn, log=log))

    def data(self, history: History) -> Table:
        """Return every reading that is kept of the part that is shown, whatever is smoothed."""
        rows: Table = [
            ("part", "contender", "seed", "step", "least", "mean", "greatest", "readings")
        ]
        for part in self._find_parts(history):
            name = "validation" if part.validation else "training"
            seeds = self.of(part.lines[0], history).header.seeds
            until = inf if history.until is None else history.until
            rows += [(name, *cells) for cells in part.cells(seeds, until)]
        return rows

    # ------------------------------------------------------------------ what is drawn

    @property
    def _log(self) -> bool:
        return getattr(self.options, "scale", "linear") == "log"

    def fits(self, _pinned: Header, _present: Header) -> bool:
        """Return that curves over steps need no likeness."""
        return True

    def _end(self, history: History) -> float:
        """Return the last step of the axis."""
        runs = [history, *(pin.history for pin in self.pins)]
        last = max(1, *(run.last_step for run in runs))
        return float(step_end(last, max(1, *(run.header.steps for run in runs))))

    def _find_parts(self, history: History) -> list[Part]:
        parts = []
        for run in sorted({line.run for line in self.lines}):
            lines = tuple(line for line in self.lines if line.run == run)
            parts += self._parts_of(lines, self.of(lines[0], history))
        return parts

    def _parts_of(self, lines: tuple[Line, ...], history: History) -> list[Part]:
        """Return the curves of one run's contenders."""
        train, held_out = self.reads
        options = self.options
        parts = []
        if options.show != "validation":
            by_epoch = options.each == "epoch"
            found = (history.epoch_means if by_epoch else history.series).get(train)
            if found is not None and len(found):
                parts.append(self._part(lines, train, found, by_epoch=by_epoch))
        if options.show != "train":
            found = history.epoch_series.get(held_out)
            if found is not None and len(found) and np.isfinite(found.mean).any():
                parts.append(self._part(lines, held_out, found, by_epoch=True))
        if parts:
            parts[-1].front = True
        return parts

    def _part(self, lines: tuple[Line, ...], key: str, series: Series, *, by_epoch: bool) -> Part:
        place = (lines[0].run, key)
        if place not in self._tracks:
            weight = 0.0 if by_epoch else self.options.smoothing
            groups = [line.replicas for line in lines]
            quartiles = self.options.band == "quartiles"
            self._tracks[place] = Track(groups, weight, quartiles=quartiles)
        track = self._tracks[place]
        track.follow(series)
        view = self.zoom.part
        near = track.near(view) if view else track
        dotted = by_epoch and len(near.x) <= 50
        return Part(lines, series, track, view, near, key == self.reads[1], dotted)

    def _range(self, drawn: list[Curves], *, log: bool) -> Range:
        if self.percent:
            return (0.0, 100.0)
        recent = RECENT if getattr(self.options, "recent", False) else 1.0
        # the band is left out: one seed among many must not set the axis
        ends = [end for curves in drawn for end in curves.ends(recent)]
        if not ends:
            return self._view_y or (0.0, 1.0)
        bottoms, tops = [low for low, _ in ends], [high for _, high in ends]
        if log:
            return grown(self._view_y, min(bottoms), max(tops), log=True)
        top = fair_top(bottoms, tops)
        bottom = min(bottoms)
        return grown(self._view_y, 0.0 if 0 <= bottom < top / 2 else bottom, top)

    def _draw_part(self, part: Part, curves: Curves) -> None:
        theme, canvas = self.theme, self.canvas
        x, low, high = curves.x, curves.low, curves.high
        for index, line in enumerate(part.lines if len(x) else ()):
            key, stroke = (line.key, part.validation), line.stroke(theme)
            ink = stroke.colour if part.front else theme.blend(stroke.colour, 0.5)
            if len(line.replicas) > 1 and part.front and not line.run and len(self.lines) <= MANY:
                band = theme.veil(stroke.colour, len(self.lines))
                canvas.area(("band", *key), x, low[2, index], high[3, index], band, z=1)
            if len(line.replicas) == 1 and self._smoothed(part) and not line.run:
                raw = zigzag(x, low[1, index], high[1, index])
                canvas.line(("raw", *key), *raw, theme.blend(stroke.colour, 0.28), width=1, z=5)
            points = self._main_line(part, x, low[:, index], high[:, index])
            canvas.line(
                key, *points, ink, width=stroke.width, dash=stroke.dash,
                z=(20 if part.validation else 10) - bool(line.run),
            )  # fmt: skip
            if (part.dotted and not line.run) or len(x) == 1:
                canvas.dots(key, x, low[0, index], ink, size=6, z=21)

    def _draw_breaks(self, history: History, drawn: list[Curves]) -> None:
        """Draw a cross where each contender's loss was no number any more."""
        marks = []
        for line, x, low, high in self._fronts(drawn):
            steps = self.of(line, history).diverged[line.replicas]
            known = np.flatnonzero(np.isfinite(low))
            if (steps >= 0).all() and len(known):
                at, step = int(known[-1]), int(steps.min())
                bottom, top = self.canvas.view[1]
                y = min(max(float(high[at]), bottom), top)
                colour = line.stroke(self.theme).colour
                marks.append(Mark(y, f"{step:,}", colour, x=max(float(x[at]), step)))
        self.canvas.crosses("breaks", marks, z=30)

    def _draw_until(self, history: History) -> None:
        """Draw where the run is shown, if that is not its end."""
        if history.until is not None:
            x, ends = np.full(2, float(history.until)), np.array(self.canvas.view[1])
            self.canvas.line("until", x, ends, self.theme.muted, width=1.2, z=25)

    def _fronts(self, drawn: list[Curves]) -> Iterator[tuple[Line, Array, Array, Array]]:
        """Yield each line that is in front: it, its x, and its least and greatest y [n]."""
        for part, curves in zip(self._parts, drawn, strict=True):
            for index, line in enumerate(part.lines if part.front else ()):
                yield line, curves.x, curves.low[0, index], curves.high[0, index]

    def _name_ends(self, drawn: list[Curves]) -> None:
        """Write the contenders' names where their lines end, if there is room."""
        marks = []
        own = sum(not line.run for line in self.lines)
        if self.width() >= WIDE and own <= FEW_NAMES:
            for line, x, low, _high in self._fronts(drawn):
                if line.run:
                    continue  # the legend tells them from the present run's
                inside = low[x <= self.canvas.view[0][1]]
                known = inside[np.isfinite(inside)]
                if len(known):
                    colour = line.stroke(self.theme).colour
                    marks.append(Mark(float(known[-1]), line.name, colour))
        self.canvas.name_ends(marks)

    def _main_line(self, part: Part, x: Array, low: Array, high: Array) -> tuple[Array, Array]:
        """Return the points of the main line.

        With one seed and nothing smoothed that is the whole extent of the readings of a column.
        """
        if part.near.stride == 1 or self._means(part):
            return zigzag(x, low[0], high[0])
        return zigzag(x, low[2], high[3])

    def _means(self, part: Part) -> bool:
        """Return whether of rows of several readings their means are drawn, not their extent."""
        return self._smoothed(part) or len(part.lines[0].replicas) > 1

    def _smoothed(self, part: Part) -> bool:
        return not part.validation and self.options.each == "step" and self.options.smoothing > 0

    # ------------------------------------------------------------------ words

    def _axis_names(self, history: History) -> tuple[str, str]:
        per_epoch = history.header.steps_per_epoch
        return f"step  ({per_epoch:,} make an epoch)", self.quantity

    def _nothing_yet(self, history: History) -> str:
        if self.options.show == "validation":
            if not history.header.experiment.data.validation:
                return "No data is kept out for validation; see Data."
            return "Validation is measured at the end of each epoch."
        if self.options.each == "epoch":
            return "The first epoch is not over yet."
        return self.invitation

    def _make_notes(self, history: History, drawn: list[Curves], *, log: bool) -> list[str]:
        notes = [f"shown as at step {history.until:,}"] if history.until is not None else []
        notes += [
            _divergence(line.name, self.of(line, history).diverged[line.replicas])
            for line in self.lines
        ]
        top = self._view_y[1] if self._view_y else inf
        if not log and not self.percent:
            notes += self._above(drawn, top)
        lost = sum(curves.lost for curves in drawn)
        if lost:
            notes.append("values at or below 0 have no place on a log scale and are left out")
        if any(curves.hostile for curves in drawn) and not any(notes):
            notes.append("values that are no finite number up to 10³⁰ are left out")
        own = [part for part in self._parts if not part.lines[0].run]
        if self.options.show != "train" and len(own) < (self.options.show == "both") + 1:
            notes.append("no data is kept out for validation")
        notes += self._grains(own)
        if self.lines and len(self.lines[0].replicas) > 1:
            band = "quartiles" if self.options.band == "quartiles" else "range"
            what = f"median and {band}" if len(self.lines) <= MANY else "median"
            notes.append(f"{what} of {len(self.lines[0].replicas)} seeds")
        return notes

    def _grains(self, parts: list[Part]) -> list[str]:
        """Return what the points of these parts are, in words."""
        by_epoch = self.options.each == "epoch"
        grains = dict.fromkeys(
            part.grain("epoch" if part.validation or by_epoch else "step", means=self._means(part))
            for part in parts
        )
        return [grain for grain in grains if grain != "every epoch" or len(grains) == 1]

    def _above(self, drawn: list[Curves], top: float) -> list[str]:
        notes = []
        most: dict[str, float] = {}
        for part, curves in zip(self._parts, drawn, strict=True):
            seen = (curves.x >= curves.view[0]) & (curves.x <= curves.view[1])
            for line, high in zip(part.lines, curves.high[0][:, seen], strict=True):
                if np.isfinite(high).any():
                    most[line.name] = max(most.get(line.name, 0.0), float(np.nanmax(high)))
        for name, value in most.items():
            if value > top * (1 + 1e-9):
                notes.append(f"{name} reaches {number(value)}, above the axis (Log shows it)")
        return notes

    def _show_labels(self) -> None:
        if not self._parts:
            return
        at = self._hover
        if at is None:
            at = inf if self.step is None else self.step
        labels = []
        for part in self._parts:
            values = part.values_at(at)
            labels += [
                Label(line.name, line.slot, self._value_text(line, float(value)), line.run)
                for line, value in zip(part.lines, values, strict=True)
                if part.front
            ]
        self.legend.show_labels(tuple(labels))

    def _value_text(self, line: Line, value: float) -> str:
        if not isfinite(value):
            run = self.of(line, self.shown) if self.shown else None
            ended = run is not None and (run.diverged[line.replicas] >= 0).all()
            return "diverged" if ended and self._hover is None else "–"
        return f"{100 * value:.1f} %" if self.percent else number(value)

    def _on_zoomed(self) -> None:
        self._view_y = None
        self.whole.setVisible(self.zoom.part is not None)
        self.mark()

    def _on_double_clicked(self) -> None:
        if self.zoom.part is None:
            self.enlarge_asked.emit()
        else:
            self.zoom.end()

    def _on_hovered(self, x: float | None) -> None:
        if self.header is None or not self._parts:
            x = None
        self._hover = x
        self.canvas.point_at(x)
        self._show_labels()
        if x is not None and self.header is not None:
            epoch = x / max(1, self.header.steps_per_epoch)
            self.canvas.setToolTip(f"Step {round(x):,}, epoch {epoch:.1f}")


def _divergence(name: str, steps: Sequence[int] | np.ndarray[Any, Any]) -> str:
    diverged = [int(step) for step in steps if step >= 0]
    if not diverged:
        return ""
    share = f" ({len(diverged)} of {counted(len(steps), 'seed')})" if len(steps) > 1 else ""
    return f"{name} diverged at step {min(diverged):,}{share}"
