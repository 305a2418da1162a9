"""A few weights of each contender over the steps, in its colour."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from initstudio.trajectories import single_places
from initstudio.ui.chart.canvas import Canvas
from initstudio.ui.chart.contender_line import Line
from initstudio.ui.chart.lines import Array, Range, counted, fair_top, grown, number
from initstudio.ui.theme import Theme

THIN = 0.7
"""Width over that of a line that stands alone."""


@dataclass(frozen=True, eq=False)
class WeightLines:
    """The weights [n, weights] of one contender at steps [n]; NaN where one is no number."""

    line: Line
    steps: Array
    weights: Array

    def draw(self, canvas: Canvas, theme: Theme) -> None:
        """Draw a line for each weight; dots while there is but one step."""
        colour, width, dash = self.line.stroke(theme)
        x, y = joined(self.steps, self.weights)
        canvas.line(self.line.key, x, y, colour, width=max(1.0, THIN * width), dash=dash)
        if len(self.steps) == 1:
            x = np.repeat(self.steps, self.weights.shape[1])
            canvas.dots(self.line.key, x, self.weights[0], colour, size=6, z=20)

    @property
    def reach(self) -> float:
        """Return the greatest size of a weight; 0 where there is none."""
        return float(np.nanmax(np.abs(self.weights), initial=0.0))


def joined(steps: Array, weights: Array) -> tuple[Array, Array]:
    """Return lines over the same steps [n, weights] as one, with a gap after each."""
    gap = np.full((1, weights.shape[1]), np.nan)
    y = np.concatenate([weights, gap]).T.ravel()
    return np.tile(np.append(steps, steps[-1:]), weights.shape[1]), y


def axis_of(curves: Sequence[WeightLines], before: Range | None) -> Range:
    """Return the axis of weights: one that runaway ones reach beyond is cut off."""
    reaches = [one.reach for one in curves if np.isfinite(one.weights).any()]
    if not reaches:
        return before or (-1.0, 1.0)
    limit = fair_top([0.0], reaches)
    whole = np.concatenate([one.weights[np.abs(one.weights) <= limit] for one in curves])
    return grown(before, float(whole.min()), float(whole.max()))


def names_of(shape: tuple[int, ...]) -> list[str]:
    """Return the indices of the weights that are followed, as torch counts them: "[0, 4]"."""
    places = single_places(shape)
    found = np.unravel_index(places, shape) if shape else ()
    return [str([int(axis[at]) for axis in found]) for at in range(len(places))]


def notes_on(
    shape: tuple[int, ...], curves: Sequence[WeightLines], lost: int, view: Range
) -> list[str]:
    """Return which weights of a tensor are drawn, and what is not; `lost` values are no numbers."""
    names = names_of(shape)
    some = ", ".join(names if len(names) <= 3 else (*names[:2], "…", names[-1]))
    notes = [f"the same {len(names)} of {prod(shape):,} weights of each contender: {some}"]
    if lost:
        notes.append(f"{counted(lost, 'value')} left out: no finite number")
    limit = max(-view[0], view[1]) * (1 + 1e-9)
    return notes + [
        f"{one.line.name} reaches {number(one.reach)}, beyond the axis"
        for one in curves
        if one.reach > limit
    ]
