"""Moons, circles, spirals and blobs against scikit-learn's geometry, or their own formula."""

import math

import numpy as np
import pytest
from sklearn import datasets as oracle

from initstudio.datasets import DATASETS
from initstudio.datasets.blobs import BLOBS, BlobsParams
from initstudio.datasets.circles import CIRCLES, CirclesParams
from initstudio.datasets.moons import MOONS, MoonsParams
from initstudio.datasets.spirals import SPIRALS, SpiralsParams


def generator() -> np.random.Generator:
    return np.random.default_rng(1)


@pytest.mark.parametrize("examples", [10, 101, 1000])
def test_moons_without_noise_are_scikit_learn_s(examples: int) -> None:
    points, classes = MOONS.make(MoonsParams(examples=examples, noise=0), generator())
    expected, labels = oracle.make_moons(examples, shuffle=False, noise=None)
    assert np.array_equal(points, expected.astype(np.float32))
    assert np.array_equal(classes, labels)


@pytest.mark.parametrize("factor", [0, 0.3, 0.9])
@pytest.mark.parametrize("examples", [10, 101, 1000])
def test_circles_without_noise_are_scikit_learn_s(examples: int, factor: float) -> None:
    params = CirclesParams(examples=examples, factor=factor, noise=0)
    points, classes = CIRCLES.make(params, generator())
    expected, labels = oracle.make_circles(examples, shuffle=False, noise=None, factor=factor)
    assert np.array_equal(points, expected.astype(np.float32))
    assert np.array_equal(classes, labels)


@pytest.mark.parametrize("key", ["moons", "circles", "spirals"])
def test_noise_is_added_with_the_standard_deviation_asked_for(key: str) -> None:
    entry = DATASETS[key]
    clean, noisy = (
        entry.make(entry.parse({"examples": 50_000, "noise": noise}), generator())[0]
        for noise in (0.0, 0.2)
    )
    moved = noisy - clean
    # five standard errors of a mean and of a standard deviation over 100,000 numbers
    assert abs(moved.mean()) < 5 * 0.2 / moved.size**0.5
    assert abs(moved.std() - 0.2) < 5 * 0.2 / (2 * moved.size) ** 0.5


@pytest.mark.parametrize(("examples", "arms", "turns"), [(10, 3, 1.0), (40, 2, 2.5), (31, 10, 0)])
def test_spirals_without_noise_follow_their_formula(examples: int, arms: int, turns: float) -> None:
    params = SpiralsParams(examples=examples, classes=arms, turns=turns, noise=0)
    points, classes = SPIRALS.make(params, generator())
    for arm in range(arms):
        found = points[classes == arm]
        for place, (x, y) in enumerate(found):
            radius = (place + 0.5) / len(found)
            angle = 2 * math.pi * turns * radius + 2 * math.pi * arm / arms
            assert x == pytest.approx(radius * math.cos(angle), abs=1e-6)
            assert y == pytest.approx(radius * math.sin(angle), abs=1e-6)


def test_blobs_without_spread_are_their_centres_in_the_box() -> None:
    params = BlobsParams(examples=50, classes=5, features=3, spread=0)
    points, classes = BLOBS.make(params, generator())
    centres = {tuple(points[classes == one][0]) for one in range(5)}
    assert len(centres) == 5
    assert {tuple(point) for point in points} == centres
    assert np.abs(points).max() <= 10


def test_blobs_are_scikit_learn_s_around_the_same_centres() -> None:
    params = BlobsParams(examples=100_000, classes=2, features=3, spread=2.5)
    points, classes = BLOBS.make(params, generator())
    clean = BlobsParams(examples=100_000, classes=2, features=3, spread=0)
    centres = BLOBS.make(clean, generator())[0][:2]
    expected, labels = oracle.make_blobs(
        100_000, centers=centres, cluster_std=2.5, shuffle=False, random_state=0
    )
    for one in range(2):
        ours, theirs = points[classes == one], expected[labels == one]
        # both means scatter by 2.5/sqrt n: five standard errors of their difference
        assert np.abs(ours.mean(0) - theirs.mean(0)).max() < 5 * 2.5 * (2 / len(ours)) ** 0.5
        assert np.abs(ours.std(0) - theirs.std(0)).max() < 5 * 2.5 / len(ours) ** 0.5


@pytest.mark.parametrize("key", ["spirals", "blobs"])
def test_classes_are_as_even_as_they_can_be(key: str) -> None:
    entry = DATASETS[key]
    _, classes = entry.make(entry.parse({"examples": 101, "classes": 7}), generator())
    sizes = np.bincount(classes)
    assert len(sizes) == 7
    assert sizes.max() - sizes.min() <= 1
