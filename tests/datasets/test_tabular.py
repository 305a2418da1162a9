"""Iris, wine, breast cancer and diabetes against scikit-learn's copies."""

import numpy as np
import pytest
from sklearn import datasets as oracle

from initstudio.datasets import DATASETS
from initstudio.datasets.tabular import DIABETES
from initstudio.paths import resource


@pytest.mark.parametrize("key", ["iris", "wine", "breast_cancer"])
def test_the_shipped_file_holds_the_numbers_of_scikit_learn_s_copy(key: str) -> None:
    expected = getattr(oracle, f"load_{key}")()
    with np.load(resource(f"{key}.npz"), allow_pickle=False) as file:
        assert sorted(file) == ["classes", "features"]
        assert np.array_equal(file["features"], expected.data)
        assert np.array_equal(file["classes"], expected.target)
    entry = DATASETS[key]
    features, classes = entry.make(entry.params(), np.random.default_rng(0))
    assert np.array_equal(features, expected.data.astype(np.float32))
    assert np.array_equal(classes, expected.target)
    assert entry.facts(entry.params()).outputs == len(expected.target_names)


def test_malignant_is_class_0() -> None:
    assert oracle.load_breast_cancer().target_names.tolist() == ["malignant", "benign"]


def test_diabetes_is_scikit_learn_s_before_its_scaling() -> None:
    expected = oracle.load_diabetes(scaled=False)
    with np.load(resource("diabetes.npz"), allow_pickle=False) as file:
        assert np.array_equal(file["features"], expected.data)
        assert np.array_equal(file["values"], expected.target)
    features, values = DIABETES.make(DIABETES.params(), np.random.default_rng(0))
    assert np.array_equal(features, expected.data.astype(np.float32))
    assert np.array_equal(values[:, 0], expected.target)
    assert (values.min(), values.max()) == (25, 346)
