"""Damaged files of every kind: a table, arrays or one sentence, and never anything else."""

import gzip
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from initstudio import tables
from initstudio.datasets.file import FILE, FileParams
from initstudio.errors import ExperimentError
from initstudio.tables import Wanted, examples
from initstudio.tables.archive import parse_npz
from initstudio.tables.contents import Arrays, Table
from initstudio.tables.delimited import parse_delimited
from initstudio.tables.idx import paired, parse_idx

Parse = Callable[[bytes], Table | Arrays]
MISSING: tuple[Literal["drop", "mean"], ...] = ("drop", "mean")


def _npz(*, packed: bool) -> bytes:
    file = io.BytesIO()
    texts = np.array(["no", "yes", "no", "maybe"])
    save: Any = np.savez_compressed if packed else np.savez
    save(file, x=np.arange(8.0).reshape(4, 2), y=texts)
    return file.getvalue()


CSV = b'a,b,"kind, of"\n1,2.5,x\n3,NA,"y ""z"""\n4;5\n1e5,inf,x\n'
IDX = bytes([0, 0, 8, 2, 0, 0, 0, 3, 0, 0, 0, 2, 1, 2, 3, 4, 5, 6])
FILES: dict[str, tuple[bytes, Parse]] = {
    "csv": (CSV, lambda data: parse_delimited(data, "own")),
    "npz": (_npz(packed=False), lambda data: parse_npz(data, "own")),
    "packed npz": (_npz(packed=True), lambda data: parse_npz(data, "own")),
    "idx": (
        IDX,
        lambda data: paired(parse_idx(data, "own"), np.arange(3), ("images", "labels"), "own"),
    ),
}
kinds = pytest.mark.parametrize("kind", FILES)


def survives(parse: Parse, data: bytes) -> None:
    """Read, prepare and look at every cell; only an ExperimentError with a sentence may come."""
    why = _trouble(parse, data)
    assert why == "" or why.endswith(".")
    assert why == "" or why[0].isupper() or why[0] == "'"


def _trouble(parse: Parse, data: bytes) -> str:
    try:
        held = parse(data)
        if isinstance(held, Table):
            for column in held.columns:
                assert len(column.values) == held.rows
                assert all(isinstance(column.cell(row), str) for row in range(held.rows))
        for missing in MISSING:
            made = examples(held, Wanted(missing=missing))
            assert np.isfinite(made.features()).all()
            assert np.isfinite(made.targets).all()
    except ExperimentError as error:
        return error.why
    return ""


@kinds
def test_cut_short_anywhere(kind: str) -> None:
    data, parse = FILES[kind]
    survives(parse, data)
    for end in range(len(data)):
        survives(parse, data[:end])


@kinds
@settings(max_examples=150, deadline=None)
@given(
    flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), max_size=6)
)
def test_any_bytes_changed(kind: str, flips: list[tuple[float, int]]) -> None:
    data, parse = FILES[kind]
    changed = bytearray(data)
    for place, value in flips:
        changed[int(place * len(changed))] = value
    survives(parse, bytes(changed))


@kinds
@settings(max_examples=100, deadline=None)
@given(first=st.floats(0, 1), second=st.floats(0, 1), between=st.binary(max_size=30))
def test_anything_put_between_or_taken_out(
    kind: str, first: float, second: float, between: bytes
) -> None:
    data, parse = FILES[kind]
    survives(parse, data[: int(first * len(data))] + between + data[int(second * len(data)) :])


@kinds
@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=200))
def test_any_bytes_at_all(kind: str, data: bytes) -> None:
    _, parse = FILES[kind]
    survives(parse, data)
    survives(parse, FILES[kind][0][:8] + data)


@settings(max_examples=100, deadline=None)
@given(header=st.binary(max_size=120), version=st.integers(0, 4), body=st.binary(max_size=40))
def test_any_header_of_an_array_with_a_right_checksum(
    header: bytes, version: int, body: bytes
) -> None:
    length = len(header).to_bytes(2 if version == 1 else 4, "little")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for name in ("x.npy", "y.npy"):
            made.writestr(name, b"\x93NUMPY" + bytes([version, 0]) + length + header + body)
    survives(lambda data: parse_npz(data, "own"), file.getvalue())


@settings(max_examples=150, deadline=None)
@given(text=st.text(alphabet=' ,;"\t\n\r\0ab1.e-_é٣∞', max_size=80))
def test_any_text(text: str) -> None:
    survives(lambda data: parse_delimited(data, "own"), text.encode())


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["a.csv", "a.npz", "a-images-idx3-ubyte", "a.gz", "a"]),
    start=st.sampled_from([b"", b"PK\3\4", b"\x1f\x8b\x08", b"\0\0\x08\1", gzip.compress(CSV)]),
    rest=st.binary(max_size=60),
    target=st.text(max_size=3),
)
def test_any_file_for_the_data_set(
    tmp_path: Path, name: str, start: bytes, rest: bytes, target: str
) -> None:
    folder = tmp_path / "own"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / name).write_bytes(start + rest)
    (folder / "a-labels-idx1-ubyte").write_bytes(IDX)
    params = FileParams(path=str(folder / name), target=target)
    tables._read_once.cache_clear()
    where, why = _use(params)
    assert why == "" or why.endswith(".")
    assert where == "" or where.startswith("$.")


def _use(params: FileParams) -> tuple[str, str]:
    try:
        facts = FILE.facts(params)
        features, targets = FILE.make(params, np.random.default_rng(0))
        assert len(features) == len(targets) == facts.examples
    except ExperimentError as error:
        return error.where, error.why
    return "", ""
