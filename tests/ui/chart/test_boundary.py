"""The line between classes, against a loop over squares of four cells."""

import itertools
from math import isnan

import numpy as np
import pytest

from initstudio.ui.chart.boundary import boundary

Pair = tuple[float, float]
Piece = tuple[Pair, Pair]


def crossing(one: tuple[float, float], other: tuple[float, float]) -> float | None:
    """Return how far from one cell to the next, each (class, lead), the class changes."""
    if isnan(one[0]) or isnan(other[0]) or one[0] == other[0]:
        return None
    return 0.5 if one[1] + other[1] == 0 else one[1] / (one[1] + other[1])


def slow(classes: np.ndarray, lead: np.ndarray) -> list[Piece]:
    rows, columns = classes.shape
    found: list[Piece] = []
    for row, column in itertools.product(range(rows - 1), range(columns - 1)):

        def cell(up: int, right: int, row: int = row, column: int = column) -> Pair:
            at = row + up, column + right
            return float(classes[at]), float(lead[at])

        level = [(up, crossing(cell(up, 0), cell(up, 1))) for up in (0, 1)]
        steep = [(right, crossing(cell(0, right), cell(1, right))) for right in (0, 1)]
        places = [(column + part, float(row + up)) for up, part in level if part is not None]
        places += [(float(column + right), row + part) for right, part in steep if part is not None]
        for place in places:
            middle = tuple(float(np.mean(side)) for side in zip(*places, strict=True))
            found.append((place, (middle[0], middle[1])))
    return found


def pieces(x: np.ndarray, y: np.ndarray) -> list[Piece]:
    assert np.isnan(x[2::3]).all()
    assert np.isnan(y[2::3]).all()
    ends = [list(zip(x[at::3].tolist(), y[at::3].tolist(), strict=True)) for at in (0, 1)]
    return list(zip(*ends, strict=True))


@pytest.mark.parametrize("seed", range(5))
def test_the_line_is_that_of_a_loop_over_squares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    classes = rng.integers(0, 3, (7, 9)).astype(float)
    lead = rng.uniform(0, 1, (7, 9)) * rng.integers(0, 2, (7, 9))
    classes[rng.uniform(size=(7, 9)) < 0.1] = np.nan
    found, wanted = pieces(*boundary(classes, lead)), slow(classes, lead)
    assert len(found) == len(wanted)
    assert np.allclose(sorted(found), sorted(wanted))


def test_a_straight_boundary_is_a_straight_line() -> None:
    x, y = np.meshgrid(np.arange(12.0), np.arange(8.0))
    height = 0.3 * x + 0.7 * y - 4
    found, level = boundary((height > 0).astype(float), np.abs(height))
    known = np.isfinite(found)
    assert known.any()
    assert np.allclose(0.3 * found[known] + 0.7 * level[known], 4)


def test_of_one_class_or_none_there_is_no_line() -> None:
    for one in (0.0, np.nan):
        x, y = boundary(np.full((4, 4), one), np.ones((4, 4)))
        assert len(x) == len(y) == 0
