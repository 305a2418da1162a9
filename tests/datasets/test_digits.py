import hashlib

import numpy as np
from sklearn.datasets import load_digits

from initstudio.datasets.digits import DIGITS, DigitsParams
from initstudio.paths import resource


def test_the_shipped_file_holds_the_numbers_of_scikit_learn_s_copy() -> None:
    expected = load_digits()
    with np.load(resource("digits.npz"), allow_pickle=False) as file:
        assert sorted(file) == ["classes", "pixels"]
        assert file["pixels"].dtype == file["classes"].dtype == np.uint8
        assert np.array_equal(file["pixels"], expected.data)
        assert np.array_equal(file["classes"], expected.target)


def test_pixels_are_from_0_to_1_and_exact() -> None:
    features, classes = DIGITS.make(DigitsParams(), np.random.default_rng(0))
    expected = load_digits()
    assert (features.min(), features.max()) == (0, 1)
    assert np.array_equal(features * 16, expected.data)
    assert np.array_equal(classes, expected.target)


def test_the_image_layout_holds_the_rows_of_each_picture() -> None:
    generator = np.random.default_rng(0)
    features, classes = DIGITS.make(DigitsParams(layout="image"), generator)
    assert np.array_equal(features[:, 0] * 16, load_digits().images)
    flat, same = DIGITS.make(DigitsParams(), generator)
    assert np.array_equal(features.reshape(1797, 64), flat)
    assert np.array_equal(classes, same)


def test_a_run_cannot_change_the_next_one_s_data() -> None:
    first, _ = DIGITS.make(DigitsParams(), np.random.default_rng(0))
    before = hashlib.sha256(first.tobytes()).digest()
    first[:] = 7
    again, _ = DIGITS.make(DigitsParams(), np.random.default_rng(0))
    assert hashlib.sha256(again.tobytes()).digest() == before
