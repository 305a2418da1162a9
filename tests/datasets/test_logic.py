import itertools

import numpy as np
import pytest

from initstudio.datasets.logic import PARITY, XOR, ParityParams, XorParams


def test_xor_without_noise_is_its_truth_table_again_and_again() -> None:
    points, classes = XOR.make(XorParams(examples=10, noise=0), np.random.default_rng(0))
    for at, (point, kind) in enumerate(zip(points, classes, strict=True)):
        first, second = divmod(at % 4, 2)
        assert point.tolist() == [first, second]
        assert kind == first ^ second


def test_xor_s_noise_has_the_standard_deviation_asked_for() -> None:
    clean, noisy = (
        XOR.make(XorParams(examples=50_000, noise=noise), np.random.default_rng(0))[0]
        for noise in (0.0, 0.2)
    )
    moved = noisy - clean
    # five standard errors of a mean and of a standard deviation over 100,000 numbers
    assert abs(moved.mean()) < 5 * 0.2 / moved.size**0.5
    assert abs(moved.std() - 0.2) < 5 * 0.2 / (2 * moved.size) ** 0.5


@pytest.mark.parametrize("bits", [1, 2, 6, 64])
def test_the_class_is_the_parity_of_the_ones(bits: int) -> None:
    features, classes = PARITY.make(ParityParams(bits=bits), np.random.default_rng(0))
    assert set(features.ravel().tolist()) == {0, 1}
    for row, kind in zip(features.astype(int).tolist(), classes.tolist(), strict=True):
        odd = False
        for bit in row:
            odd ^= bool(bit)
        assert kind == odd


def test_every_combination_of_bits_is_drawn_equally_often() -> None:
    params = ParityParams(examples=80_000, bits=3)
    features, _ = PARITY.make(params, np.random.default_rng(0))
    counts = [
        (features == np.array(bits)).all(1).mean() for bits in itertools.product((0, 1), repeat=3)
    ]
    # five standard errors of a share of an eighth
    assert np.abs(np.array(counts) - 1 / 8).max() < 5 * (7 / 64 / params.examples) ** 0.5
