"""Distributions as small multiples: a row for each layer, a column for each contender."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from initstudio.distribution import Binned, display_exponent
from initstudio.target import Target
from initstudio.ui.chart.lines import Points, Range, counted, fair_top, grown, number
from initstudio.ui.chart.one_axis import GHOST, TARGET
from initstudio.ui.chart.panels import GAP, Panel, strip_height
from initstudio.ui.chart.small import Pen, Small
from initstudio.ui.chart.spread import (
    QUANTILE,
    Scene,
    Shown,
    Spread,
    axis_of,
    decades_of,
    outside,
    spread_of,
)
from initstudio.ui.chart.spread_notes import bins_note, width_note
from initstudio.ui.chart.words import VeiledWords, Word, line_height
from initstudio.ui.theme import Theme

GUTTER = 5.6
"""Room left of the panels for the layers' names, in heights of a line of text."""
LEAST = 34.0
"""Height of the lowest panel, pixels."""
STEP = 3.0
"""Least width of a bar, pixels."""


class Row(NamedTuple):
    """One layer's distributions, one for each contender."""

    name: str
    shown: Sequence[Shown]


class _Strip(NamedTuple):
    """A row as it is drawn: its axes, its bins, and its shapes now and at the start."""

    x: Range
    y: Range
    exponent: int
    shapes: list[Spread | None]
    ghosts: list[Spread | None]


class Multiples:
    """Draws them, and keeps the axes of each row from frame to frame."""

    def __init__(self) -> None:
        self._x: dict[str, Range] = {}
        self._y: dict[str, Range] = {}
        self._ghosts: dict[tuple[str, int], tuple[int, Spread]] = {}
        self._outlines: dict[tuple[int, int], tuple[Small, Spread, Points]] = {}

    def draw(self, scene: Scene, rows: Sequence[Row], *, one_axis: bool) -> list[str]:
        """Draw all rows, whose contenders are the same, and return what must be told."""
        canvas = scene.canvas
        panels = _panels(scene, len(rows), len(rows[0].shown), one_axis=one_axis)
        for axis in (canvas.left, canvas.bottom):
            axis.show_as(bare=True)
        canvas.name_axes(scene.quantity, "")
        canvas.look_at((0, canvas.columns), (0, canvas.rows))
        canvas.say("")
        (left, right), _ = panels[0][0].area
        most = max(4, int((right - left) / STEP))
        strips = self._strips(scene, rows, most, one_axis=one_axis)
        canvas.begin(smooth=scene.settled)
        for at, one in enumerate(rows[0].shown):
            smalls = [
                Small(line[at], strip.x, strip.y, log=scene.log)
                for line, strip in zip(panels, strips, strict=True)
            ]
            self._draw_column(scene, [row.shown[at] for row in rows], strips, smalls, at)
            ink, dash = one.ink, one.ink.dash if one.ink.pinned else ()
            panels[0][at].draw_title(canvas, ink.key, ink.name, ink.colour, dash)
        _draw_frames(scene, rows, strips, panels, one_axis=one_axis)
        canvas.end()
        return _notes(scene, rows, strips, one_axis=one_axis)

    def _strips(
        self, scene: Scene, rows: Sequence[Row], most: int, *, one_axis: bool
    ) -> list[_Strip]:
        """Return the rows as they are drawn, in at most so many bins."""
        each = [_groups(row) for row in rows]
        shared = [group for groups in each for group in groups] if one_axis else []
        if shared:
            self._x[""] = axis_of(shared, self._x.get(""), whole=scene.log)
        found = []
        for row, groups in zip(rows, each, strict=True):
            if not groups:
                nothing: list[Spread | None] = [None] * len(row.shown)
                found.append(_Strip((-1.0, 1.0), (0.0, 1.0), 0, nothing, nothing))
                continue
            if not one_axis:
                self._x[row.name] = axis_of(groups, self._x.get(row.name), whole=scene.log)
            x = self._x["" if one_axis else row.name]
            exponent = display_exponent(groups, *x)
            while (x[1] - x[0]) / 2.0**exponent > most:
                exponent += 1
            shapes = [spread_of(one.now, exponent) if one.now else None for one in row.shown]
            ghosts = [self._ghost(row.name, at, exponent, one) for at, one in enumerate(row.shown)]
            y = self._range_y(scene, row.name, [one for one in (*shapes, *ghosts) if one])
            found.append(_Strip(x, y, exponent, shapes, ghosts))
        return found

    def _range_y(self, scene: Scene, name: str, shapes: list[Spread]) -> Range:
        """Return the axis of a row: densities, or on a log scale their logarithms."""
        peaks = [shape.peak for shape in shapes if shape.bandwidth > 0]
        if not peaks:
            return (-1.0, 0.0) if scene.log else (0.0, 1.0)
        before = self._y.get(name)
        if scene.log:
            found = grown(before, *decades_of(shapes, max(peaks)), log=True)
        else:
            found = grown(before, 0.0, fair_top([0.0], peaks, 3.0) * 1.05)
        self._y[name] = found
        return found

    def _ghost(self, name: str, at: int, exponent: int, one: Shown) -> Spread | None:
        """Return the shape of the start, which changes with the bins only."""
        if one.start is None:
            return None
        known = self._ghosts.get((name, at))
        if known is None or known[0] != exponent or known[1].group is not one.start:
            known = exponent, spread_of(one.start, exponent)
            self._ghosts[name, at] = known
        return known[1]

    def _draw_column(
        self,
        scene: Scene,
        shown: Sequence[Shown],
        strips: Sequence[_Strip],
        smalls: Sequence[Small],
        at: int,
    ) -> None:
        """Draw a contender's panels: one item of each kind holds what all rows have of it."""
        now, start, target, bars = Pen(), Pen(), Pen(), Pen()
        for place, (one, strip, small) in enumerate(zip(shown, strips, smalls, strict=True)):
            shape, ghost = strip.shapes[at], strip.ghosts[at]
            if shape:
                now.add(*small.outline(shape, line=scene.line))
                if scene.bars:
                    bars.add(*small.bars(shape), base=small.bottom)
            if ghost:
                start.add(*self._faint_outline(scene, (at, place), small, ghost))
            if isinstance(one.target, Target):
                target.add(*small.target(one.target))
        theme, ink = scene.theme, shown[0].ink
        behind = ink.colour if scene.started else theme.blend(ink.colour, TARGET)
        bars.fill(scene, ink.key, theme.veil(ink.colour), z=2)
        start.draw(scene, ("start", ink.key), theme.blend(ink.colour, GHOST), width=1.0, z=4)
        target.draw(scene, ("target", ink.key), behind, width=1.2, z=6)
        now.draw(scene, ("now", ink.key), ink.colour, width=1.5, z=10)

    def _faint_outline(
        self, scene: Scene, key: tuple[int, int], small: Small, ghost: Spread
    ) -> Points:
        """Return the outline of the start, which changes with the panel only."""
        known = self._outlines.get(key)
        if known is None or known[0] != small or known[1] is not ghost:
            known = small, ghost, small.outline(ghost, line=scene.line)
            self._outlines[key] = known
        return known[2]


def rows_that_fit(height: float, theme: Theme, *, one_axis: bool) -> int:
    """Return how many rows have room in so many pixels."""
    below = title = strip_height(theme)
    once, each = (below, 0.0) if one_axis else (0.0, below)
    return max(1, int((height - title - once + GAP / 2) / (LEAST + GAP / 2 + each)))


def _panels(scene: Scene, rows: int, columns: int, *, one_axis: bool) -> list[list[Panel]]:
    """Return the panels [rows][columns], the first row uppermost, in pixels."""
    canvas = scene.canvas
    below = title = strip_height(scene.theme)
    once, each = (below, 0.0) if one_axis else (0.0, below)
    gutter = min(GUTTER * line_height(scene.theme.plot_font), canvas.columns / 4)
    wide = max(2.0, (canvas.columns - gutter - GAP * columns) / columns)
    room = canvas.rows - title - once - (GAP / 2 + each) * rows + GAP / 2
    tall = max(2.0, room / rows)
    found = []
    for row in range(rows):
        top = canvas.rows - title - row * (tall + GAP / 2 + each)
        lefts = [gutter + GAP / 2 + at * (wide + GAP) for at in range(columns)]
        found.append([Panel(((left, left + wide), (top - tall, top))) for left in lefts])
    return found


def _groups(row: Row) -> list[Binned]:
    return [group for one in row.shown for group in (one.now, one.start) if group]


def _draw_frames(
    scene: Scene,
    rows: Sequence[Row],
    strips: Sequence[_Strip],
    panels: Sequence[Sequence[Panel]],
    *,
    one_axis: bool,
) -> None:
    """Draw what the panels stand on, the numbers below it, and the names of the layers."""
    canvas, ground = scene.canvas, Pen()
    words: list[Word] = []
    for row, strip, line in zip(rows, strips, panels, strict=True):
        for panel in line:
            across, (low, _) = panel.area
            ground.add(np.array(across), np.full(2, low))
            if strip.exponent and (not one_axis or line is panels[-1]):
                words += panel.numbers_below(strip.x, scene.theme.plot_font)
        bottom, top = line[0].area[1]
        place = (line[0].area[0][0] - GAP / 2) / 2
        room = line[0].area[0][0] - GAP
        level = (bottom + top - line_height(scene.theme.plot_font)) / 2
        canvas.words(("layer", row.name), (place, level), row.name, room=room)
    ground.draw(scene, "ground", scene.theme.border, width=1.0, z=1)
    theme = scene.theme
    told = canvas.put("numbers", VeiledWords, z=20)
    told.show_words(tuple(words), theme.muted, theme.base, scene.small_font)


def _notes(
    scene: Scene, rows: Sequence[Row], strips: Sequence[_Strip], *, one_axis: bool
) -> list[str]:
    notes: list[str] = []
    for at, one in enumerate(rows[0].shown):
        notes += _contender_notes(scene, one.ink.name, [row.shown[at] for row in rows], strips, at)
    known = [strip for strip in strips if any(strip.shapes)]
    counts = [max(1, round((strip.x[1] - strip.x[0]) / 2.0**strip.exponent)) for strip in known]
    uneven = any(
        shape.uneven(strip.x)
        for strip in known
        for shape in strip.shapes
        if shape and shape.bandwidth
    )
    notes += bins_note(scene, counts, [strip.exponent for strip in known], uneven=uneven)
    shapes = [shape for strip in strips for shape in strip.shapes if shape]
    notes += width_note(scene, [shape.bandwidth for shape in shapes])
    heights = "heights compare along a row"
    return [*notes, heights if one_axis else f"each row has its own axis; {heights}"]


def _contender_notes(
    scene: Scene, name: str, shown: Sequence[Shown], strips: Sequence[_Strip], at: int
) -> list[str]:
    """Return what must be told of a contender's panels, all layers together."""
    groups = [one.now for one in shown]
    lost = sum(group.not_finite for group in groups if group)
    shapes = [strip.shapes[at] for strip in strips]
    tops = [10 ** strip.y[1] if scene.log else strip.y[1] for strip in strips]
    high = sum(
        shape is not None and shape.peak > top * (1 + 1e-9)
        for shape, top in zip(shapes, tops, strict=True)
    )
    pairs = zip(groups, strips, strict=True)
    out = max((outside(group, strip.x) for group, strip in pairs if group), default=0.0)
    equal = sum(shape is not None and not shape.bandwidth for shape in shapes)
    reasons = {one.target for one in shown if isinstance(one.target, str)}
    told = {
        f"no finite value in {counted(groups.count(None), 'layer')}": None in groups,
        f"{lost:,} values are no finite number": lost,
        f"all values of {counted(equal, 'layer')} are equal": equal,
        f"peaks above the axis in {counted(high, 'layer')}": high,
        f"up to {number(100 * out, 2)} % lie outside the axis": out
        > (0 if scene.log else 2.5 * QUANTILE),
        f"no target ({', '.join(sorted(reasons))})": reasons,
    }
    return [f"{name}: {text}" for text, holds in told.items() if holds]
