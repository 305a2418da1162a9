"""Sine and chirp against the plain formula, and SciPy's chirp."""

import math

import numpy as np
import pytest
from scipy import signal

from initstudio.datasets import DATASETS
from initstudio.datasets.waves import CHIRP, SINE, ChirpParams, SineParams


@pytest.mark.parametrize("cycles", [0, 1, 2.5])
def test_a_sine_without_noise_is_one(cycles: float) -> None:
    x, y = SINE.make(SineParams(examples=50, cycles=cycles, noise=0), np.random.default_rng(0))
    for place, value in zip(x[:, 0].tolist(), y[:, 0].tolist(), strict=True):
        # x was rounded to 24 bits after the sine was taken
        turn = 2 * math.pi * cycles * (place + 1) / 2 - math.pi * cycles
        assert value == pytest.approx(math.sin(turn), abs=1e-6 * (1 + cycles))


@pytest.mark.parametrize(("slow", "fast"), [(1, 8), (5, 2), (3, 3)])
def test_a_chirp_without_noise_is_scipy_s(slow: float, fast: float) -> None:
    params = ChirpParams(examples=500, slow=slow, fast=fast, noise=0)
    x, y = CHIRP.make(params, np.random.default_rng(0))
    expected = signal.chirp(x[:, 0].astype(np.float64), slow, 1, fast, phi=-90)
    np.testing.assert_allclose(y[:, 0], expected, atol=2e-5)


@pytest.mark.parametrize(("key", "low"), [("sine", -1), ("chirp", 0)])
def test_the_feature_is_even_and_the_noise_as_asked_for(key: str, low: float) -> None:
    entry = DATASETS[key]
    (x, clean), (same, noisy) = (
        entry.make(entry.parse({"examples": 50_000, "noise": noise}), np.random.default_rng(1))
        for noise in (0.0, 0.2)
    )
    assert np.array_equal(x, same)
    width = 1 - low
    assert low <= x.min() <= x.max() <= 1
    # five standard errors of a uniform mean, and of a normal mean and standard deviation
    assert abs(x.mean() - (1 + low) / 2) < 5 * width / (12 * x.size) ** 0.5
    moved = noisy - clean
    assert abs(moved.mean()) < 5 * 0.2 / moved.size**0.5
    assert abs(moved.std() - 0.2) < 5 * 0.2 / (2 * moved.size) ** 0.5
