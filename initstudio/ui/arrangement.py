"""Where the pictures of a board lie: places for one to six, and who keeps which picture."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, TypeAlias

from initstudio.experiment import Choice, Shares

MOST = 6
LEAST = 0.12
"""The least part of a board's width or height that a column or row has."""
PLACES: dict[int, tuple[tuple[int, int, int, int], ...]] = {
    1: ((0, 0, 1, 1),),
    2: ((0, 0, 1, 1), (0, 1, 1, 1)),
    3: ((0, 0, 2, 1), (0, 1, 1, 1), (1, 1, 1, 1)),
    4: ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 1), (1, 1, 1, 1)),
    5: ((0, 0, 2, 1), (0, 1, 1, 1), (0, 2, 1, 1), (1, 1, 1, 1), (1, 2, 1, 1)),
    6: tuple((row, column, 1, 1) for row in range(2) for column in range(3)),
}
"""For each number of pictures: row, column, rows and columns of each."""

Side: TypeAlias = Literal["left", "right", "up", "down"]
Cell: TypeAlias = tuple[float, float, float, float]
"""Top, left, height and width of a picture, as parts of the board's height and width."""
Parts: TypeAlias = tuple[float, ...]
"""Parts of a whole, which sum to 1."""


def rows_and_columns(count: int) -> tuple[int, int]:
    """Return how many rows and columns there are for so many pictures."""
    places = PLACES.get(count, ())
    rows = max((row + tall for row, _, tall, _ in places), default=1)
    return rows, max((column + wide for _, column, _, wide in places), default=1)


def parts(shares: Sequence[float], count: int) -> Parts:
    """Return the parts of a whole that `count` columns or rows have, each at least `LEAST`."""
    if len(shares) != count:
        return (1 / count,) * count
    total = sum(shares)
    room = 1 - count * LEAST
    over = [max(share / total - LEAST, 0.0) for share in shares]
    return tuple(LEAST + room * part / sum(over) for part in over)


def cells(count: int, shares: Shares) -> list[Cell]:
    """Return where so many pictures lie, in order."""
    rows, columns = rows_and_columns(count)
    tops = [0.0, *accumulate(parts(shares.rows, rows))]
    lefts = [0.0, *accumulate(parts(shares.columns, columns))]
    return [
        (
            tops[row],
            lefts[column],
            tops[row + tall] - tops[row],
            lefts[column + wide] - lefts[column],
        )
        for row, column, tall, wide in PLACES.get(count, ())
    ]


def neighbour(count: int, at: int, side: Side) -> int | None:
    """Return the place that touches place `at` on that side, the uppermost or leftmost of them."""
    row, column, tall, wide = PLACES[count][at]
    for other, (top, left, height, width) in enumerate(PLACES[count]):
        beside = top < row + tall and row < top + height
        above = left < column + wide and column < left + width
        touches = {
            "left": beside and left + width == column,
            "right": beside and left == column + wide,
            "up": above and top + height == row,
            "down": above and top == row + tall,
        }
        if touches[side]:
            return other
    return None


def kept(before: Sequence[Choice], after: Sequence[Choice]) -> list[int | None]:
    """Return for each picture that comes which one of those before it is; None: a new one.

    One that is the same in its place stays; then one that has moved is found again by its options,
    and one with other options by its place, and else by its kind.
    """
    found: list[int | None] = [None] * len(after)
    free = set(range(len(before)))

    def take(at: int, candidates: Sequence[int]) -> None:
        for candidate in candidates:
            if found[at] is None and candidate in free:
                found[at] = candidate
                free.discard(candidate)

    everywhere = range(len(before))
    for at, choice in enumerate(after):
        take(at, [one for one in everywhere if one == at and before[one] == choice])
    for at, choice in enumerate(after):
        take(at, [one for one in everywhere if before[one] == choice])
    for at, choice in enumerate(after):
        take(at, [one for one in everywhere if one == at and before[one].key == choice.key])
    for at, choice in enumerate(after):
        take(at, [one for one in everywhere if before[one].key == choice.key])
    return found
