"""Sketches keep distances as far as they say, and planes are those of a whole decomposition."""

from math import pi, sqrt

import numpy as np
import numpy.typing as npt
import pytest

from initstudio.trajectories import (
    LINE,
    NUMBERS,
    SINGLE,
    Plane,
    distance_error,
    plane_of,
    single_places,
    sketch_size,
    sketching,
)

Array = npt.NDArray[np.float64]


def sketched(points: Array, random: np.random.Generator | None = None) -> Array:
    """Return sketches of points [n, weights]; by parts and signs of one's own, if by chance."""
    weights = points.shape[1]
    order, signs = sketching(weights)
    if random is not None:
        order = order.copy()
        order[:weights] = random.permutation(weights)
        signs = signs * random.choice((-1, 1), len(signs))
    found: Array = (points[:, order] * signs).reshape(len(points), -1, sketch_size(weights)).sum(1)
    return found


@pytest.mark.parametrize("weights", [1, 2, 511, 512, 513, 700, 5000])
def test_each_weight_is_in_one_number_of_a_sketch(weights: int) -> None:
    order, signs = sketching(weights)
    inside = order[signs != 0]
    assert sorted(inside.tolist()) == list(range(weights))
    assert set(np.abs(signs).tolist()) <= {0.0, 1.0}
    assert len(order) % sketch_size(weights) == 0
    held = (np.abs(signs).reshape(-1, sketch_size(weights))).sum(0)
    assert held.max() - held.min() <= 1, "equal parts"
    again, same = sketching.__wrapped__(weights)
    assert np.array_equal(order, again)
    assert np.array_equal(signs, same)


@pytest.mark.parametrize("weights", [1, 40, NUMBERS])
def test_of_few_weights_a_sketch_is_exact(weights: int) -> None:
    points = np.random.default_rng(1).normal(size=(7, weights))
    assert distance_error(weights) == 0
    assert np.allclose(sketched(points) @ sketched(points).T, points @ points.T)


@pytest.mark.parametrize("weights", [520, 900, 5000])
def test_a_distance_is_as_far_off_as_is_said(weights: int) -> None:
    """For an even vector the standard error is the bound; over many parts and signs."""
    random = np.random.default_rng(2)
    point = random.choice((-1.0, 1.0), (1, weights))
    squares = [float(np.square(sketched(point, random)).sum() / weights) for _ in range(3000)]
    wanted = distance_error(weights)  # two standard errors of a distance, one of its square
    assert np.mean(squares) == pytest.approx(1, abs=4 * wanted / sqrt(3000))
    assert np.std(squares) == pytest.approx(wanted, rel=0.1)
    # a loop over the pairs in the same column
    columns = np.arange(len(sketching(weights)[0])) % NUMBERS
    inside = columns[sketching(weights)[1] != 0]
    pairs = sum(int((inside == column).sum()) ** 2 for column in range(NUMBERS)) - weights
    assert wanted == pytest.approx(sqrt(2 * pairs / (weights * (weights - 1))))


def test_an_uneven_vector_is_no_farther_off() -> None:
    random = np.random.default_rng(3)
    point = random.normal(size=(1, 2000)) * np.geomspace(1, 1e-3, 2000)
    size = float(np.square(point).sum())
    squares = [float(np.square(sketched(point, random)).sum() / size) for _ in range(2000)]
    assert np.std(squares) < 1.1 * distance_error(2000)


def test_the_error_grows_to_that_of_any_number_of_weights() -> None:
    errors = [distance_error(weights) for weights in (512, 513, 600, 1024, 10**4, 10**7)]
    assert errors == sorted(errors)
    assert errors[-1] == pytest.approx(2 * sqrt(1 / (2 * NUMBERS)), rel=1e-3)


def by_svd(points: Array) -> tuple[Array, Array]:
    """Return the first two components and all shares, by numpy."""
    _, sizes, axes = np.linalg.svd(points - points.mean(0), full_matrices=False)
    return axes[:2], sizes**2 / (sizes**2).sum()


def clouds() -> list[Array]:
    random = np.random.default_rng(4)
    walk = np.cumsum(random.normal(size=(120, 300)), axis=0)
    return [
        walk,
        walk * 1e25,
        walk * 1e-25,
        walk[:3],
        walk[:2],
        walk[:, :2],
        walk[:, :5],
        np.concatenate([walk, 30 * walk[::-1]]),
        random.normal(size=(400, 200)),
        np.outer(np.arange(50.0), random.normal(size=90)),
    ]


@pytest.mark.parametrize("points", clouds(), ids=range(len(clouds())))
def test_a_plane_is_that_of_the_whole_decomposition(points: Array) -> None:
    plane, (axes, shares) = plane_of(points), by_svd(points)
    assert plane.shares[0] == pytest.approx(shares[0], abs=1e-6)
    assert plane.shares[1] == pytest.approx(shares[1] if len(shares) > 1 else 0, abs=1e-6)
    for at in range(2):
        gap = min(abs(shares[at] - other) for k, other in enumerate(shares) if k != at)
        if min(gap, shares[at]) > 1e-3:  # else the direction is anyone's
            assert abs(float(plane.axes[at] @ axes[at])) == pytest.approx(1, abs=1e-4)
    assert np.allclose(np.linalg.norm(plane.axes, axis=1)[0], 1)


def test_what_is_new_is_found_though_all_that_was_known_is_orthogonal_to_it() -> None:
    first = np.zeros((30, 100))
    first[:, :20] = np.random.default_rng(5).normal(size=(30, 20))
    plane = plane_of(first)
    second = first.copy()
    second[15:, 50] = 100.0
    assert abs(plane_of(second, plane).axes[0, 50]) == pytest.approx(1, abs=1e-2)


def test_a_random_walk_has_the_shares_that_theory_gives() -> None:
    """Antognini and Sohl-Dickstein 2018: 6 / (pi k)^2 of many steps in many dimensions."""
    walk = np.cumsum(np.random.default_rng(6).normal(size=(400, 4000)), axis=0)
    shares = plane_of(sketched(walk)).shares
    assert shares[0] == pytest.approx(6 / pi**2, abs=0.03)
    assert shares[1] == pytest.approx(6 / (4 * pi**2), abs=0.03)


def test_the_picture_does_not_flip_while_a_path_grows() -> None:
    random = np.random.default_rng(7)
    turn = np.linspace(0, 5, 200)
    path = np.zeros((200, 64))
    path[:, 0], path[:, 1] = 3 * np.sin(turn), np.cos(turn) - 1
    path += random.normal(0, 0.01, path.shape)
    before: Plane | None = None
    for count in range(3, 200):
        plane = plane_of(path[:count], before)
        if before is not None and before.shares[0] > 0:
            assert (plane.axes * before.axes).sum(1).min() >= 0, count
        before = plane


def test_first_axes_point_to_where_the_path_is_now() -> None:
    points = np.random.default_rng(8).normal(size=(20, 30))
    assert (plane_of(points).of(points[-1]) >= 0).all()


@pytest.mark.parametrize("points", [np.zeros((5, 9)), np.zeros((1, 9)), np.zeros((0, 9))])
def test_without_movement_there_is_no_share(points: Array) -> None:
    plane = plane_of(points)
    assert np.isnan(plane.shares).all()
    assert (plane.of(points) == 0).all()
    later = np.outer([0.0, 1.0], np.arange(9.0))
    assert plane_of(later, plane).shares[0] == pytest.approx(1)


def test_one_weight_has_a_plane_too() -> None:
    plane = plane_of(np.array([[0.0], [1.0], [3.0]]))
    assert plane.shares == pytest.approx((1, 0))
    assert np.allclose(np.abs(plane.of(np.array([[2.0]]))), [[2, 0]])


@pytest.mark.parametrize(
    "shape", [(64, 20), (10, 64), (2, 64), (64, 2), (16, 3, 3, 3), (3, 3), (5, 7), (1,), (9,), ()]
)
def test_single_weights_are_all_different_and_evenly_spread(shape: tuple[int, ...]) -> None:
    places = single_places(shape)
    count = int(np.prod(shape))
    assert len(set(places)) == len(places) == min(SINGLE, count)
    assert all(0 <= place < count for place in places)
    if len(shape) > 1 and min(shape[0], count // shape[0]) >= SINGLE:
        rows, columns = np.divmod(places, count // shape[0])
        assert len(set(rows.tolist())) == len(set(columns.tolist())) == SINGLE


def test_the_line_holds_both_ends() -> None:
    assert LINE[0] == -0.25
    assert LINE[-1] == 1.25
    assert {0.0, 1.0} <= set(LINE)
