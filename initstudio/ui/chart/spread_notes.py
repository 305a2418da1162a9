"""What a person must know to read a picture of distributions, as sentences."""

from collections.abc import Iterable, Sequence
from math import floor, log2

from initstudio.distribution import Binned
from initstudio.target import Target
from initstudio.ui.chart.lines import Range, number, superscript
from initstudio.ui.chart.spread import QUANTILE, Scene, Shown, Spread, outside


def notes_of(shown: Sequence[Shown], view: Range, *, whole: bool) -> list[str]:
    """Return what of the values is not in sight, and why a target is not.

    `whole` tells of every value outside of the axis, and not of the last tails only.
    """
    notes = []
    for one in shown:
        name, group = one.ink.name, one.now
        if group is None:
            notes.append(f"{name}: no finite value")
        elif group.not_finite:
            notes.append(f"{name}: {group.not_finite:,} values are no finite number")
        out = outside(group, view) if group else 0.0
        if out > (0 if whole else 2.5 * QUANTILE):
            notes.append(f"{name}: {number(100 * out, 2)} % lie outside the axis")
    for why in dict.fromkeys(one.target for one in shown if isinstance(one.target, str)):
        names = ", ".join(one.ink.name for one in shown if one.target == why)
        notes.append(f"{names}: no target ({why})")
    return notes


def own_notes(shown: Sequence[Shown], shapes: Sequence[Spread | None], top: float) -> list[str]:
    """Return whose values are all equal, and whose peak is above the axis."""
    notes = []
    for one, shape in zip(shown, shapes, strict=True):
        if shape and shape.bandwidth == 0:
            notes.append(f"{one.ink.name}: all values are {value_of(shape.group)}")
        elif shape and shape.peak > top * (1 + 1e-9):
            notes.append(f"{one.ink.name} peaks at {number(shape.peak, 2)}, above the axis")
    return notes


def bins_note(
    scene: Scene, counts: Sequence[int], exponents: Sequence[int], *, uneven: bool = False
) -> list[str]:
    """Return how many bins there are, and how wide they are, if bars are drawn.

    `uneven` tells that some are wider: where values are few, a reading has no finer ones.
    """
    if not scene.bars or not counts:
        return []
    many = sorted({min(counts), max(counts)})
    wide = sorted({min(exponents), max(exponents)})
    bins = " to ".join(f"{one:,}" for one in many)
    some = ", some wider" if uneven else ""
    return [f"{bins} bins of " + " to ".join(f"2{superscript(one)}" for one in wide) + some]


def width_note(scene: Scene, widths: Iterable[float]) -> list[str]:
    """Return the bandwidths, if densities are drawn."""
    known = [width for width in widths if width > 0]
    if not scene.line or not known:
        return []
    low, high = number(min(known), 2), number(max(known), 2)
    return [f"bandwidth {low}" + (f" to {high}" if high != low else "")]


def behind_note(scene: Scene, shown: Iterable[Shown]) -> list[str]:
    """Return what is drawn behind the values."""
    shown, notes = list(shown), []
    if any(one.start for one in shown):
        notes.append("faint: at the start")
    if any(isinstance(one.target, Target) for one in shown):
        of = "" if scene.started else " of the start"
        notes.append(f"dashed: the target{of}")
    return notes


def value_of(group: Binned) -> str:
    """Return the one value that all have, to as many digits as its bin tells."""
    value = group.constant or 0.0
    if value == 0:
        return "0"
    digits = floor((log2(abs(value)) - group.exponent) * 0.301) if value else 1
    return number(value, min(max(digits, 1), 6))
