import numpy as np
import pytest

from initstudio.datasets.teacher import TEACHER, TeacherParams


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_the_values_are_a_product_of_matrices_times_the_features(depth: int) -> None:
    params = TeacherParams(examples=50, features=7, outputs=3, depth=depth)
    x, y = TEACHER.make(params, np.random.default_rng(4))
    generator = np.random.default_rng(4)
    shapes = [(7, 7)] * (depth - 1) + [(3, 7)]
    matrices = [generator.standard_normal(shape) / 7**0.5 for shape in shapes]
    for features, values in zip(x, y, strict=True):
        answer = features.astype(np.float64)
        for matrix in matrices:
            answer = matrix @ answer
        np.testing.assert_allclose(values, answer, rtol=1e-5, atol=1e-6)


def test_features_are_standard_normal() -> None:
    x, _ = TEACHER.make(TeacherParams(examples=50_000), np.random.default_rng(0))
    # five standard errors: of a mean 1/sqrt n, of a variance sqrt(2/n)
    assert abs(x.mean()) < 5 / x.size**0.5
    assert abs(x.var() - 1) < 5 * (2 / x.size) ** 0.5


def test_an_answer_has_variance_1_on_average_over_teachers() -> None:
    params = TeacherParams(examples=2000, features=32, outputs=32, depth=3)
    sizes = [
        (TEACHER.make(params, np.random.default_rng(seed))[1] ** 2).mean() for seed in range(40)
    ]
    # for one x, |P x|^2 / |x|^2 has the variance (1 + 2/n)^3 - 1, and an average over many no more
    error = (((1 + 2 / 32) ** 3 - 1) / 40) ** 0.5
    assert abs(np.mean(sizes) - 1) < 5 * error


def test_noise_is_added_with_the_standard_deviation_asked_for() -> None:
    clean, noisy = (
        TEACHER.make(
            TeacherParams(examples=10_000, outputs=5, noise=noise), np.random.default_rng(0)
        )[1]
        for noise in (0.0, 0.5)
    )
    moved = noisy - clean
    assert abs(moved.mean()) < 5 * 0.5 / moved.size**0.5
    assert abs(moved.std() - 0.5) < 5 * 0.5 / (2 * moved.size) ** 0.5
