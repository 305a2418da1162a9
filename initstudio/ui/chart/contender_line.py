"""The contenders that a picture shows: of the present run, and of pinned ones, with their looks."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from initstudio.experiment import Contender
from initstudio.history import Header, History
from initstudio.ui.theme import Theme

PINNED = 0.8
"""Strength of a pinned run's colour."""


@dataclass(frozen=True, eq=False)
class Pin:
    """An earlier run that stays in the pictures, under a name.

    `why` is a sentence of why its history has no readings, where that is known.
    """

    name: str
    history: History
    why: str = ""


class Stroke(NamedTuple):
    """How a line is drawn: colour, width in pixels, pattern in widths; no pattern is solid."""

    colour: str
    width: float
    dash: tuple[float, ...]


@dataclass(frozen=True)
class Line:
    """One contender that is shown, and its replicas in the readings, int64 [seeds].

    `run` is 0 for the present run, and counts the pinned ones from 1 on.
    """

    name: str
    slot: int
    replicas: npt.NDArray[np.int64] = field(compare=False)
    run: int = 0

    @property
    def key(self) -> Hashable:
        """Return what tells it from every other line of the picture."""
        return (self.run, self.slot) if self.run else self.slot

    def stroke(self, theme: Theme) -> Stroke:
        """Return how it is drawn: a pinned run's lines are thinner, and dashed as that run's."""
        colour = theme.colour(self.slot)
        if self.run:
            width = max(1.0, 0.75 * theme.line_width)
            return Stroke(theme.blend(colour, PINNED), width, theme.pinned_dash(self.run))
        return Stroke(colour, theme.line_width, theme.dash(self.slot))

    def rule(self, theme: Theme) -> tuple[str, tuple[float, ...]]:
        """Return colour and pattern of the line above its panel: a pinned run's is dashed."""
        return theme.colour(self.slot), theme.pinned_dash(self.run) if self.run else ()


def lines_of(header: Header, contenders: Sequence[Contender]) -> list[Line]:
    """Return the lines of those contenders that are in a run and not hidden."""
    slots = np.array(header.slots)
    lines = []
    for one in contenders:
        replicas = np.flatnonzero(slots == one.slot)
        if len(replicas) and not one.hidden:
            lines.append(Line(one.name, one.slot, replicas))
    return lines


def pinned_lines(run: int, pin: Pin) -> list[Line]:
    """Return the lines of a pinned run, by the names that its contenders had then."""
    header = pin.history.header
    return [
        Line(f"{line.name} ({pin.name})", line.slot, line.replicas, run)
        for line in lines_of(header, header.experiment.contenders)
    ]
