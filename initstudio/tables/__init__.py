"""A person's own files: text tables, NPZ archives and IDX files, and what is wrong with them.

Whatever the bytes are, `read` gives a Table, Arrays, or one sentence.
"""

import gzip
import io
import stat
import zlib
from functools import lru_cache
from pathlib import Path

from initstudio.errors import ExperimentError
from initstudio.tables.archive import parse_npz
from initstudio.tables.contents import (
    MOST_BYTES,
    Arrays,
    Column,
    Table,
    Trouble,
    counted,
    size_in_words,
)
from initstudio.tables.delimited import MOST_TEXT, join_names, parse_delimited, split_names
from initstudio.tables.examples import Examples, Wanted, examples
from initstudio.tables.idx import companion, is_idx_name, paired, parse_idx

__all__ = [
    "Arrays",
    "Column",
    "Examples",
    "Stamp",
    "Table",
    "Trouble",
    "Wanted",
    "counted",
    "examples",
    "join_names",
    "read",
    "split_names",
    "stamp",
]

Stamp = tuple[tuple[str, int, int], ...]
"""Path, time of change in ns and size of each file that belongs to one."""


def read(path: str) -> Table | Arrays:
    """Return what a file holds; one that has not changed since is not read again.

    Raises:
        ExperimentError: The path, and why it cannot be used.
    """
    found = _read_once(stamp(path))
    if isinstance(found, ExperimentError):
        raise ExperimentError(found.where, found.why)
    return found


def stamp(path: str) -> Stamp:
    """Return which files in which state are meant by a path.

    Raises:
        ExperimentError: There is no such file, or none that can be read.
    """
    try:
        place = Path(path).expanduser().absolute()
        stamped = _stamp_of(place)
        return (stamped, _stamp_of(companion(place))) if is_idx_name(place.name) else (stamped,)
    except FileNotFoundError:
        raise ExperimentError(path, "There is no such file.") from None
    except OSError as error:
        raise ExperimentError(path, _os_trouble(error)) from None
    except (RuntimeError, ValueError):  # no home folder; a NUL in the path
        raise ExperimentError(path, "This is not the path of a file.") from None


def _stamp_of(path: Path) -> tuple[str, int, int]:
    state = path.stat()
    if not stat.S_ISREG(state.st_mode):
        why = "This is a folder." if stat.S_ISDIR(state.st_mode) else "This is not a plain file."
        raise ExperimentError(str(path), why)
    return str(path), state.st_mtime_ns, state.st_size


@lru_cache(maxsize=2)
def _read_once(files: Stamp) -> Table | Arrays | ExperimentError:
    """Return what a file holds or why it cannot be used, which is kept, too."""
    try:
        return _read(*(Path(name) for name, _, _ in files))
    except ExperimentError as error:
        return ExperimentError(error.where, error.why)
    except OSError as error:
        return ExperimentError(files[0][0], _os_trouble(error))
    except MemoryError:
        return ExperimentError(files[0][0], "There is not enough memory to read it.")


def _read(path: Path, beside: Path | None = None) -> Table | Arrays:
    if beside:
        return _read_pair(path, beside)
    where, data = str(path), _bytes_of(path)
    if data.startswith(b"PK\3\4") or path.suffix.lower() == ".npz":
        return parse_npz(data, where)
    if data.startswith(b"\0\0"):
        why = "An IDX file is known by its name, such as train-images-idx3-ubyte; this one is not."
        raise ExperimentError(where, why)
    if len(data) > MOST_TEXT:
        why = f"A text of {size_in_words(len(data))} is too long; save it as an NPZ file."
        raise ExperimentError(where, why)
    return parse_delimited(data, where)


def _read_pair(one: Path, other: Path) -> Arrays:
    images, labels = (one, other) if "images" in one.name.lower() else (other, one)
    x, y = (parse_idx(_bytes_of(path), str(path)) for path in (images, labels))
    return paired(x, y, (images.name, labels.name), str(one))


def _bytes_of(path: Path) -> bytes:
    """Return a file's bytes, unpacked where it is a .gz."""
    with path.open("rb") as file:
        data = file.read(MOST_BYTES + 1)
    if data.startswith(b"\x1f\x8b") and len(data) <= MOST_BYTES:
        data = _unpacked(path, data)
    if len(data) > MOST_BYTES:
        why = f"The file is too large; at most {size_in_words(MOST_BYTES)} can be read."
        raise ExperimentError(str(path), why)
    return data


def _unpacked(path: Path, data: bytes) -> bytes:
    """Return what is packed in a .gz, but no more than one byte too much of it."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(MOST_BYTES + 1)
    except (EOFError, OSError, zlib.error):
        why = "The file cannot be unpacked; it is damaged or cut short."
        raise ExperimentError(str(path), why) from None


def _os_trouble(error: OSError) -> str:
    return f"The file could not be read: {error.strerror or error}."
