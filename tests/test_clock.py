"""The clock of a run against all its moments kept in a list."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from initstudio.clock import CAPACITY, Clock


def test_seconds_between_two_moments_lie_on_a_line() -> None:
    clock = Clock()
    for step, seconds in ((0, 0.5), (10, 1.5), (20, 4.5)):
        clock.note(step, seconds)
    assert clock.seconds_at([0, 5, 10, 15, 20]).tolist() == [0.5, 1.0, 1.5, 3.0, 4.5]
    assert clock.seconds_at(99).item() == 4.5
    assert np.isnan(clock.seconds_at([np.nan, np.inf])).all()
    assert clock.seconds_at(np.zeros((2, 3))).shape == (2, 3)


def test_without_a_moment_no_seconds_are_known() -> None:
    assert np.isnan(Clock().seconds_at([0, 1])).all()


def test_a_moment_that_is_told_again_replaces_itself_and_time_never_falls() -> None:
    clock = Clock()
    for step, seconds in ((3, 1.0), (3, 2.0), (2, 9.0), (5, 1.5), (6, float("nan")), (-1, 7.0)):
        clock.note(step, seconds)
    assert clock.steps.tolist() == [3, 5]
    assert clock.seconds.tolist() == [2.0, 2.0]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 60), st.integers(1, 30_000))
def test_a_long_run_costs_no_more_and_stays_near(seed: int, longest: int, moments: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.integers(1, longest + 1, moments))
    seconds = np.cumsum(rng.uniform(0, 0.1, moments))
    clock = Clock()
    for step, second in zip(steps.tolist(), seconds.tolist(), strict=True):
        clock.note(step, second)
    assert len(clock) < CAPACITY
    assert clock.steps[-1] == steps[-1]
    assert clock.seconds[-1] == seconds[-1]
    assert (np.diff(clock.steps) > 0).all()
    assert set(clock.steps.tolist()) <= set(steps.tolist())
    if moments > CAPACITY:
        assert len(clock) > CAPACITY / 5, "no more is let go of than must be"
    # what lies between two moments that are kept is off by no more than passes between them
    found = clock.seconds_at(steps)
    gaps = np.diff(clock.seconds, prepend=clock.seconds[:1]).max()
    assert np.abs(found - seconds).max() <= gaps + 1e-9


def test_the_moments_that_are_kept_lie_evenly_over_the_run() -> None:
    clock = Clock()
    for step in range(0, 3_000_000, 30):
        clock.note(step, step / 1000)
    apart = np.diff(clock.steps)[:-1]
    assert apart.max() <= 4 * apart.min()
    assert clock.seconds_at(1_234_567).item() == pytest.approx(1234.567)
