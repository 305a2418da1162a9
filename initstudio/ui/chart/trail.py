"""A route as it is drawn: a line in a plane, with a larger dot where it is now."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.contender_line import Stroke
from initstudio.ui.chart.lines import Array, nice_step, number
from initstudio.ui.chart.panels import Panel
from initstudio.ui.chart.route import held_near
from initstudio.ui.chart.words import width_of
from initstudio.ui.theme import Theme

FEW = 60
"""Points of a dashed line, at most: the pen makes its gaps only where there are few."""
MARGIN = 0.1
"""Room around a route in a panel, as a part of it."""
BESIDE = 8.0
"""Pixels from a bar to the note beside it."""
CATCH = 24.0
"""Pixels from the mouse within which a point is told."""
START, NOW = 7.0, 11.0
"""Pixels across the dots at the start and at the end."""


@dataclass(frozen=True, eq=False)
class Trail:
    """Places [n, 2] in the plane of the canvas, in their order."""

    key: Hashable
    stroke: Stroke
    places: Array

    def draw(self, canvas: Canvas) -> Array:
        """Draw line and dot, and return the places [n, 2] where the points are drawn."""
        colour, width, dash = self.stroke
        places = held_near(self.places, canvas.view)
        drawn = places
        if dash and len(places) > FEW:
            drawn = places[np.linspace(0, len(places) - 1, FEW).astype(int)]
        canvas.line(self.key, drawn[:, 0], drawn[:, 1], colour, width=width, dash=dash)
        size = NOW if width > 1 else 0.8 * NOW
        canvas.dots(("now", self.key), places[-1:, 0], places[-1:, 1], colour, size=size, z=20)
        return places

    def draw_in(self, panel: Panel, canvas: Canvas, theme: Theme, notes: Sequence[str]) -> Array:
        """Draw it in a panel, and return its places.

        With a dot at 0, a bar that tells the scale, and beside that the first note that fits.
        """
        places, start, bar = in_panel(self.places, panel)
        canvas.dots(("start", self.key), start[:, 0], start[:, 1], theme.text, size=START, z=30)
        key = ("bar", self.key)
        canvas.line(key, bar.x, bar.y, theme.muted, width=2, z=5)
        canvas.words(key, (float(bar.x[0]), float(bar.y[0]) + 2), number(bar.length))
        left = float(bar.x[1]) + BESIDE
        room = panel.area[0][1] - left
        note = next((one for one in notes if width_of(one, theme.plot_font) <= room), "")
        canvas.words(("shares", self.key), (left, float(bar.y[0])), note)
        return Trail(self.key, self.stroke, places).draw(canvas)


class Bar(NamedTuple):
    """A line of a round length, to tell a panel's scale: its ends, and the length."""

    x: Array
    y: Array
    length: float


def in_panel(points: Array, panel: Panel) -> tuple[Array, Array, Bar]:
    """Return points [n, 2] where they lie in a panel, where 0 does [1, 2], and a bar of its scale.

    A unit is as long upward as across.
    """
    (left, right), (bottom, top) = panel.area
    sizes = np.array([right - left, top - bottom])
    whole = np.concatenate([points, np.zeros((1, 2))])
    low, high = whole.min(0), whole.max(0)
    spans = np.maximum(high - low, 1e-300)
    by = float(((1 - 2 * MARGIN) * sizes / spans).min()) if (high > low).any() else 1.0
    placed = np.array([left, bottom]) + sizes / 2 + (whole - (low + high) / 2) * by
    length = nice_step(float(sizes[0]) / (8 * by))
    x = left + 4 + np.array([0.0, length * by])
    return placed[:-1], placed[-1:], Bar(x, np.full(2, bottom + 4), length)


def nearest(
    canvas: Canvas, place: tuple[float, float], drawn: Sequence[Array]
) -> tuple[int, int] | None:
    """Return which of the routes [n, 2], and which of its points, is nearest to the mouse.

    None where no point is near it.
    """
    (left, right), (bottom, top) = canvas.view
    pixel = np.array([(right - left) / canvas.columns, (top - bottom) / canvas.rows])
    best, found = CATCH, None
    for route, places in enumerate(drawn):
        away = np.linalg.norm((places - np.array(place)) / pixel, axis=1)
        at = int(away.argmin())
        if away[at] < best:
            best, found = float(away[at]), (route, at)
    return found
