"""The images and the names of classes that a run's pictures show, against the data themselves."""

from pathlib import Path

import numpy as np
import pytest

from initstudio.datasets import DATASETS
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Data
from initstudio.ui.run_data import class_names, images_at

DIGITS = DATASETS["digits"]


def of_file(path: Path, images: np.ndarray, classes: object) -> Data:
    np.savez(path, X=images, y=np.asarray(classes))
    return Data(dataset=Choice("file", {"path": str(path)}))


@pytest.mark.parametrize("layout", ["flat", "image"])
def test_digits_are_those_at_their_places(layout: str) -> None:
    pixels, classes = DIGITS.make(DIGITS.params(), np.random.default_rng(0))
    places = np.array([1796, 3, 0, 1797, -1])
    seen = images_at(Data(dataset=Choice("digits", {"layout": layout})), 7, places)
    assert seen.images.shape == (5, 1, 8, 8)
    for image, cls, place in zip(seen.images[:3], seen.classes[:3], places[:3], strict=True):
        np.testing.assert_allclose(image.ravel(), pixels[place], atol=1e-6)
        assert cls == classes[place]
    assert seen.classes[3:].tolist() == [-1, -1]


def test_images_of_a_file_are_scaled_between_its_ends(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(10, 200, (12, 3, 5, 4))
    data = of_file(tmp_path / "own.npz", images, ["cat", "a dog"] * 6)
    seen = images_at(data, 0, np.array([11, 2]))
    low, high = images.min(), images.max()
    np.testing.assert_allclose(seen.images, (images[[11, 2]] - low) / (high - low), atol=1e-6)
    assert seen.classes.tolist() == [0, 1]
    assert class_names(data) == ("a dog", "cat")


def test_a_file_that_changed_or_went_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "own.npz"
    images = np.random.default_rng(0).integers(0, 9, (12, 1, 5, 4))
    data = of_file(path, images, np.arange(12) % 2)
    assert images_at(data, 0, np.array([3])).classes.tolist() == [1]
    of_file(path, images[:6], (np.arange(6) + 1) % 2)
    assert images_at(data, 0, np.array([3, 9])).classes.tolist() == [0, -1]
    path.unlink()
    assert class_names(data) == ()
    with pytest.raises(ExperimentError, match="no such file"):
        images_at(data, 0, np.array([3]))


@pytest.mark.parametrize("key", ["random", "sine", "text"])
def test_what_is_no_image_is_refused(key: str) -> None:
    with pytest.raises(ExperimentError, match="no images"):
        images_at(Data(dataset=Choice(key)), 0, np.array([0]))


def test_letters_are_called_as_they_are_read() -> None:
    names = class_names(Data(dataset=Choice("text")))
    assert len(names) == DATASETS["text"].facts(DATASETS["text"].params()).outputs
    assert {"a", "↵", "·"} <= set(names)
    assert class_names(Data(dataset=Choice("digits"))) == ()
