"""A distribution in a small panel: its outline, bars and target in the plane's pixels.

A pen gathers what many panels have of one kind, so that it is one item of the canvas.
"""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from initstudio.target import Target
from initstudio.ui.chart.lines import Array, Points, Range, dashed
from initstudio.ui.chart.panels import Panel
from initstudio.ui.chart.spread import Scene, Spread

DENSE = 0.6
"""Points of a curve in a pixel."""
NARROW, FINE = 0.3, 24
"""Part of the axis below which a curve has points of its own, and how many."""
MARKS = (5.0, 4.0)
"""Pixels of a dash of a target, and of the gap to the next."""


@dataclass(frozen=True)
class Small:
    """One panel with its axes: values, and densities or their decimal logarithms."""

    panel: Panel
    x: Range
    y: Range
    log: bool = False

    @property
    def bottom(self) -> float:
        """Return where no density lies."""
        return self.panel.area[1][0]

    def outline(self, shape: Spread, *, line: bool) -> Points:
        """Return a density, or the outline of its bars; a spike where all values are equal."""
        if not shape.bandwidth:
            return self._spike(float(shape.edges[0]))
        if not line:
            x, y = self.bars(shape)
            return x, y
        x = sampled(self.x, self._points, shape.places)
        return self._at(x, np.interp(x, shape.places, shape.line, left=0, right=0))

    def bars(self, shape: Spread) -> Points:
        """Return the outline of the bars, from the ground to the ground."""
        if not shape.bandwidth:
            return np.zeros(0), np.zeros(0)
        x = np.repeat(shape.edges, 2)
        heights = np.concatenate([[0.0], np.repeat(shape.bars, 2), [0.0]])
        return self._at(x, heights)

    @lru_cache(maxsize=256)  # noqa: B019 - a panel with its axes is a value, and soon another
    def target(self, target: Target) -> Points:
        """Return the target's density, and a spike for each value that a part of it has, dashed."""
        x, heights = target.curve(*self.x, self._points)
        across, up = self._at(x, heights)
        parts = [(across, lifted(up, self.panel.area[1]))] if heights.any() else []
        parts += [self._spike(at) for at, _ in target.atoms]
        joined = Pen()
        for part in parts:
            joined.add(*part)
        return dashed(*joined.points, (1.0, 1.0), MARKS)

    @property
    def _points(self) -> int:
        left, right = self.panel.area[0]
        return max(16, int((right - left) * DENSE))

    def _at(self, values: Array, heights: Array) -> Points:
        """Return where values and their densities lie, cut off at the panel's sides."""
        bottom, top = self.panel.area[1]
        low, high = self.y
        if self.log:
            with np.errstate(divide="ignore"):
                heights = np.log10(heights)
        share = np.clip((heights - low) / (high - low), 0, 1)
        across = self.panel.across(np.clip(values, *self.x), self.x)
        return across, bottom + share * (top - bottom)

    def _spike(self, value: float) -> Points:
        if not self.x[0] <= value <= self.x[1]:
            return np.zeros(0), np.zeros(0)
        x = self.panel.across(np.full(2, value), self.x)
        return x, np.array(self.panel.area[1])


class Pen:
    """Gathers pieces of lines, with a gap between any two, or of areas."""

    def __init__(self) -> None:
        self._x: list[Array] = []
        self._y: list[Array] = []
        self._base: list[Array] = []

    @property
    def points(self) -> Points:
        """Return all pieces as one line with gaps: x and y [n]."""
        if not self._x:
            return np.zeros(0), np.zeros(0)
        gap = np.full(1, np.nan)
        x = [part for piece in self._x for part in (piece, piece[-1:])]
        y = [part for piece in self._y for part in (piece, gap)]
        return np.concatenate(x), np.concatenate(y)

    def add(self, x: Array, y: Array, *, base: float = 0.0) -> None:
        """Add a piece [n] that stands on a base; an empty one is none."""
        if len(x):
            self._x.append(x)
            self._y.append(y)
            self._base.append(np.full(len(x), base))

    def draw(self, scene: Scene, key: Hashable, colour: str, *, width: float, z: float) -> None:
        """Draw the lines."""
        if self._x:
            scene.canvas.line(key, *self.points, colour, width=width, z=z)

    def fill(self, scene: Scene, key: Hashable, colour: str, *, z: float) -> None:
        """Fill between lines and bases: the way from one piece to the next encloses nothing."""
        if self._x:
            x, y, base = (np.concatenate(part) for part in (self._x, self._y, self._base))
            scene.canvas.area(key, x, base, y, colour, z=z)


def lifted(heights: Array, ends: Range) -> Array:
    """Return heights [n] of a line, NaN where it lies on the ground with both of its neighbours."""
    up = heights > ends[0] + 0.003 * (ends[1] - ends[0])
    near = np.convolve(up, np.ones(3), mode="same") > 0
    return np.where(near, heights, np.nan)


def sampled(view: Range, points: int, places: Array) -> Array:
    """Return where a curve is drawn [n], evenly, and also where a narrow one has its places."""
    x = np.linspace(*view, points)
    if places[-1] - places[0] > NARROW * (view[1] - view[0]):
        return x
    own = places[:: max(1, len(places) // FINE)]
    inside = own[(own > view[0]) & (own < view[1])]
    return np.sort(np.concatenate([x, inside]))


def thinned(x: Array, y: Array, most: int) -> Points:
    """Return about so many points of a curve [n] at most: the highest of each few, and its ends."""
    every = len(x) // most
    if every < 2:
        return x, y
    whole = len(x) - len(x) % every
    highest = y[:whole].reshape(-1, every).argmax(1) + np.arange(0, whole, every)
    kept = np.unique(np.concatenate([[0], highest, [len(x) - 1]]))
    return x[kept], y[kept]
