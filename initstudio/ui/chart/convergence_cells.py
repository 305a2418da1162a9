"""The convergence table as a sheet: its columns, its cells and the order of its rows."""

from collections.abc import Sequence
from math import inf, isfinite
from typing import NamedTuple

from initstudio.convergence import (
    HIGHER_IS_BETTER,
    STALL_EPOCHS,
    STALL_SHARE,
    Row,
    Spread,
)
from initstudio.ranking import Comparison, Place
from initstudio.ui.chart.convergence_words import (
    behind_text,
    diverged_text,
    sentence,
    spread_text,
    stalled_text,
    words_of_test,
)
from initstudio.ui.chart.sheet import Entry, Head, Sheet
from initstudio.ui.theme import Theme


class Column(NamedTuple):
    """One column: its key (the field of a Row), heading, kind of number and exact meaning."""

    key: str
    title: str
    kind: str
    help: str


TOGETHER = (
    "All contenders and seeds train together: these are the seconds of training that all of them "
    "took until then, not of this contender alone."
)
COLUMNS = (
    Column("name", "Contender", "name", "The way of starting the network."),
    Column(
        "rank", "Rank", "rank",
        "By the median over the seeds of the number chosen above; 2= is shared. A seed that never "
        "got there or diverged counts as worse than all others.",
    ),
    Column(
        "loss_steps", "Steps to loss", "steps",
        "Steps made at the end of the first epoch whose mean training loss is at or below the "
        "target, and the epochs that this is.",
    ),
    Column(
        "loss_seconds", "Seconds to loss", "seconds",
        f"Seconds of training, by the engine's clock, until the loss target. {TOGETHER}",
    ),
    Column(
        "accuracy_steps", "Steps to accuracy", "steps",
        "Steps made at the first epoch's end with at least the target accuracy, and the epochs "
        "that this is: on the validation part, or without one on the epoch's training batches.",
    ),
    Column(
        "accuracy_seconds", "Seconds to accuracy", "seconds",
        f"Seconds of training, by the engine's clock, until the accuracy target. {TOGETHER}",
    ),
    Column(
        "final_loss", "Final loss", "loss", "Mean training loss of the last completed epoch."
    ),
    Column(
        "final_accuracy", "Final accuracy", "accuracy",
        "Accuracy at the last epoch's end, on the validation part, or without one the epoch's "
        "mean on the training batches.",
    ),
    Column(
        "area", "Area per step", "loss",
        "Area under the curve of the epochs' mean training losses over the steps (trapezoids), "
        "divided by those steps: the curve's mean height, in units of the loss.",
    ),
    Column(
        "best_loss", "Best loss", "loss",
        "Least of the epochs' mean training losses. An epoch's is the mean over its steps of the "
        "batch's loss before the update, as the article prints it.",
    ),
    Column(
        "best_accuracy", "Best accuracy", "accuracy",
        "Greatest accuracy at an epoch's end, on the validation part, or without one the epoch's "
        "mean on the training batches.",
    ),
    Column("first_loss", "First loss", "loss", "Loss of the first batch, before any update."),
    Column(
        "behind", "Behind the first", "behind",
        "By how much the contender is behind the one of rank 1 in the ranked number, in the mean "
        "over the seeds; in how many of them; and p of a two-sided sign-flip test paired over the "
        "seeds, not corrected for several comparisons.",
    ),
    Column(
        "stalled", "Stalled", "stalled",
        f"The seeds that neither reached the loss target nor diverged, and whose loss, in the mean "
        f"of the last tenth of the epochs, is less than {100 * STALL_SHARE:.0f} % below the first "
        f"epoch's. Told from {STALL_EPOCHS} epochs on.",
    ),
    Column(
        "diverged", "Diverged", "step",
        "The seeds with a loss that is no finite number, and the step of the first such loss.",
    ),
)  # fmt: skip
MEASURED = tuple(one for one in COLUMNS if one.kind in ("steps", "seconds", "loss", "accuracy"))
"""The columns of a number over seeds."""
_NAMES = {column.key: at for at, column in enumerate(COLUMNS)}


class Standing(NamedTuple):
    """One contender with what the table tells of it.

    `per_epoch` steps make an epoch of its run. `behind` compares it with the one of rank 1, called
    `first`; None: it is that, or none is.
    """

    name: str
    colour: str
    row: Row
    per_epoch: int
    place: Place
    behind: Comparison | None = None
    first: str = ""


def sheet_of(standings: Sequence[Standing], theme: Theme, *, mean: bool) -> Sheet:
    """Return the table of these contenders, in their order, with the comparisons below it.

    `mean`: mean ± standard deviation rather than median and range.
    """
    over = (
        "Several seeds: the mean ± standard deviation (n − 1) of those that got there."
        if mean
        else "Several seeds: the median, in which one that never got there counts as later than "
        "all others, and [least – greatest] of those that did."
    )
    heads = tuple(
        Head(one.title, f"{one.help} {over}" if one in MEASURED else one.help, one.kind != "name")
        for one in COLUMNS
    )
    entries = tuple(
        Entry(
            colour=one.colour,
            cells=tuple(cell_text(one, column, mean=mean) for column in COLUMNS),
            inks=tuple(_ink(one, column, theme) for column in COLUMNS),
            tips=tuple(_tip(one, column) for column in COLUMNS),
        )
        for one in standings
    )
    several = any(len(one.row.seeds) > 1 for one in standings)
    said = [f"{sentence(one.first, one.name, one.behind)}." for one in standings if one.behind]
    tests = [words_of_test(one.behind) for one in standings if one.behind][:1]
    return Sheet(heads, entries, (*([over] if several else []), *said, *tests))


def cell_text(one: Standing, column: Column, *, mean: bool) -> str:
    """Return what a cell says."""
    match column.kind:
        case "name":
            return one.name
        case "rank":
            return f"{one.place.rank}{'=' * one.place.shared}" if one.place.rank else "–"
        case "behind":
            first = one.place.rank == 1 and not one.behind
            return "first" if first else behind_text(one.behind) if one.behind else "–"
        case "stalled":
            return stalled_text(one.row)
        case "step":
            return diverged_text(one.row)
        case _:
            found: Spread = getattr(one.row, column.key)
            return spread_text(found, column.kind, one.per_epoch, mean=mean)


def ordered(standings: Sequence[Standing], sort: str, *, mean: bool) -> tuple[Standing, ...]:
    """Return the contenders by a column, "-" before its key: the greatest first; "": as they are.

    Who has no number comes last both ways.
    """
    column, falling = sorted_by(sort)
    if column < 0:
        return tuple(standings)
    key = COLUMNS[column].key
    if key == "name":
        return tuple(sorted(standings, key=lambda one: one.name.casefold(), reverse=falling))

    def place(one: Standing) -> tuple[bool, float]:
        value = _number(one, key, mean=mean)
        return not isfinite(value), (-value if falling else value) if isfinite(value) else 0.0

    return tuple(sorted(standings, key=place))


def sorted_by(sort: str) -> tuple[int, bool]:
    """Return the column that an order is by, -1: none, and whether the greatest comes first."""
    return _NAMES.get(sort.removeprefix("-"), -1), sort.startswith("-")


def next_sort(sort: str, column: int) -> str:
    """Return the order after a click on a heading: the best first, then last, then as they were."""
    key = COLUMNS[column].key
    best = f"-{key}" if key in HIGHER_IS_BETTER | {"stalled"} else key
    other = key if best.startswith("-") else f"-{key}"
    return {best: other, other: ""}.get(sort, best)


def _number(one: Standing, key: str, *, mean: bool) -> float:
    """Return the number by which a contender is put in order; not finite: it has none."""
    match key:
        case "rank":
            return one.place.rank or inf
        case "behind":
            return one.behind.toward if one.behind else (0.0 if one.place.rank else inf)
        case "stalled":
            return one.row.stalled or inf
        case "diverged":
            return one.row.diverged.low
    found: Spread = getattr(one.row, key)
    return found.mean if mean else found.median


def _tip(one: Standing, column: Column) -> str:
    if column.kind not in ("behind", "rank") or not one.behind:
        return ""
    return f"{sentence(one.first, one.name, one.behind)}. {words_of_test(one.behind)}"


def _ink(one: Standing, column: Column, theme: Theme) -> str:
    trouble = {"step": one.row.diverged.reached, "stalled": one.row.stalled}
    return theme.error if trouble.get(column.kind) else ""
