"""Where each contender stands between order and chaos, and how deep a signal reaches there."""

from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt

from initstudio import edits
from initstudio.engine.network import every
from initstudio.engine.plan import layers_of
from initstudio.engine.typical import activation_of
from initstudio.experiment import MAX_CONTENDERS
from initstudio.history import Header
from initstudio.results import Results
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.colours import amounts
from initstudio.ui.chart.legend import Label
from initstudio.ui.chart.lines import HUGE, Array, Range, number
from initstudio.ui.chart.words import Signs, VeiledWords, Word
from initstudio.ui.plots.plot import Table
from initstudio.ui.plots.study_plot import Found, StudyPlot
from initstudio.ui.theme import font

NEAR = 6.0
"""Pixels from the critical line within which a click is meant for the line."""
DEEPEST = 3.0
"""Decimal logarithm of the depth scale at which colours end."""
LEAST_SHARE = 0.02
"""Share of the picture that a phase must have to be named in it."""
FRAME = 0.03
"""Room around the colours, in their width and height, for contenders at their edge."""
WEIGHTS, BIASES = "weight variance × fan-in", "bias variance"


class Grid(NamedTuple):
    """Values along an axis, and whether they are spaced by factors."""

    values: Array
    log: bool

    @property
    def drawn(self) -> Array:
        """Return where the values lie in the picture."""
        return np.log10(self.values) if self.log else self.values

    @property
    def ends(self) -> Range:
        """Return the axis: half a cell more at either end."""
        drawn = self.drawn
        half = float(drawn[-1] - drawn[0]) / max(len(drawn) - 1, 1) / 2 or 0.5
        return float(drawn[0]) - half, float(drawn[-1]) + half

    def place(self, values: npt.NDArray[np.floating]) -> Array:
        """Return where other values lie in the picture; none at all is far to the left."""
        given = np.asarray(values, np.float64)
        if not self.log:
            return given
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(given > 0, np.log10(given), np.where(given <= 0, -np.inf, np.nan))

    def value(self, place: float) -> float:
        """Return the value at a place of the picture."""
        return float(10.0**place) if self.log else place

    def nearest(self, place: float) -> int:
        """Return the index of the value that is nearest."""
        return int(np.argmin(np.abs(self.drawn - place)))


class PhasePlot(StudyPlot):
    """The depth scale over both variances, the critical line, and the contenders."""

    key = "phase"
    label = "Phase diagram"
    summary = (
        "How many layers a signal survives at each variance of weights and biases, for this "
        "activation. On the critical line between order and chaos it survives the most. "
        "A click adds a contender there."
    )
    order = 110
    study = "phase"
    unlike = "another activation"

    def make_picture(self) -> Canvas:
        """Return the canvas, which can be clicked."""
        canvas = super().make_picture()
        canvas.viewport().setCursor(Qt.CursorShape.CrossCursor)
        canvas.setToolTip(
            "Click to add a contender with these variances; close to the critical line it is "
            "put onto the line, the edge of chaos."
        )
        return canvas

    def draw_results(self, results: Results) -> None:
        """Draw colours, line, words, trails and contenders."""
        across, up = _grids(results)
        canvas, theme = self.canvas, self.theme
        canvas.bottom.show_as(log=across.log)
        canvas.left.show_as(log=up.log)
        canvas.name_axes(WEIGHTS, BIASES)
        canvas.look_at(_framed(across.ends), _framed(up.ends))
        canvas.say("")
        canvas.begin(smooth=self.settled)
        depth = _logarithms(results.values["depth_scale"])
        known = depth[np.isfinite(depth)]
        low = min(0.0, float(known.min())) if known.size else 0.0
        shades = amounts(theme)
        pixels = shades.of(depth, low, DEEPEST)
        canvas.image("depth", (across.ends, up.ends), pixels, z=-20)
        canvas.colour_scale(shades, low, DEEPEST, "depth scale, layers", log=True)
        self._draw_critical(results, across, up)
        words = self._phases(results, across, up)
        shown = self.found()
        for one in shown:
            words += self._draw_contender(results, one)
        told = canvas.put("words", VeiledWords, z=30)
        told.show_words(tuple(words), theme.text, theme.base, font(theme.plot_font))
        canvas.end()
        self.legend.show_labels(
            tuple(Label(one.line.name, one.line.slot, run=one.line.run) for one in shown)
        )

    def fits(self, pinned: Header, present: Header) -> bool:
        """Return whether a pinned run has the activation that the diagram is of."""
        one, other = (every(layers_of(each.experiment)) for each in (pinned, present))
        return activation_of(one) == activation_of(other)

    def results_notes(self, results: Results) -> list[str]:
        """Return who lies outside of the picture or in none, and what a click does."""
        notes = list(results.notes)
        across, up = _grids(results)
        for line, _, own, row in self.found():
            x, y = own.values["points"][row].astype(np.float64).tolist()
            if np.isnan(x) or np.isnan(y):
                notes.append(f"{line.name}: no place in the diagram")
            elif self._is_outside(across, up, x, y):
                notes.append(f"{line.name} lies outside: {number(x)} and {number(y)}")
        rings = "rings: of pinned runs" if any(line.run for line in self.lines) else ""
        return [*notes, "thin: the way of each layer", rings, "click: a contender there"]

    def reading_at(self, results: Results, x: float, y: float) -> str:
        """Return what theory says of the place below the mouse."""
        across, up = _grids(results)
        spot = self._snapped(results, x, y)
        at = up.nearest(y), across.nearest(x)
        chi, depth = (float(results.values[key][at]) for key in ("chi", "depth_scale"))
        place = f"{WEIGHTS} {number(spot[0])}, {BIASES} {number(spot[1])}"
        if spot[2]:
            return f"{place}: the edge of chaos. Click: a contender here"
        if np.isnan(chi):
            return f"{place}: theory is silent"
        phase = "chaotic" if chi > 1 else "ordered" if chi < 1 else "critical"
        reach = "no end" if np.isinf(depth) else f"{number(depth)} layers"
        return f"{place}: {phase}, χ {number(chi)}, depth scale {reach}. Click: a contender here"

    def act_at(self, results: Results, x: float, y: float) -> None:
        """Ask for a contender at the place that was clicked."""
        if len(self.contenders) >= MAX_CONTENDERS:
            self.read_out(f"There are {MAX_CONTENDERS} contenders already, and no more.")
            return
        weight, bias, critical = self._snapped(results, x, y)
        change = partial(edits.contender_at, weight_variance=weight, bias_variance=bias)
        text = "Add a contender at the edge of chaos" if critical else "Add a contender"
        self.edit_asked.emit(change, text)

    def results_data(self, results: Results) -> Table:
        """Return each contender's place and way, the critical line, and the whole diagram."""
        values = results.values
        across, up = _grids(results)
        found: Table = [("what", "layer", WEIGHTS, BIASES, "chi", "depth scale (layers)")]
        for line, _, own, row in self.found():
            points = own.values["points"][row].astype(np.float64).tolist()
            found.append((line.name, "all", *points, "", ""))
            trail = own.values["trail"][row].astype(np.float64)
            found += [
                (line.name, at + 1, *one, "", "")
                for at, one in enumerate(trail.tolist())
                if not np.isnan(one).any()
            ]
        for weight, bias in zip(values["critical"].tolist(), up.values.tolist(), strict=True):
            found.append(("critical line", "", weight, bias, 1.0, ""))
        for row, bias in enumerate(up.values.tolist()):
            for column, weight in enumerate(across.values.tolist()):
                chi, depth = (float(values[key][row, column]) for key in ("chi", "depth_scale"))
                found.append(("diagram", "", weight, bias, chi, depth))
        return found

    # ------------------------------------------------------------------ inside

    def _critical(self, results: Results) -> tuple[Array, Array]:
        """Return the critical line's places, float64 [n], each."""
        across, up = _grids(results)
        x, y = across.place(results.values["critical"]), up.drawn
        known = np.abs(x) <= HUGE
        return x[known], y[known]

    def _draw_critical(self, results: Results, across: Grid, up: Grid) -> None:
        theme = self.theme
        x, y = self._critical(results)
        inside = (x >= across.ends[0]) & (x <= across.ends[1])
        x, y = x[inside], y[inside]
        if len(y) and y[-1] == up.drawn[-1]:  # to the edge of the picture
            x, y = np.append(x, x[-1]), np.append(y, up.ends[1])
        if len(y) and y[0] == up.drawn[0]:
            x, y = np.insert(x, 0, x[0]), np.insert(y, 0, up.ends[0])
        self.canvas.line("halo", x, y, theme.base, width=5, z=1)
        self.canvas.line("critical", x, y, theme.text, width=2, z=2)

    def _phases(self, results: Results, across: Grid, up: Grid) -> list[Word]:
        """Return the names of the phases, each in the middle of its region."""
        chi = results.values["chi"]
        words = []
        for name, region in (("ordered", chi < 1), ("chaotic", chi > 1)):
            if region.mean() < LEAST_SHARE:
                continue
            rows = np.flatnonzero(region.any(axis=1))
            row = int(rows[np.argmin(np.abs(rows - 0.6 * len(region)))])
            columns = np.flatnonzero(region[row])
            column = float(np.median(across.drawn[columns]))
            words.append(Word(column, float(up.drawn[row]), name))
        return words

    def _draw_contender(self, results: Results, found: Found) -> list[Word]:
        """Draw a contender and its way, and return arrows where it lies outside."""
        across, up = _grids(results)
        canvas, theme, line = self.canvas, self.theme, found.line
        colour, dash = line.stroke(theme).colour, line.stroke(theme).dash if line.run else ()
        own, row = found.results.values, found.row
        points = np.concatenate([own["points"][row][None], own["trail"][row]])
        true_x, true_y = across.place(points[:, 0]), up.place(points[:, 1])
        x, y = np.clip(true_x, *across.ends), np.clip(true_y, *up.ends)
        if len(x) > 1:
            canvas.line(("halo", line.key), x[1:], y[1:], theme.base, width=4, z=4)
            canvas.line(line.key, x[1:], y[1:], colour, width=1.5, dash=dash, z=5)
        if np.isnan(x[0] + y[0]):
            return []
        disc = canvas.put(("disc", line.key), Signs, z=11 if line.run else 12)
        # a ring goes around the disc of a contender that has not moved
        inner, rim, size = (theme.base, colour, 18) if line.run else (colour, theme.base, 12)
        disc.show_points(x[:1], y[:1], inner, rim, size, discs=True)
        arrow = {(-1, 0): "←", (1, 0): "→", (0, -1): "↓", (0, 1): "↑"}
        arrow |= {(-1, -1): "↙", (-1, 1): "↖", (1, -1): "↘", (1, 1): "↗"}
        beyond = _beyond(true_x[0], across.ends), _beyond(true_y[0], up.ends)
        if beyond not in arrow:
            return []
        return [Word(x[0], y[0], arrow[beyond], up=-beyond[1] or 1, gap=9)]

    def _is_outside(self, across: Grid, up: Grid, x: float, y: float) -> bool:
        places = across.place(np.array([x]))[0], up.place(np.array([y]))[0]
        ends = across.ends, up.ends
        return any(_beyond(place, end) for place, end in zip(places, ends, strict=True))

    def _snapped(self, results: Results, x: float, y: float) -> tuple[float, float, bool]:
        """Return both variances at a place, and whether it was moved onto the critical line."""
        across, up = _grids(results)
        line_x, line_y = self._critical(results)
        if len(line_x) > 1:
            fine = np.linspace(0, len(line_x) - 1, 20 * len(line_x))
            line_x = np.interp(fine, np.arange(len(line_x)), line_x)
            line_y = np.interp(fine, np.arange(len(line_y)), line_y)
        (left, right), (bottom, top) = self.canvas.view
        size = self.canvas.viewbox.size()
        away = np.hypot(
            (line_x - x) * (size.width() / (right - left)),
            (line_y - y) * (size.height() / (top - bottom)),
        )
        critical = bool(away.size) and float(away.min()) <= NEAR
        if critical:
            at = int(np.argmin(away))
            x, y = float(line_x[at]), float(line_y[at])
        return max(across.value(x), 0.0), max(up.value(y), 0.0), critical


def _grids(results: Results) -> tuple[Grid, Grid]:
    return _grid(results.values["weight_variance"]), _grid(results.values["bias_variance"])


def _grid(values: npt.NDArray[np.floating]) -> Grid:
    """Return the values with whether they are spaced by factors and not by differences."""
    given = values.astype(np.float64)
    log = False
    if len(given) > 2 and given[0] > 0:
        steps = np.diff(np.log10(given))
        log = bool(np.ptp(steps) < 1e-6 * abs(steps[0]) + 1e-12)
    return Grid(given, log)


def _logarithms(depth: npt.NDArray[np.floating]) -> Array:
    """Return decimal logarithms; NaN where theory is silent."""
    given = depth.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(given >= 0, np.log10(given), np.nan))


def _framed(ends: Range) -> Range:
    """Return ends with some room around."""
    room = FRAME * (ends[1] - ends[0])
    return ends[0] - room, ends[1] + room


def _beyond(value: float, ends: Range) -> int:
    """Return -1 below the ends, 1 above them and 0 between."""
    return int(value > ends[1]) - int(value < ends[0])
