"""One distribution as it is drawn: bars and a density in bins that all in the picture share."""

from dataclasses import dataclass

import numpy as np

from initstudio.distribution import Binned, density
from initstudio.ui.chart.lines import Array, Range

QUANTILE = 0.0005
"""Share of the values at either end that may lie outside of the axis."""
FAR = 40.0
"""How many times wider than the usual one a distribution may be before parts are left out."""


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


def spread_of(group: Binned, exponent: int) -> Spread:
    """Return a distribution in bins of width 2^exponent, or its own where they are wider."""
    merged = group.merged(max(exponent, group.exponent))
    bars = merged.counts / (group.total * merged.width)
    if group.constant is not None:
        spot = np.array([group.constant])
        return Spread(group, spot, np.zeros(0), np.zeros(0), np.zeros(0), 0.0)
    places, line, width = density(group)
    return Spread(group, merged.edges, bars, places, line, width)


def ends_of(groups: list[Binned]) -> Range:
    """Return what an axis must hold so that all groups can be seen, but for their last tails."""
    ends = [(group.quantile(QUANTILE), group.quantile(1 - QUANTILE)) for group in groups]
    reach = [max(abs(low), abs(high)) for low, high in ends]
    limit = FAR * sorted(reach)[(len(reach) - 1) // 2]
    return max(min(low for low, _ in ends), -limit), min(max(high for _, high in ends), limit)


def outside(group: Binned, view: Range) -> float:
    """Return the share of values in bins whose middle lies outside of the view."""
    out = (group.centres < view[0]) | (group.centres > view[1])
    return float(group.counts[out].sum() / group.total)
