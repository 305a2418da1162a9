"""The comparison of two contenders in words, and the numbers of the convergence table as text."""

from math import floor, isfinite, isnan, log10

from initstudio.convergence import Row, Spread
from initstudio.ranking import EXACT_SEEDS, Comparison, least_p
from initstudio.ui.chart.lines import number, superscript

GOALS = {"loss_steps": "loss target", "accuracy_steps": "accuracy target"}
"""What is reached sooner or later, by the number that contenders are ranked by."""
ENDS = {
    "final_loss": "final loss",
    "final_accuracy": "final accuracy",
    "area": "area under the loss curve",
}
"""What is lower or higher."""
NEAR_A_TWENTIETH = (0.04, 0.06)
"""Where one digit of p would not tell on which side of 0.05 it lies."""


def sentence(first: str, second: str, found: Comparison) -> str:
    """Return how the first contender stands against the second, over how many seeds, and p."""
    ahead = found.toward >= 0
    seeds = found.worse if ahead else found.better
    size = "" if isnan(found.behind) else f"{amount(abs(found.behind), found.by)} "
    if not found.toward and found.by in GOALS:
        said = f"{first} and {second} reach the {GOALS[found.by]} equally soon on average"
    elif not found.toward:
        said = f"{first} and {second} have the same {ENDS[found.by]} on average"
    elif found.by in GOALS:
        side = "sooner" if ahead else "later"
        said = f"{first} reaches the {GOALS[found.by]} {size}{side} than {second}"
    else:
        higher = ahead == (found.by == "final_accuracy")
        side = "higher" if higher else "lower"
        said = f"{first}’s {ENDS[found.by]} is {size}{side} than {second}’s"
    if found.seeds == 1:
        return f"{said}; with one seed no test can judge that"
    counted = f", in {seeds} of {found.seeds} seeds" if found.toward else ""
    lacking = _lacking(first, found.first_missing, found.first_diverged, found)
    lacking += _lacking(second, found.second_missing, found.second_diverged, found)
    return f"{said}{counted}, {p_text(found.p)}{lacking}"


def words_of_test(found: Comparison) -> str:
    """Return what was tested, and what its p can be at least."""
    if found.seeds < 2:
        return "With one seed no test can judge the difference: use more."
    way = "of all choices of signs" if found.seeds <= EXACT_SEEDS else "of 10,000 drawn signs"
    return (
        f"Two-sided sign-flip test, paired over {found.seeds} seeds, {way}; p is not corrected for "
        f"several comparisons, and with so many seeds is at least {number(least_p(found.seeds))}."
    )


def behind_text(found: Comparison) -> str:
    """Return by how much a contender is behind, in how many of the seeds, and p."""
    parts = [] if isnan(found.behind) else [amount(found.behind, found.by)]
    if found.seeds > 1:
        parts.append(f"{found.worse} of {found.seeds}, {p_text(found.p)}")
    return "  ".join(parts) or "–"


def amount(value: float, by: str) -> str:
    """Return a difference with its unit."""
    if by in GOALS:
        return f"{number(value)} steps" if abs(value) < 1000 else f"{value:,.0f} steps"
    return f"{number(100 * value, 2)} points" if by == "final_accuracy" else number(value, 2)


def p_text(p: float) -> str:
    """Return "p = 0.06", with more digits only where they decide."""
    if p < 0.001:
        return "p < 0.001"
    low, high = NEAR_A_TWENTIETH
    digits = 2 if p >= 0.1 or low <= p < high else 1
    return f"p = {number(p, digits)}"


def plus_minus(mean: float, std: float) -> str:
    """Return "1.16 ± 0.10": two digits of the deviation, and the mean to the same place."""
    size = max(abs(mean), std)
    if not isfinite(size) or not std:
        return f"{number(mean, 4)} ± {number(std)}"
    power = floor(log10(size))
    if not -3 <= power < 6:
        return f"({plus_minus(mean / 10.0**power, std / 10.0**power)})×10{superscript(power)}"
    places = max(0, min(1 - floor(log10(std)), 5 - power))
    return f"{mean:,.{places}f} ± {std:,.{places}f}".replace("-", "−")


def _lacking(name: str, missing: int, diverged: int, found: Comparison) -> str:
    """Return in how many seeds a contender has no number, and why."""
    never = "never gets there" if found.by in GOALS else "has no number"
    parts = [(diverged, "diverges"), (missing - diverged, never)]
    said = [f"{what} in {count} of {found.seeds}" for count, what in parts if count]
    return f"; {name} {' and '.join(said)}" if said else ""


def spread_text(one: Spread, kind: str, per_epoch: int, *, mean: bool = False) -> str:
    """Return the median with the range, or mean ± std, and how many got there if not all did."""
    if not one.reached:
        return "–"
    if mean and isfinite(one.std):
        text = f"{_plus_minus(one, kind)}{_unit(kind)}{_epochs(one.mean, kind, per_epoch)}"
    elif mean:
        text = value_text(one.mean, kind, per_epoch)
    else:
        text = value_text(one.median, kind, per_epoch)
        if one.seeds > 1 and one.low != one.high:
            text += f"  [{_bare(one.low, kind)} – {_bare(one.high, kind)}]"
    if one.reached < one.seeds:
        text += f"  {one.reached} of {one.seeds}"
    return text


def value_text(value: float, kind: str, per_epoch: int) -> str:
    """Return one number with its unit; of steps also the epochs that they are."""
    if not isfinite(value):
        return "never" if kind in ("steps", "seconds") else "–"
    return f"{_bare(value, kind)}{_unit(kind)}{_epochs(value, kind, per_epoch)}"


def diverged_text(row: Row) -> str:
    """Return at which step a contender diverged, of several seeds how many and the first one."""
    found = row.diverged
    if not found.reached:
        return "–"
    if found.seeds == 1:
        return f"step {found.low:,.0f}"
    return f"{found.reached} of {found.seeds}, first at step {found.low:,.0f}"


def stalled_text(row: Row) -> str:
    """Return how many seeds of a contender stalled."""
    if not row.stalled:
        return "–"
    return "stalled" if len(row.seeds) == 1 else f"{row.stalled} of {len(row.seeds)}"


def trouble_text(name: str, count: int, seeds: int, verb: str) -> str:
    """Return "Normal diverged", and of how many seeds if only some did; "" if none did."""
    some = f" in {count} of {seeds} seeds" if count < seeds else ""
    return f"{name} {verb}{some}" if count else ""


def _plus_minus(one: Spread, kind: str) -> str:
    if kind in ("loss", "seconds"):
        return plus_minus(one.mean, one.std)
    return f"{_bare(one.mean, kind)} ± {_bare(one.std, kind)}"


def _bare(value: float, kind: str) -> str:
    match kind:
        case "accuracy":
            return f"{100 * value:.1f}"
        case "loss":
            return number(value, 4)
        case "seconds":
            return number(value, 3)
        case _:
            return f"{value:,.0f}"


def _unit(kind: str) -> str:
    return {"accuracy": " %", "seconds": " s"}.get(kind, "")


def _epochs(value: float, kind: str, per_epoch: int) -> str:
    return f" ({number(value / per_epoch)} ep.)" if kind == "steps" and per_epoch else ""
