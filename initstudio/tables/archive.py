"""NPZ files, as `numpy.savez` writes them: two arrays, found by name.

The headers are read here, by three patterns, and not by NumPy, which evaluates them: nothing in a
file is ever run, and what can go wrong is known.
"""

import io
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from math import prod

import numpy as np
import numpy.typing as npt

from initstudio.errors import ExperimentError
from initstudio.tables.contents import MOST_BYTES, Arrays, named, size_in_words

Array = npt.NDArray[np.generic]
PAIRS = (
    ("x", "y"),
    ("data", "target"),
    ("features", "targets"),
    ("features", "classes"),
    ("features", "values"),
    ("images", "labels"),
    ("x_train", "y_train"),
)
"""The names, in lower case, by which examples and targets are known."""
MAGIC = b"\x93NUMPY"
SIZES = {"b": (1,), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "f": (2, 4, 8)}
"""The kinds of numbers that are read, and their bytes; U and S are texts."""
DESCR = re.compile(r"'descr': *'([<>|=]?)([biufUS])(\d{1,6})'")
ORDER = re.compile(r"'fortran_order': *(True|False)")
SHAPE = re.compile(r"'shape': *\(((?:\d{1,12}, ?)*(?:\d{1,12})?),?\)")

BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OSError,
    OverflowError,
    RuntimeError,  # a password, or a packing that this Python does not know
    ValueError,
)
"""What reading a damaged archive raises."""


def parse_npz(data: bytes, where: str) -> Arrays:
    """Return the two arrays in an NPZ file's bytes.

    Raises:
        ExperimentError: There are no two that belong together, or they cannot be read.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        members = {
            one.filename.removesuffix(".npy"): one
            for one in archive.infolist()
            if one.filename.endswith(".npy")
        }
    except BROKEN:
        raise ExperimentError(where, "This is not an NPZ file, or it is cut short.") from None
    with archive:
        first, second = _pair(members, where)
        x, y = (_member(archive, members[name], name, where) for name in (first, second))
    if y.ndim > x.ndim and not _is_known(first, second):
        first, second, x, y = second, first, y, x
    return _arrays(x, y, (first, second), where)


def _pair(members: Mapping[str, zipfile.ZipInfo], where: str) -> tuple[str, str]:
    """Return the names of the examples and of the targets: known ones, or the only two."""
    by_name = {name.lower(): name for name in members}
    for first, second in PAIRS:
        if first in by_name and second in by_name:
            return by_name[first], by_name[second]
    if not members:
        why = "This archive holds no arrays; save a spreadsheet as CSV, and arrays as NPZ."
        raise ExperimentError(where, why)
    names = (*members,)
    if len(names) == 2:
        return names[0], names[1]
    why = f"It is not clear which arrays of {named(names)} are meant; call two of them X and y."
    raise ExperimentError(where, why)


def _is_known(first: str, second: str) -> bool:
    return (first.lower(), second.lower()) in PAIRS


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, where: str) -> Array:
    if info.file_size > MOST_BYTES:
        size, most = size_in_words(info.file_size), size_in_words(MOST_BYTES)
        why = f"The array '{name}' unpacks to {size}; at most {most} can be read."
        raise ExperimentError(where, why)
    try:
        data = archive.read(info)
    except BROKEN:
        why = f"The array '{name}' cannot be unpacked; the file is damaged."
        raise ExperimentError(where, why) from None
    return _array(data, name, where)


def _array(data: bytes, name: str, where: str) -> Array:
    """Return the array in the bytes of a .npy file, format version 1 or 2."""
    start, header = _header(data)
    descr, order, shape = (find.search(header) for find in (DESCR, ORDER, SHAPE))
    if header and not descr:
        why = f"The array '{name}' holds neither numbers nor texts but Python objects or records."
        raise ExperimentError(where, why)
    if not descr or not order or not shape:
        raise ExperimentError(where, f"The array '{name}' does not start as a NumPy array does.")
    byte_order, kind, size = descr.group(1), descr.group(2), int(descr.group(3))
    if size not in SIZES.get(kind, range(1, 10_000)):
        why = f"The array '{name}' has numbers or texts of {size:,} bytes, which are not read here."
        raise ExperimentError(where, why)
    dtype = np.dtype(f"{byte_order}{kind}{size}")
    sides = tuple(int(side) for side in shape.group(1).replace(",", " ").split())
    if len(sides) > 8 or prod(sides) * dtype.itemsize != len(data) - start:
        raise ExperimentError(where, f"The array '{name}' is not as large as it says it is.")
    values = np.frombuffer(data, dtype, offset=start)
    values = values.reshape(sides, order="F" if order.group(1) == "True" else "C")
    return values.astype(dtype.newbyteorder("="), copy=False)


def _header(data: bytes) -> tuple[int, str]:
    """Return where the values start, and what is said of them; "" where it is not such a file."""
    if not data.startswith(MAGIC) or len(data) < 12 or data[6] not in (1, 2):
        return 0, ""
    length = 2 if data[6] == 1 else 4
    start = 8 + length + int.from_bytes(data[8 : 8 + length], "little")
    return start, data[8 + length : start].decode("latin-1")


def _arrays(x: Array, y: Array, names: tuple[str, str], where: str) -> Arrays:
    """Return the pair, if it is one."""
    first, second = names
    if not x.ndim or not y.ndim or len(x) != len(y):
        why = (
            f"'{first}' has {_rows(x)} and '{second}' has {_rows(y)}; they must have equally many."
        )
        raise ExperimentError(where, why)
    if x.dtype.kind in "US":
        raise ExperimentError(where, f"The array '{first}' holds texts; only targets may.")
    if not x.size or not y.size:
        raise ExperimentError(where, "The arrays are empty.")
    y = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if y.dtype.kind not in "US":
        return Arrays(x=x, y=y, names=names)
    if y.ndim > 1:
        raise ExperimentError(where, f"The array '{second}' holds texts in more than one column.")
    words, places = np.unique(_texts(y, second, where), return_inverse=True)
    return Arrays(x=x, y=places, names=names, words=tuple(words.tolist()))


def _texts(y: Array, name: str, where: str) -> npt.NDArray[np.str_]:
    try:
        if y.dtype.kind == "S":
            return np.array([text.decode("utf-8") for text in y.tolist()])
        # bytes that are no characters are refused here, and by no later use of them
        y.tobytes().decode(f"utf-32-{'le' if np.little_endian else 'be'}")
        return y.astype(np.str_)
    except ValueError:
        why = f"The texts in '{name}' are not Unicode."
        raise ExperimentError(where, why) from None


def _rows(values: Array) -> str:
    return f"{len(values):,} rows" if values.ndim else "no rows"
