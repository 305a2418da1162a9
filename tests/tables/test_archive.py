"""NPZ files: our own reading of them against NumPy's, and damaged or hostile ones."""

import io
import zipfile
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from initstudio.errors import ExperimentError
from initstudio.tables import archive as subject
from initstudio.tables.archive import parse_npz

X = np.arange(12, dtype=np.float32).reshape(6, 2)
Y = np.array([0, 1, 0, 1, 2, 2])


def saved(*, packed: bool = False, **arrays: object) -> bytes:
    file = io.BytesIO()
    save: Any = np.savez_compressed if packed else np.savez
    save(file, **arrays)
    return file.getvalue()


def zipped(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in members.items():
            made.writestr(f"{name}.npy", data)
    return file.getvalue()


def npy(header: bytes, data: bytes = b"", version: int = 1) -> bytes:
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    return b"\x93NUMPY" + bytes([version, 0]) + length + header + data


def why(data: bytes) -> str:
    with pytest.raises(ExperimentError) as caught:
        parse_npz(data, "own.npz")
    assert caught.value.where == "own.npz"
    return caught.value.why


ARRAYS: list[npt.NDArray[Any]] = [
    X,
    np.asfortranarray(np.arange(24.0).reshape(6, 4)),
    np.arange(24, dtype=">i4").reshape(6, 2, 2),
    np.arange(6, dtype=np.float16),
    np.arange(6, dtype=np.uint8)[:, None],
    np.array([True, False] * 3),
    np.linspace(0, 1, 6, dtype=">f8"),
]


@pytest.mark.parametrize("values", ARRAYS, ids=lambda one: f"{one.dtype}{one.shape}")
@pytest.mark.parametrize("packed", [False, True])
def test_arrays_are_read_as_numpy_reads_them(values: npt.NDArray[Any], packed: bool) -> None:
    data = saved(x=values, y=Y, packed=packed)
    found = parse_npz(data, "own.npz")
    with np.load(io.BytesIO(data), allow_pickle=False) as expected:
        assert np.array_equal(found.x, expected["x"])
        assert np.array_equal(found.y, expected["y"])
    assert found.x.dtype == values.dtype.newbyteorder("=")
    assert (found.rows, found.names, found.words) == (6, ("x", "y"), ())


@pytest.mark.parametrize(
    "pair",
    [("X", "y"), ("data", "target"), ("features", "classes"), ("x_train", "y_train")],
)
def test_arrays_are_found_by_their_names_among_others(pair: tuple[str, str]) -> None:
    found = parse_npz(saved(packed=False, **{"a": Y, pair[1]: Y, pair[0]: X}), "own.npz")
    assert found.names == pair
    assert np.array_equal(found.x, X)


def test_of_two_unnamed_arrays_the_one_with_more_axes_are_the_examples() -> None:
    assert parse_npz(saved(a=Y, b=X), "own.npz").names == ("b", "a")
    assert parse_npz(saved(a=X, b=Y), "own.npz").names == ("a", "b")
    assert parse_npz(saved(a=Y, b=Y), "own.npz").names == ("a", "b")
    named = parse_npz(saved(x=Y, y=X), "own.npz")
    assert (named.names, named.y.shape) == (("x", "y"), (6, 2))


@pytest.mark.parametrize("kind", ["U", "S"])
def test_targets_may_be_texts(kind: str) -> None:
    found = parse_npz(saved(x=X, y=np.array(["b", "a", "b", "c", "a", "b"], dtype=kind)), "own")
    assert found.words == ("a", "b", "c")
    assert found.y.tolist() == [1, 0, 1, 2, 0, 1]


def test_a_target_of_one_column_is_flat() -> None:
    assert parse_npz(saved(x=X, y=Y[:, None]), "own").y.shape == (6,)
    assert parse_npz(saved(x=X, y=np.stack([Y, Y], 1)), "own").y.shape == (6, 2)


def test_what_cannot_be_read_is_one_sentence() -> None:
    assert why(b"nonsense") == "This is not an NPZ file, or it is cut short."
    assert why(saved(x=X, y=Y)[:-30]) == "This is not an NPZ file, or it is cut short."
    assert why(zipped()).startswith("This archive holds no arrays; save a spreadsheet as CSV")
    assert why(saved(a=X, b=Y, c=Y, d=Y, e=Y, f=Y, g=Y)) == (
        "It is not clear which arrays of 'a', 'b', 'c', 'd', 'e' and 2 more are meant; call two "
        "of them X and y."
    )
    assert why(saved(x=X, y=Y[:4])) == (
        "'x' has 6 rows and 'y' has 4 rows; they must have equally many."
    )
    assert why(saved(x=X, y=np.array(3))).startswith("'x' has 6 rows and 'y' has no rows")
    assert why(saved(x=X[:0], y=Y[:0])) == "The arrays are empty."
    assert why(saved(x=np.array(list("abcdef")), y=Y)) == (
        "The array 'x' holds texts; only targets may."
    )
    texts = np.array([["a", "b"]] * 6)
    assert why(saved(x=X, y=texts)) == "The array 'y' holds texts in more than one column."


def test_python_objects_are_refused_unread() -> None:
    objects = np.array([{}, 1, 2, 3, 4, 5], dtype=object)
    file = io.BytesIO()
    np.savez(file, x=X, y=objects)
    assert why(file.getvalue()) == (
        "The array 'y' holds neither numbers nor texts but Python objects or records."
    )
    records = np.zeros(6, dtype=[("a", "f4"), ("b", "i4")])
    assert "Python objects or records" in why(saved(x=X, y=records))
    assert "Python objects or records" in why(saved(x=X, y=np.zeros(6, dtype=complex)))


@pytest.mark.parametrize(
    ("member", "start"),
    [
        (b"", "The array 'y' does not start as a NumPy array does."),
        (b"\x93NUMPY\x01", "The array 'y' does not start"),
        (npy(b"{'descr': '<f4', 'shape': (6,)}"), "The array 'y' does not start"),
        (
            npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (6,), }", b"\0" * 23),
            "The array 'y' is not as large as it says it is.",
        ),
        (
            npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (999999999999, 9), }"),
            "The array 'y' is not as large as it says it is.",
        ),
        (
            npy(b"{'descr': '<f4', 'fortran_order': False, 'shape': (%s0), }" % (b"1, " * 40)),
            "The array 'y' is not as large as it says it is.",
        ),
        (
            npy(b"{'descr': '<f16', 'fortran_order': False, 'shape': (6,), }", b"\0" * 96),
            "The array 'y' has numbers or texts of 16 bytes, which are not read here.",
        ),
        (
            npy(b"{'descr': '<U0', 'fortran_order': False, 'shape': (6,), }"),
            "The array 'y' has numbers or texts of 0 bytes, which are not read here.",
        ),
        (
            npy(b"{'descr': '<U1', 'fortran_order': False, 'shape': (6,), }", b"\xff" * 24),
            "The texts in 'y' are not Unicode.",
        ),
        (
            npy(b"{'descr': '|S1', 'fortran_order': False, 'shape': (6,), }", b"\xff" * 6),
            "The texts in 'y' are not Unicode.",
        ),
        (npy(b"__import__('os').system('exit 3')"), "The array 'y' holds neither numbers"),
    ],
)
def test_a_damaged_member_is_one_sentence(member: bytes, start: str) -> None:
    good = npy(b"{'descr': '|u1', 'fortran_order': False, 'shape': (6,), }", b"\1" * 6, version=2)
    assert parse_npz(zipped(x=good, y=good), "own").x.tolist() == [1] * 6
    assert why(zipped(x=good, y=member)).startswith(start)


def test_a_zip_bomb_is_refused_by_its_declared_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_BYTES", 2_000_000)
    data = saved(x=np.zeros((6, 100_000)), y=Y, packed=True)
    assert len(data) < 20_000
    assert why(data) == "The array 'x' unpacks to 4.8 MB; at most 2 MB can be read."


def test_a_flipped_bit_in_the_data_is_found_by_its_checksum() -> None:
    data = bytearray(saved(x=X, y=Y))
    at = bytes(data).index(X.tobytes())
    data[at] ^= 1
    assert why(bytes(data)) == "The array 'x' cannot be unpacked; the file is damaged."
