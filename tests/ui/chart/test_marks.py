"""Names beside lines lie apart, and as near to their lines as can be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from initstudio.ui.chart.marks import spread_out


def by_search(places: list[float], gap: float) -> np.ndarray:
    """Return the same by a general solver."""
    order = np.argsort(places, kind="stable")
    wanted = np.array(places)[order]
    apart = [
        {"type": "ineq", "fun": lambda x, at=at: x[at + 1] - x[at] - gap}
        for at in range(len(places) - 1)
    ]
    start = wanted.mean() + gap * (np.arange(len(places)) - (len(places) - 1) / 2)
    found = optimize.minimize(
        lambda x: ((x - wanted) ** 2).sum(), start, constraints=apart, method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )  # fmt: skip
    back = np.empty(len(places))
    back[order] = found.x
    return back


@pytest.mark.parametrize(
    "places", [[5.0], [10.0, 10.0], [10.0, 12.0, 40.0], [3.0, 1.0, 2.0, 50.0, 51.0, 49.0]]
)
def test_they_move_the_least(places: list[float]) -> None:
    found = spread_out(places, 10.0, -1000.0, 1000.0)
    assert found == pytest.approx(by_search(places, 10.0), abs=1e-3)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_they_lie_apart_and_within(places: list[float]) -> None:
    found = np.sort(spread_out(places, 10.0, 0.0, 100.0))
    assert (np.diff(found) >= 10 - 1e-9).all()
    assert found[0] >= -1e-9
    assert found[-1] <= 100 + 1e-9


def test_there_may_be_none() -> None:
    assert len(spread_out([], 10.0, 0.0, 100.0)) == 0
