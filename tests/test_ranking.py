"""Ranks and paired tests against loops over all signs, and against scipy."""

from itertools import product
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from initstudio.convergence import Row, row_of
from initstudio.history import History
from initstudio.ranking import (
    DRAWS,
    EXACT_SEEDS,
    Place,
    compare,
    judged,
    least_p,
    paired,
    ranks,
    sign_flip,
)
from tests.synthetic import experiment_of, header_of

NAMES = (
    *("loss_steps", "accuracy_steps", "loss_seconds", "accuracy_seconds", "first_loss"),
    *("best_loss", "final_loss", "final_accuracy", "best_accuracy", "area", "diverged", "stalled"),
)


def rows_with(
    by: str, values: list[list[float]], diverged: list[list[float]] | None = None
) -> tuple[Row, ...]:
    """Return rows of contenders, all of whose numbers but that one are missing."""
    seeds = len(values[0])
    history = History(header_of(experiment_of(len(values), seeds)))
    numbers = {key: np.full(len(values) * seeds, nan) for key in NAMES}
    numbers[by] = np.array(values).ravel()
    if diverged:
        numbers["diverged"] = np.array(diverged).ravel()
    return tuple(
        row_of(history, numbers, np.arange(at * seeds, (at + 1) * seeds))
        for at in range(len(values))
    )


def by_hand(differences: list[float]) -> float:
    """Return the share of choices of signs whose sum is as far from zero, by a loop."""
    seen, as_far, choices = abs(sum(differences)), 0, 0
    for signs in product((-1, 1), repeat=len(differences)):
        total = sum(sign * one for sign, one in zip(signs, differences, strict=True))
        as_far += abs(total) >= seen - 1e-9
        choices += 1
    return as_far / choices


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(-20, 20), min_size=1, max_size=9))
def test_a_p_is_that_of_all_signs(differences: list[int]) -> None:
    numbers = [float(one) for one in differences]
    assert sign_flip(numbers) == pytest.approx(by_hand(numbers))


@pytest.mark.parametrize("count", [2, 5, 8, 12])
def test_a_p_is_scipys(count: int) -> None:
    differences = np.random.default_rng(count).normal(0.4, 1, count)
    found = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=inf
    )
    assert sign_flip(differences) == pytest.approx(found.pvalue)


def test_with_many_seeds_a_p_is_drawn_and_near_that_of_all_signs() -> None:
    differences = np.random.default_rng(3).normal(0.5, 1, 14)
    assert len(differences) > EXACT_SEEDS
    exact = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=inf
    ).pvalue
    found = sign_flip(differences)
    assert found == sign_flip(differences), "the draws are the same each time"
    error = (exact * (1 - exact) / DRAWS) ** 0.5
    assert abs(found - exact) < 5 * error + 1 / DRAWS


def test_the_largest_numbers_and_none_at_all_have_a_p() -> None:
    assert sign_flip([1e308, 1e308, 1e308]) == 0.25
    assert sign_flip([0.0, 0.0]) == 1
    assert sign_flip([2.5] * 5) == least_p(5) == 0.0625
    assert sign_flip([1.0] * 40) == least_p(40) == 1 / (DRAWS + 1)


def test_under_chance_alone_p_is_below_a_twentieth_once_in_twenty() -> None:
    rng = np.random.default_rng(0)
    runs = 2000
    below = sum(sign_flip(rng.normal(size=8)) <= 0.05 for _ in range(runs))
    expected = 12 / 256  # the largest p of 8 seeds that is not above 0.05
    assert abs(below / runs - expected) < 4 * (expected / runs) ** 0.5


def test_a_pair_of_which_one_is_missing_counts_as_the_largest_known() -> None:
    first, second = np.array([10.0, 20, inf, inf, 5]), np.array([30.0, inf, 40, inf, 4])
    assert paired(first, second).tolist() == [20, 20, -20, 0, -1]
    assert paired(np.array([inf, 3.0]), np.array([1.0, inf])).tolist() == [-1, 1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(*[st.one_of(st.integers(0, 9).map(float), st.just(inf))] * 2),
        min_size=1,
        max_size=8,
    )
)
def test_swapping_two_contenders_swaps_the_signs(pairs: list[tuple[float, float]]) -> None:
    first, second = np.array(pairs).T
    assert np.array_equal(paired(first, second), -paired(second, first))


def test_ranks_are_those_of_a_loop_and_ties_share() -> None:
    rows = rows_with("final_loss", [[3, 1, 2], [2, 5, 1], [0.5, 9, 0.1], [4, 4, 4]])
    medians = [sorted(row.numbers["final_loss"])[1] for row in rows]
    by_loop = [1 + sum(other < one for other in medians) for one in medians]
    found = ranks(rows, "final_loss")
    assert [place.rank for place in found] == by_loop == [2, 2, 1, 4]
    assert [place.shared for place in found] == [True, True, False, False]


def test_a_greater_accuracy_ranks_first() -> None:
    rows = rows_with("final_accuracy", [[0.5], [0.9], [0.7]])
    assert [place.rank for place in ranks(rows, "final_accuracy")] == [3, 1, 2]


def test_who_never_got_there_follows_and_who_diverged_is_last() -> None:
    values: list[list[float]] = [
        [nan, nan, nan],
        [30, nan, nan],
        [20, 90, 40],
        [10, 10, 10],
        [nan, nan, nan],
    ]
    gone: list[list[float]] = [[nan, 7, nan], [nan] * 3, [nan] * 3, [5, 5, 5], [nan] * 3]
    rows = rows_with("loss_steps", values, gone)
    assert judged(rows[3], "loss_steps").tolist() == [inf] * 3, "what diverged counts as missing"
    assert [place.rank for place in ranks(rows, "loss_steps")] == [4, 2, 1, 5, 3]


def test_while_nobody_got_there_nobody_is_ranked() -> None:
    rows = rows_with("loss_steps", [[nan, nan], [nan, nan]])
    assert ranks(rows, "loss_steps") == (Place(), Place())
    assert compare(rows[0], rows[1], "loss_steps") is None


def test_a_comparison_tells_difference_seeds_and_p() -> None:
    first, second = rows_with("loss_steps", [[10, 20, 30, 40, 50], [100, 150, 160, 170, 120]])
    found = compare(first, second, "loss_steps")
    assert found is not None
    assert (found.behind, found.worse, found.better, found.seeds) == (110, 5, 0, 5)
    assert found.p == 2 / 32
    back = compare(second, first, "loss_steps")
    assert back is not None
    assert (back.behind, back.worse, back.p) == (-110, 0, 2 / 32)


def test_a_comparison_with_missing_seeds_has_a_side_but_no_size() -> None:
    first, second = rows_with("loss_steps", [[10, 20, 30], [40, nan, 20]])
    found = compare(first, second, "loss_steps")
    assert found is not None
    assert isnan(found.behind)
    assert (found.worse, found.better, found.first_missing, found.second_missing) == (2, 1, 0, 1)
    assert found.p == by_hand([30, 30, -10])


def test_one_seed_has_no_p() -> None:
    first, second = rows_with("final_loss", [[1], [2]])
    found = compare(first, second, "final_loss")
    assert found is not None
    assert found.behind == 1
    assert isnan(found.p)
