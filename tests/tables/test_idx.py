"""IDX files, alone and in pairs."""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from initstudio.errors import ExperimentError
from initstudio.tables import Arrays, read
from initstudio.tables.idx import TYPES, companion, is_idx_name, parse_idx

IMAGES = np.arange(24, dtype=np.uint8).reshape(4, 2, 3)
LABELS = np.array([3, 1, 3, 0], dtype=np.uint8)


def idx(values: npt.NDArray[Any], kind: int = 0x08) -> bytes:
    sizes = b"".join(side.to_bytes(4, "big") for side in values.shape)
    return bytes([0, 0, kind, values.ndim]) + sizes + values.astype(TYPES[kind]).tobytes()


def why(data: bytes) -> str:
    with pytest.raises(ExperimentError) as caught:
        parse_idx(data, "own")
    assert caught.value.where == "own"
    return caught.value.why


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_of_value_is_read(kind: int) -> None:
    values = np.array([[0, 1, 2], [100, 27, 5]])
    found = parse_idx(idx(values, kind), "own")
    assert np.array_equal(found, values)
    assert found.dtype.isnative
    if kind == 0x0C:
        assert found.tobytes() == values.astype(np.int32).tobytes()


def test_what_cannot_be_read_is_one_sentence() -> None:
    good = idx(IMAGES)
    assert why(b"") == "The file is cut short: an IDX file has 4 bytes and more."
    assert why(good[:7]) == "The file is cut short, before its sizes end."
    assert why(good[:-5]) == (
        "The file is cut short: it has 19 of the 24 bytes that it says it holds."
    )
    assert why(good + b"12") == "The file has 2 bytes more than it says."
    for wrong in (b"\1" + good[1:], good[:2] + b"\x0a" + good[3:], good[:3] + b"\0" + good[4:]):
        assert why(wrong) == "The file does not start as an IDX file does."
    assert why(good[:3] + b"\x09" + good[4:]) == "The file does not start as an IDX file does."
    huge = bytes([0, 0, 8, 2]) + b"\xff" * 8
    assert why(huge) == ("The file says it holds 18,446,744,065 GB; at most 268 MB can be read.")


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
        ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
        ("train-images-idx3-ubyte", "train-labels-idx1-ubyte.gz"),
        ("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"),
        ("Images.idx", "Labels.idx"),
        ("emnist-train-images-idx3-ubyte", "emnist-train-labels-idx1-ubyte"),
    ],
)
def test_a_pair_is_found_by_the_name_of_either(images: str, labels: str, tmp_path: Path) -> None:
    for name, values in ((images, IMAGES), (labels, LABELS)):
        data = idx(values)
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    (tmp_path / "t10k-labels-idx1-ubyte.old").touch()
    for name in (images, labels):
        found = read(str(tmp_path / name))
        assert isinstance(found, Arrays)
        assert found.names == (images, labels)
        assert np.array_equal(found.x[:, 0], IMAGES)
        assert found.x.shape == (4, 1, 2, 3)
        assert np.array_equal(found.y, LABELS)


def test_of_two_that_fit_the_one_packed_likewise_is_taken(tmp_path: Path) -> None:
    for name in ("a-images-idx3-ubyte", "a-labels-idx1-ubyte.gz", "a-labels-idx1-ubyte"):
        (tmp_path / name).touch()
    assert companion(tmp_path / "a-images-idx3-ubyte").name == "a-labels-idx1-ubyte"


def test_a_pair_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    def reading(name: str) -> str:
        with pytest.raises(ExperimentError) as caught:
            read(str(tmp_path / name))
        return caught.value.why

    images, labels = tmp_path / "a-images-idx3-ubyte", tmp_path / "a-labels-idx1-ubyte"
    images.write_bytes(idx(IMAGES))
    assert reading(images.name) == (
        "There is no file of labels beside it, such as a-labels-idx1-ubyte."
    )
    labels.write_bytes(idx(LABELS[:3]))
    assert reading(images.name) == "There are 4 images and 3 labels."
    labels.write_bytes(idx(np.zeros((4, 2, 2))))
    assert reading(labels.name) == (
        "The images must have 2 axes or more and the labels one; they have 3 and 3."
    )
    labels.write_bytes(idx(LABELS)[:-1])
    assert reading(images.name).startswith("The file is cut short: it has 3 of the 4 bytes")
    images.write_bytes(idx(IMAGES[:0]))
    labels.write_bytes(idx(LABELS[:0]))
    assert reading(images.name) == "The files hold no images."
    (tmp_path / "mine-idx3-ubyte").write_bytes(idx(IMAGES))
    assert reading("mine-idx3-ubyte").startswith("The name of an IDX file must have 'images' or")
    (tmp_path / "mine.dat").write_bytes(idx(IMAGES))
    assert reading("mine.dat").startswith("An IDX file is known by its name, such as")


def test_names_of_idx_files() -> None:
    assert is_idx_name("train-images-idx3-ubyte")
    assert is_idx_name("x.IDX1.gz")
    assert not is_idx_name("idx3.csv")
    assert not is_idx_name("ubyte.npz")
