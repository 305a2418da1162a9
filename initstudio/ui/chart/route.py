"""The ways of contenders through the space of weights, and how they fit into a picture."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from initstudio.history import History, Integers
from initstudio.trajectories import NUMBERS, distance_error
from initstudio.ui.chart.lines import HUGE, Array, Range, counted, grown, number

MOST = 96
"""Points of a route, at most; fewer are left where it is longer, every second one at a time."""
FAR = 10.0
"""Times the middle contender's reach, beyond which one has no part in the plane of all."""
MARGIN = 0.04
"""Room around all routes, as a part of their size."""
BEYOND = 3.0
"""Widths of the view to which a line outside of it is followed."""


@dataclass(frozen=True, eq=False)
class Route:
    """Where one network was: its sketches [n, numbers] less that of its start, at steps [n].

    It begins at the start, and ends before the first sketch that is no finite number; `broken` is
    the step of that one, or -1.
    """

    steps: Integers
    points: Array
    broken: int

    @cached_property
    def lengths(self) -> Array:
        """Return the distances from the start [n]."""
        found: Array = np.linalg.norm(self.points, axis=1)
        return found

    @property
    def reach(self) -> float:
        """Return the greatest distance from the start."""
        return float(self.lengths.max())

    def passed(self) -> "Passed":
        """Return what stays known of it when it is drawn."""
        return Passed(self.steps, self.lengths)


class Passed(NamedTuple):
    """Where a route that is drawn led by: steps [n], and distances from the start [n].

    Its sketches are a few hundred times as large, and are let go with the frame.
    """

    steps: Integers
    lengths: Array

    def length_at(self, step: int | None) -> float:
        """Return the distance at a step, or at the end of the route."""
        at = -1 if step is None else int(np.searchsorted(self.steps, step, side="right")) - 1
        return float(self.lengths[at])


def kept_of(run: History, key: str) -> tuple[Integers, npt.NDArray[Any]]:
    """Return the snapshots of a reading that are drawn: steps [n], and values [n, R, ...].

    Up to the step as which the run is shown, evenly thinned to at most MOST, and the newest.
    """
    album = run.album
    steps = album.steps_of(key)
    if run.until is not None:
        steps = steps[steps <= run.until]
    stride = 1
    while len(steps) > MOST * stride:
        stride *= 2
    steps, values = album.over(key, list(range(0, len(steps), stride)))
    newest = run.latest.get(key)
    if newest is None or (len(steps) and steps[-1] >= run.layers_step):
        return steps, values
    if not len(steps):
        return np.array([run.layers_step]), newest[None]
    return np.append(steps, run.layers_step), np.concatenate([values, newest[None]])


def route_of(steps: Integers, values: npt.NDArray[np.floating]) -> Route:
    """Return the route through sketches [n, numbers] at steps [n]."""
    points = values.astype(np.float64)
    sound = (np.abs(points) <= HUGE).all(1)
    end = len(points) if sound.all() else int(sound.argmin())
    broken = -1 if end == len(points) else int(steps[end])
    steps, points = steps[:end], points[:end]
    if not end or steps[0] > 0:
        steps = np.concatenate([[0], steps])
        points = np.concatenate([np.zeros((1, points.shape[1])), points])
    return Route(steps, points, broken)


def near(routes: Sequence[Route]) -> list[bool]:
    """Return which routes have a part in the plane of all: not those that reach far beyond most."""
    reaches = [route.reach for route in routes]
    moving = sorted(one for one in reaches if one > 0)
    usual = moving[(len(moving) - 1) // 2] if moving else 0.0
    return [one <= FAR * usual for one in reaches]


def even_view(
    before: tuple[Range, Range] | None, low: Array, high: Array, width: int, height: int
) -> tuple[tuple[Range, Range], tuple[Range, Range]]:
    """Return round ranges around a box from `low` to `high` [2], and the view on them.

    In the view, of `width` by `height` pixels, a unit is as long upward as across.
    """
    boxes = before or (None, None)
    margin = MARGIN * float((high - low).max())
    low, high = low - margin, high + margin
    x, y = (
        grown(box, float(bottom), float(top))
        for box, bottom, top in zip(boxes, low, high, strict=True)
    )
    unit = max((x[1] - x[0]) / width, (y[1] - y[0]) / height)
    sides = []
    for (bottom, top), pixels in ((x, width), (y, height)):
        centre, half = (bottom + top) / 2, unit * pixels / 2
        sides.append((centre - half, centre + half))
    return (x, y), (sides[0], sides[1])


def held_near(points: Array, view: tuple[Range, Range]) -> Array:
    """Return points [n, 2] in which those far outside of the view are moved toward 0.

    Qt draws nothing where it runs out of pixels.
    """
    sizes = np.array([high - low for low, high in view])
    limit = BEYOND * sizes.max() + np.abs(np.array(view)).max()
    lengths = np.linalg.norm(points, axis=1, keepdims=True)
    return np.where(lengths > limit, points * (limit / np.maximum(lengths, limit)), points)


def troubles_of(names: Sequence[str], routes: Sequence[Route], part: Sequence[bool]) -> list[str]:
    """Return what cannot be drawn of the contenders, and which have no part in the plane."""
    notes = []
    for name, route, inside in zip(names, routes, part, strict=True):
        if route.broken >= 0:
            notes.append(f"{name}: no finite weights from step {route.broken:,}")
        if not inside:
            reach = number(route.reach)
            notes.append(f"{name} goes {reach} far, beyond the axes: it has no part in the plane")
    return notes


def exactness(weights: int) -> str:
    """Return how well the sketches of so many weights keep distances, in words."""
    error = distance_error(weights)
    if not error:
        return f"exact: all {counted(weights, 'weight')}"
    return (
        f"{NUMBERS} sums with random signs stand for {weights:,} weights: distances to within "
        f"{100 * error:.1f} %, 19 times of 20"
    )


def share_text(share: float) -> str:
    """Return a part of the variance as a person reads it: "83 %"."""
    if np.isnan(share):
        return "no part"
    return f"{100 * share:.0f} %" if share >= 0.1 or share == 0 else f"{100 * share:.1g} %"
