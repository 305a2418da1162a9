"""A person's own file as a data set; what the files may hold is tested in tests/tables/."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from initstudio.catalogue import DataFacts
from initstudio.datasets.file import FILE, FileParams, examples_of
from initstudio.errors import ExperimentError

TABLE = 'id,"length, cm",colour,kind\n1,1.5,red,b\n2,,blue,a\n3,3.5,red,b\n4,5.5,blue,c\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "own.csv"
    made.write_text(TABLE, encoding="utf-8")
    return made


def made(params: FileParams) -> tuple[list[object], list[object]]:
    features, targets = FILE.make(params, np.random.default_rng(0))
    return features.tolist(), targets.tolist()


def test_a_table_is_a_data_set(path: Path) -> None:
    params = FileParams(path=str(path), without="id")
    assert FILE.facts(params) == DataFacts(examples=3, shape=(3,), outputs=2)
    features, classes = made(params)
    assert features == [[1.5, 0, 1], [3.5, 0, 1], [5.5, 1, 0]]
    assert classes == [0, 0, 1]
    assert examples_of(params).classes == ("b", "c")
    mean = FileParams(path=str(path), without='id,"length, cm"', missing="mean", target="kind")
    assert FILE.facts(mean) == DataFacts(examples=4, shape=(2,), outputs=3)


def test_values_are_a_data_set(path: Path) -> None:
    params = FileParams(path=str(path), target="length, cm", without="id")
    assert FILE.facts(params) == DataFacts(examples=3, shape=(5,), outputs=1, task="values")
    assert made(params)[1] == [[1.5], [3.5], [5.5]]


def test_images_are_a_data_set(tmp_path: Path) -> None:
    pixels = np.arange(40, dtype=np.uint8)
    images, labels = tmp_path / "my-images-idx3-ubyte.gz", tmp_path / "my-labels-idx1-ubyte.gz"
    sizes = b"".join(side.to_bytes(4, "big") for side in (10, 2, 2))
    images.write_bytes(gzip.compress(b"\0\0\x08\3" + sizes + pixels.tobytes()))
    labels.write_bytes(gzip.compress(b"\0\0\x08\1\0\0\0\x0a" + bytes(range(10))))
    params = FileParams(path=str(images))
    assert FILE.facts(params) == DataFacts(examples=10, shape=(1, 2, 2), outputs=10)
    features, classes = FILE.make(params, np.random.default_rng(0))
    assert np.array_equal(features.ravel(), pixels)
    assert classes.tolist() == list(range(10))
    labels.write_bytes(gzip.compress(b"\0\0\x08\1\0\0\0\x0a" + bytes([7, 9] * 5)))
    os.utime(labels, ns=(5, 5))
    assert FILE.facts(params).outputs == 2, "a change of the other file counts as one"


def test_it_is_read_once_for_each_state(path: Path) -> None:
    params = FileParams(path=str(path), without="id")
    first = examples_of(params)
    assert examples_of(FileParams(path=str(path), without="id")) is first
    path.write_text(TABLE + "5,2.5,red,c\n", encoding="utf-8")
    assert FILE.facts(params).examples == 4


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("", "Choose a file."),
        ("  ", "Choose a file."),
        ("/no/such/file.csv", "There is no such file."),
        ("a\0b", "This is not the path of a file."),
    ],
)
def test_a_file_that_is_not_there_is_one_sentence(path: str, why: str) -> None:
    for ask in (FILE.facts, lambda given: FILE.make(given, np.random.default_rng(0))):
        with pytest.raises(ExperimentError) as caught:
            ask(FileParams(path=path))
        assert (caught.value.where, caught.value.why) == ("$.path", why)


def test_a_bad_file_and_a_wrong_choice_are_told_at_their_parameters(path: Path) -> None:
    with pytest.raises(ExperimentError) as caught:
        FILE.facts(FileParams(path=str(path), target="none"))
    assert caught.value.where == "$.target"
    assert caught.value.why == (
        "There is no column 'none' among 'id', 'length, cm', 'colour' and 'kind'."
    )
    path.write_bytes(b"a,b\n1,\0\n")
    with pytest.raises(ExperimentError) as caught:
        FILE.facts(FileParams(path=str(path)))
    assert caught.value.where == "$.path"
    assert caught.value.why == "Line 2 holds a NUL byte, so this is not a text file."
    path.unlink()
    with pytest.raises(ExperimentError, match="There is no such file"):
        FILE.facts(FileParams(path=str(path)))
