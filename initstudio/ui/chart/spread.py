"""One distribution as it is drawn: bars and a density in bins that all in the picture share."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import pi, sqrt
from typing import NamedTuple

import numpy as np
from PySide6.QtGui import QFont

from initstudio.distribution import Binned, density
from initstudio.target import Target
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.lines import Array, Range
from initstudio.ui.theme import Theme, font

QUANTILE = 0.0005
"""Share of the values at either end that may lie outside of the axis."""
FAR = 40.0
"""How many times wider than the usual one a distribution may be before parts are left out."""
DEEPEST = 9.0
"""Most decades of density in a picture."""
FILLED = 0.55
"""Part of the axis that the values fill at least, before there is a new one."""


class Ink(NamedTuple):
    """Whose distribution it is, and how it is drawn."""

    key: Hashable
    name: str
    colour: str
    width: float = 2.0
    dash: tuple[float, ...] = ()
    pinned: bool = False
    """Whether it belongs to an earlier run, of which less is drawn on one axis."""


class Shown(NamedTuple):
    """One contender's values: now, at the start, and what they were drawn from.

    A word instead of a target says why there is none; None: none is asked for.
    """

    ink: Ink
    now: Binned | None
    start: Binned | None = None
    target: Target | str | None = None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """What a picture of distributions is drawn on, and how."""

    canvas: Canvas
    theme: Theme
    quantity: str
    bars: bool = True
    line: bool = True
    log: bool = False
    settled: bool = False
    started: bool = False
    """Whether the values are those of the start themselves."""

    @property
    def small_font(self) -> QFont:
        """Return the font of numbers inside of the picture."""
        return font(self.theme.plot_font)


@dataclass(frozen=True)
class Spread:
    """Bars [bins] between edges, and a density over places; `bandwidth` 0: all values are equal."""

    group: Binned
    edges: Array
    bars: Array
    places: Array
    line: Array
    bandwidth: float

    @property
    def peak(self) -> float:
        """Return the greatest height."""
        return float(max(self.bars.max(initial=0), self.line.max(initial=0)))

    @property
    def least(self) -> float:
        """Return the height of a single value that lies alone, as a bar or in the density."""
        wide = max(float(np.diff(self.edges).max()), self.bandwidth * sqrt(2 * pi))
        return 1 / (self.group.total * wide)

    def uneven(self, view: Range) -> bool:
        """Return whether some bars in the view are wider than others."""
        inside = (self.edges[1:] > view[0]) & (self.edges[:-1] < view[1])
        wide = np.diff(self.edges)[inside]
        return bool(len(wide) and wide.max() > wide.min())


def spread_of(group: Binned, exponent: int) -> Spread:
    """Return a distribution in bins of width 2^exponent, and its own where they are wider."""
    if group.constant is not None:
        spot = np.array([group.constant])
        return Spread(group, spot, np.zeros(0), np.zeros(0), np.zeros(0), 0.0)
    merged = group.merged(max(exponent, group.exponent))
    bars = merged.counts / (group.total * merged.widths)
    places, line, width = density(group)
    return Spread(group, merged.edges, bars, places, line, width)


def ends_of(groups: Sequence[Binned], *, whole: bool = False) -> Range:
    """Return what an axis must hold so that all groups can be seen, but for their last tails.

    `whole` keeps the tails; those of a group that is far wider than the usual one are cut anyway.
    """
    ends = [(group.quantile(QUANTILE), group.quantile(1 - QUANTILE)) for group in groups]
    reach = [max(abs(low), abs(high)) for low, high in ends]
    limit = FAR * sorted(reach)[(len(reach) - 1) // 2]
    if whole:
        ends = [(float(group.edges[0]), float(group.edges[-1])) for group in groups]
    return max(min(low for low, _ in ends), -limit), min(max(high for _, high in ends), limit)


def axis_of(groups: Sequence[Binned], before: Range | None, *, whole: bool = False) -> Range:
    """Return the axis for these groups: the present one while they fill it well, else a new one."""
    low, high = ends_of(groups, whole=whole)
    if not high - low > 1e-6 * max(abs(low), abs(high)):
        half = abs(low) * 0.5 or 1.0
        return (low - half, high + half)
    if before and before[0] <= low and high <= before[1]:
        filled = (high - low) / (before[1] - before[0])
        if filled > FILLED:
            return before
    # a new axis has some room, so that it holds for a while
    margin = (high - low) * (0.14 if before else 0.06)
    return (low - margin, high + margin)


def outside(group: Binned, view: Range) -> float:
    """Return the share of values in bins whose middle lies outside of the view."""
    first = int(np.searchsorted(group.centres, view[0], side="left"))
    last = int(np.searchsorted(group.centres, view[1], side="right"))
    inside = int(group.running[last] - group.running[first]) if last > first else 0
    return 1 - inside / group.total if inside < group.total else 0.0


def decades_of(shapes: Sequence[Spread], top: float) -> Range:
    """Return the decimal logarithms that an axis holds: up to `top`, down to a single value."""
    least = [np.log10(shape.least) for shape in shapes if shape.bandwidth > 0]
    highest = float(np.log10(top))
    return max(float(min(least)) - 0.05, highest - DEEPEST), highest + 0.1
