"""Distributions over time as ridgelines: a density for each step, the newest in front, below."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import log10, pi, sqrt

import numpy as np

from initstudio.distribution import Binned, density
from initstudio.ui.chart.lines import Array, Points, Range
from initstudio.ui.chart.panels import GAP, Panel, strip_height
from initstudio.ui.chart.small import Pen, sampled
from initstudio.ui.chart.spread import DEEPEST, Ink, Scene, Shown, axis_of
from initstudio.ui.chart.spread_notes import notes_of, value_of, width_note
from initstudio.ui.chart.words import VeiledWords, Word
from initstudio.ui.theme import Theme

TALL = 1.7
"""Height of a ridge, in steps from one to the next."""
EACH = 11.0
"""Least room for a ridge, pixels."""
DENSE = 0.5
"""Points of a ridge in a pixel."""
OLDER = 0.5
"""Strength of the colour of all ridges but the newest."""


Key = tuple[Hashable, int]


@dataclass(eq=False)
class _Ridge:
    """The density of some values; where all are equal, that place and no heights."""

    group: Binned
    places: Array
    heights: Array
    bandwidth: float
    drawn: tuple[object, Points] | None = None
    """How it was drawn last, and its curve."""

    @cached_property
    def decades(self) -> float:
        """Return how many decades a value that lies alone is below the peak."""
        least = 1 / (self.group.total * self.bandwidth * sqrt(2 * pi))
        return log10(float(self.heights.max()) / least)

    def curve(self, view: Range, points: int, decades: float) -> Points:
        """Return places [n] and heights over the greatest, or their place in decades below it."""
        how = view, points, decades
        if self.drawn is None or self.drawn[0] != how:
            x = sampled(view, points, self.places)
            found = np.interp(x, self.places, self.heights, left=0, right=0) / self.heights.max()
            if decades:
                with np.errstate(divide="ignore"):
                    found = np.maximum(1 + np.log10(found) / decades, 0)
            self.drawn = how, (x, found)
        return self.drawn[1]


class OverTime:
    """Draws them, and keeps the axis and what has been worked out of older steps."""

    def __init__(self) -> None:
        self._x: Range | None = None
        self._ridges: dict[Key, _Ridge] = {}

    def draw(
        self,
        scene: Scene,
        steps: Sequence[int],
        panels: Sequence[tuple[Ink, Sequence[Binned | None]]],
    ) -> list[str]:
        """Draw a panel for each contender, with its values at all steps, and return the notes."""
        canvas = scene.canvas
        found = [self._ridges_of(ink, steps, groups) for ink, groups in panels]
        known = [ridge for ridges in found for ridge in ridges if ridge]
        self._ridges = {
            (ink.key, step): ridge
            for (ink, _), ridges in zip(panels, found, strict=True)
            for step, ridge in zip(steps, ridges, strict=True)
            if ridge
        }
        self._x = axis_of([ridge.group for ridge in known], self._x, whole=scene.log)
        wide = [ridge for ridge in known if ridge.bandwidth]
        decades = min(max((ridge.decades for ridge in wide), default=1.0), DEEPEST)
        canvas.left.show_as(names=tuple(f"{step:,}" for step in reversed(steps)))
        canvas.bottom.show_as(bare=True)
        canvas.name_axes(scene.quantity, "step")
        below = title = strip_height(scene.theme)
        unit = (canvas.rows - below - title) / (len(steps) - 1 + TALL)
        ends = -below / unit, len(steps) - 1 + TALL + title / unit
        canvas.look_at((0, canvas.columns), ends)
        canvas.say("")
        canvas.begin(smooth=scene.settled)
        areas = _areas(len(panels), canvas.columns, (0.0, len(steps) - 1 + TALL), 1 / unit)
        words: list[Word] = []
        for (ink, _), ridges, panel in zip(panels, found, areas, strict=True):
            self._draw_panel(scene, ink, ridges, panel, decades if scene.log else 0.0)
            words += panel.numbers_below(self._x, scene.theme.plot_font)
        told = canvas.put("numbers", VeiledWords, z=20)
        told.show_words(tuple(words), scene.theme.muted, scene.theme.base, scene.small_font)
        canvas.end()
        notes = _notes(scene, panels, known, self._x)
        if scene.log:
            return [*notes, f"each ridge: {decades:.1f} decades below its own highest density"]
        return [*notes, "each ridge over its own highest density"]

    def _ridges_of(
        self, ink: Ink, steps: Sequence[int], groups: Sequence[Binned | None]
    ) -> list[_Ridge | None]:
        found: list[_Ridge | None] = []
        for step, group in zip(steps, groups, strict=True):
            known = self._ridges.get((ink.key, step))
            if known and known.group is group:
                found.append(known)
            else:
                found.append(_ridge_of(group) if group else None)
        return found

    def _draw_panel(
        self,
        scene: Scene,
        ink: Ink,
        ridges: Sequence[_Ridge | None],
        panel: Panel,
        decades: float,
    ) -> None:
        """Draw the ridges of one contender, the last and lowest of them in full strength."""
        theme, view = scene.theme, self._x or (0.0, 1.0)
        (left, right), _ = panel.area
        points = max(24, int((right - left) * DENSE))
        older, newest = Pen(), Pen()
        for at, ridge in enumerate(ridges):
            level = len(ridges) - 1 - at
            pen = older if level else newest
            if ridge and ridge.bandwidth:
                x, heights = ridge.curve(view, points, decades)
                pen.add(panel.across(x, view), level + TALL * heights)
            elif ridge and view[0] <= ridge.places[0] <= view[1]:
                spot = panel.across(np.repeat(ridge.places, 2), view)
                pen.add(spot, np.array([level, level + TALL]))
        faint = theme.blend(ink.colour, OLDER)
        older.draw(scene, ("older", ink.key), faint, width=theme.thin_width, z=4)
        newest.draw(scene, ("newest", ink.key), ink.colour, width=ink.width, z=10)
        panel.draw_title(
            scene.canvas, ink.key, ink.name, ink.colour, ink.dash if ink.pinned else ()
        )


def ridges_that_fit(height: float, theme: Theme) -> int:
    """Return how many ridges have room in so many pixels."""
    room = height - 2 * strip_height(theme)  # names above, numbers below
    return max(2, int(room / EACH - TALL + 1))


def chosen_rows(count: int, most: int) -> range:
    """Return which of so many snapshots, in order, are drawn: at most so many, evenly spaced.

    Each 2^k-th, so that the choice stays the same while others are added or every second one goes.
    """
    every = 1
    while -(-count // every) > most:
        every *= 2
    return range(0, count, every)


def _ridge_of(group: Binned) -> _Ridge:
    if group.constant is not None:
        return _Ridge(group, np.array([group.constant]), np.zeros(0), 0.0)
    return _Ridge(group, *density(group))


def _areas(count: int, width: int, ends: Range, tall: float) -> list[Panel]:
    wide = max(2.0, (width - GAP * (count + 1)) / count)
    lefts = [GAP + at * (wide + GAP) for at in range(count)]
    return [Panel(((left, left + wide), ends), (1.0, tall)) for left in lefts]


def _notes(
    scene: Scene,
    panels: Sequence[tuple[Ink, Sequence[Binned | None]]],
    known: Sequence[_Ridge],
    view: Range,
) -> list[str]:
    notes = notes_of([Shown(ink, groups[-1]) for ink, groups in panels], view, whole=scene.log)
    for ink, groups in panels:
        newest = groups[-1]
        if newest and newest.constant is not None:
            notes.append(f"{ink.name}: all values are {value_of(newest)}")
    return [*notes, *width_note(scene, [ridge.bandwidth for ridge in known])]
