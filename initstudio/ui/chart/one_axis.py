"""Distributions of several contenders on one pair of axes: bars, densities, starts and targets."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from initstudio.distribution import display_exponent
from initstudio.target import Target
from initstudio.ui.chart.lines import Array, Points, Range, dashed, fair_top, grown
from initstudio.ui.chart.small import MARKS, Pen, lifted, thinned
from initstudio.ui.chart.spread import Scene, Shown, Spread, axis_of, decades_of, spread_of
from initstudio.ui.chart.spread_notes import bins_note, notes_of, own_notes, width_note

GHOST, TARGET = 0.38, 0.6
"""Strength of the colours of the start, and of targets behind what came of it."""
CURVE = 160
"""Points of a target's curve."""


class OneAxis:
    """Draws them, and keeps its axes from frame to frame."""

    def __init__(self) -> None:
        self._x: Range | None = None
        self._y: Range | None = None
        self._ghosts: tuple[int, list[Spread | None]] = (0, [])
        self._starts = 0
        """How often the shapes of the start were computed."""

    def draw(self, scene: Scene, shown: Sequence[Shown]) -> list[str]:
        """Draw all, at least one of which has a finite value, and return what must be told."""
        known = [group for one in shown for group in (one.now, one.start) if group]
        self._x = axis_of(known, self._x, whole=scene.log)
        exponent = display_exponent(known, *self._x)
        shapes = [spread_of(one.now, exponent) if one.now else None for one in shown]
        ghosts = self._ghosts_at(exponent, shown)
        some = [shape for shape in (*shapes, *ghosts) if shape]
        self._y = self._range_y(scene, some)
        canvas = scene.canvas
        for axis, log in ((canvas.left, scene.log), (canvas.bottom, False)):
            axis.show_as(log=log)
        canvas.name_axes(scene.quantity, f"density, 1 / {scene.quantity}")
        canvas.look_at(self._x, self._y)
        canvas.say("")
        canvas.begin(smooth=scene.settled)
        self._draw_behind(scene, shown, ghosts)
        for one, shape in zip(shown, shapes, strict=True):
            if shape:
                self._draw_spread(scene, one, shape, len(shown), ghost=False)
        canvas.end()
        top = 10 ** self._y[1] if scene.log else self._y[1]
        notes = notes_of(shown, self._x, whole=scene.log)
        notes += own_notes(shown, shapes, top)
        counts = [round((self._x[1] - self._x[0]) / 2.0**exponent)]
        widths = [shape.bandwidth for shape in shapes if shape]
        view = self._x
        uneven = any(shape.uneven(view) for shape in shapes if shape and shape.bandwidth)
        notes += bins_note(scene, counts, [exponent], uneven=uneven)
        return [*notes, *width_note(scene, widths)]

    # ------------------------------------------------------------------ numbers

    def _ghosts_at(self, exponent: int, shown: Sequence[Shown]) -> list[Spread | None]:
        """Return the shapes of the start, which change with the bins only."""
        known, ghosts = self._ghosts
        some = [one.start is not None for one in shown]
        if known != exponent or [ghost is not None for ghost in ghosts] != some:
            ghosts = [spread_of(one.start, exponent) if one.start else None for one in shown]
            self._ghosts = (exponent, ghosts)
            self._starts += 1
        return ghosts

    def _range_y(self, scene: Scene, shapes: list[Spread]) -> Range:
        peaks = [shape.peak for shape in shapes if shape.bandwidth > 0]
        if not peaks:
            return (-1.0, 1.0) if scene.log else (0.0, 1.0)
        if scene.log:
            return grown(self._y, *decades_of(shapes, max(peaks)), log=True)
        return grown(self._y, 0.0, fair_top([0.0], peaks, 3.0) * 1.05)

    # ------------------------------------------------------------------ drawing

    def _draw_behind(
        self, scene: Scene, shown: Sequence[Shown], ghosts: Sequence[Spread | None]
    ) -> None:
        """Draw starts and targets, which stay as they are while the axes do."""
        who = tuple((one.ink, one.target) for one in shown)
        look = (scene.log, scene.line, scene.started, scene.canvas.rows)
        if scene.canvas.stays("behind", (self._starts, who, look)):
            return
        for one, ghost in zip(shown, ghosts, strict=True):
            if isinstance(one.target, Target) and not one.ink.pinned:
                self._draw_target(scene, one, one.target)
            if ghost and not one.ink.pinned:
                self._draw_spread(scene, one, ghost, len(shown), ghost=True)
        scene.canvas.end_group()

    def _draw_target(self, scene: Scene, one: Shown, target: Target) -> None:
        theme, canvas, ink = scene.theme, scene.canvas, one.ink
        colour = ink.colour if scene.started else theme.blend(ink.colour, TARGET)
        size = float(canvas.columns), float(canvas.rows)
        x, y = _dashes(target, canvas.view, size, log=scene.log)
        if len(x):
            canvas.line(("target", ink.key), x, y, colour, width=1.5, z=6)

    def _draw_spread(
        self, scene: Scene, one: Shown, shape: Spread, areas: int, *, ghost: bool
    ) -> None:
        theme, canvas, ink = scene.theme, scene.canvas, one.ink
        colour, width, dash = ink.colour, ink.width, ink.dash
        if ghost:
            colour, dash, width = theme.blend(colour, GHOST), (), 1.0
        key, z = (ink.key, ghost), 4 if ghost else 10
        bottom, top = canvas.view[1]
        if shape.bandwidth == 0:
            at = np.full(2, shape.edges[0])
            canvas.line(key, at, np.array([bottom, top]), colour, width=width + 1, z=z)
            return
        if scene.bars and not ghost and not ink.pinned:
            x, bars = np.repeat(shape.edges, 2)[1:-1], np.repeat(shape.bars, 2)
            bars = np.maximum(self._height(scene, bars), bottom)
            canvas.area(key, x, np.full(len(x), bottom), bars, theme.veil(colour, areas), z=2)
        if not scene.line:
            x, bars = np.repeat(shape.edges, 2), np.repeat(self._height(scene, shape.bars), 2)
            bars = np.concatenate([[bottom], bars, [bottom]])
            canvas.line(key, x, bars, colour, width=1.0 if ghost else 1.5, z=z)
            return
        seen = (shape.places >= canvas.view[0][0]) & (shape.places <= canvas.view[0][1])
        x, y = shape.places[seen], self._height(scene, shape.line[seen])
        x, y = thinned(x, y, 400 if scene.settled else 190)
        canvas.line(key, x, y, colour, width=width, dash=dash, z=z)

    def _height(self, scene: Scene, values: Array) -> Array:
        if not scene.log:
            return values
        with np.errstate(divide="ignore"):
            return np.maximum(np.log10(values), scene.canvas.view[1][0])


@lru_cache(maxsize=64)
def _dashes(
    target: Target, view: tuple[Range, Range], size: tuple[float, float], *, log: bool
) -> Points:
    """Return a target's density as dashes, and a spike for each value that a part of it has."""
    (left, right), (bottom, top) = view
    x, heights = target.curve(left, right, CURVE)
    line = Pen()
    if heights.any():
        if log:
            with np.errstate(divide="ignore"):
                heights = np.log10(heights)
        line.add(x, lifted(np.clip(heights, bottom, top), (bottom, top)))
    for at, _ in target.atoms:
        line.add(np.full(2, at), np.array([bottom, top]))
    return dashed(*line.points, (size[0] / (right - left), size[1] / (top - bottom)), MARKS)
