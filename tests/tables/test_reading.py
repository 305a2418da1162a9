"""Files of all kinds and in all states, by their path."""

import gzip
import io
import os
from pathlib import Path

import numpy as np
import pytest

from initstudio import tables
from initstudio.errors import ExperimentError
from initstudio.tables import Arrays, Table, counted, read, stamp
from initstudio.tables.contents import named, size_in_words


def why(path: Path | str) -> str:
    with pytest.raises(ExperimentError) as caught:
        read(str(path))
    return caught.value.why


def test_the_kind_is_told_by_the_content(tmp_path: Path) -> None:
    file = io.BytesIO()
    np.savez(file, x=np.zeros((3, 2)), y=np.arange(3))
    for name in ("a.npz", "a.csv", "a"):
        (tmp_path / name).write_bytes(file.getvalue())
        assert isinstance(read(str(tmp_path / name)), Arrays)
    for name in ("b.csv", "b.txt", "b"):
        (tmp_path / name).write_text("a,b\n1,2\n", encoding="utf-8")
        assert isinstance(read(str(tmp_path / name)), Table)
    (tmp_path / "c.csv.gz").write_bytes(gzip.compress(b"a,b\n1,2\n"))
    assert isinstance(read(str(tmp_path / "c.csv.gz")), Table)
    (tmp_path / "d.npz").write_text("a,b\n1,2\n", encoding="utf-8")
    assert why(tmp_path / "d.npz") == "This is not an NPZ file, or it is cut short."


def test_a_file_is_read_again_when_it_has_changed(tmp_path: Path) -> None:
    path = tmp_path / "é 日 🎉.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    first = read(str(path))
    assert read(str(path)) is first
    path.write_text("a,b\n1,2\n3,4\n", encoding="utf-8")
    again = read(str(path))
    assert (first.rows, again.rows) == (1, 2)
    before = stamp(str(path))
    os.utime(path, ns=(5, 5))
    assert stamp(str(path)) != before


def test_a_path_without_a_file_is_one_sentence(tmp_path: Path) -> None:
    assert why(tmp_path / "none.csv") == "There is no such file."
    assert why(tmp_path) == "This is a folder."
    assert why("a\0b") == "This is not the path of a file."
    assert why("x" * 5000).startswith("The file could not be read: ")
    assert why(tmp_path / "none-images-idx3-ubyte") == "There is no such file."


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="needs a device to open")
def test_a_device_is_not_read() -> None:
    assert why("/dev/zero") == "This is not a plain file."


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert why(tmp_path / "pipe") == "This is not a plain file."


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    path.chmod(0)
    assert why(path) == "The file could not be read: Permission denied."


def test_too_large_a_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n" + "1,2\n" * 100, encoding="utf-8")
    monkeypatch.setattr(tables, "MOST_TEXT", 100)
    assert why(path) == "A text of 404 bytes is too long; save it as an NPZ file."
    monkeypatch.setattr(tables, "MOST_BYTES", 300)
    os.utime(path, ns=(5, 5))
    assert why(path) == "The file is too large; at most 300 bytes can be read."
    packed = tmp_path / "b.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert packed.stat().st_size < 300
    assert why(packed) == "The file is too large; at most 300 bytes can be read."


def test_a_damaged_gzip_is_one_sentence(tmp_path: Path) -> None:
    whole = gzip.compress(b"a,b\n1,2\n" * 50)
    for at, data in enumerate((whole[:-9], whole[:5], whole[:30] + b"\0" * 9)):
        path = tmp_path / f"{at}.gz"
        path.write_bytes(data)
        assert why(path) == "The file cannot be unpacked; it is damaged or cut short."


def test_numbers_names_and_sizes_in_words() -> None:
    assert counted([3]) == "line 3"
    assert counted([3, 7]) == "lines 3 and 7"
    assert counted([1, 2, 3, 4, 1000]) == "lines 1, 2, 3, 4 and 1,000"
    assert counted(range(1, 1301)) == "lines 1, 2, 3, 4, 5 and 1,295 more"
    assert counted([2], "row", "rows") == "row 2"
    assert named(["a"]) == "'a'"
    assert named(["a", "b" * 40]) == f"'a' and '{'b' * 30}'"
    assert [size_in_words(size) for size in (999, 1e3, 3.14e6, 2**28, 5e9, 5e12)] == [
        "999 bytes",
        "1 kB",
        "3.14 MB",
        "268 MB",
        "5 GB",
        "5,000 GB",
    ]
