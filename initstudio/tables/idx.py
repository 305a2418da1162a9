"""IDX files, as MNIST comes in: one of images and one of labels, side by side."""

import re
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt

from initstudio.errors import ExperimentError
from initstudio.tables.contents import MOST_BYTES, Arrays, size_in_words

TYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
"""What the third byte says of the values, which are big-endian."""
MOST_AXES = 8

Array = npt.NDArray[np.generic]


def is_idx_name(name: str) -> bool:
    """Return whether a file is called as IDX files are."""
    return bool(re.search(r"(ubyte|idx\d?)$", name.lower().removesuffix(".gz")))


def parse_idx(data: bytes, where: str) -> Array:
    """Return the array in an IDX file's bytes; the format is that of yann.lecun.com/exdb/mnist.

    Raises:
        ExperimentError: It is another kind of file, or not as long as it says.
    """
    if len(data) < 4:
        raise ExperimentError(where, "The file is cut short: an IDX file has 4 bytes and more.")
    kind = TYPES.get(data[2])
    if data[:2] != b"\0\0" or kind is None or not 1 <= data[3] <= MOST_AXES:
        raise ExperimentError(where, "The file does not start as an IDX file does.")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise ExperimentError(where, "The file is cut short, before its sizes end.")
    shape = tuple(int.from_bytes(data[at : at + 4], "big") for at in range(4, start, 4))
    dtype = np.dtype(kind)
    size = prod(shape) * dtype.itemsize
    if size > MOST_BYTES:
        why = f"The file says it holds {size_in_words(size)}; at most {size_in_words(MOST_BYTES)} "
        raise ExperimentError(where, f"{why}can be read.")
    there = len(data) - start
    if there < size:
        why = (
            f"The file is cut short: it has {there:,} of the {size:,} bytes that it says it holds."
        )
        raise ExperimentError(where, why)
    if there > size:
        raise ExperimentError(where, f"The file has {there - size:,} bytes more than it says.")
    values = np.frombuffer(data, dtype, offset=start).reshape(shape)
    return values.astype(dtype.newbyteorder("="), copy=False)


def companion(path: Path) -> Path:
    """Return the file of labels beside one of images, or the other way round.

    Raises:
        ExperimentError: There is none, or the name does not say which of the two this is.
    """
    mine = next((word for word in ("images", "labels") if word in path.name.lower()), None)
    if mine is None:
        why = (
            "The name of an IDX file must have 'images' or 'labels' in it, as "
            "train-images-idx3-ubyte has, so that the other file can be found beside it."
        )
        raise ExperimentError(str(path), why)
    other = "labels" if mine == "images" else "images"
    wanted = _pattern(path.name, mine)
    found = sorted(
        (one for one in path.parent.iterdir() if other in one.name.lower()),
        key=lambda one: (one.suffix != path.suffix, one.name),
    )
    for one in found:
        if _pattern(one.name, other) == wanted:
            return one
    name = path.name.lower().replace(mine, other)
    name = re.sub(r"idx\d", "idx1" if other == "labels" else "idx3", name)
    raise ExperimentError(str(path), f"There is no file of {other} beside it, such as {name}.")


def paired(images: Array, labels: Array, names: tuple[str, str], where: str) -> Arrays:
    """Return images [rows, 1, height, width], or whatever else there is, with their labels.

    Raises:
        ExperimentError: The two do not belong together.
    """
    if labels.ndim != 1 or images.ndim < 2:
        why = "The images must have 2 axes or more and the labels one; they have "
        raise ExperimentError(where, f"{why}{images.ndim} and {labels.ndim}.")
    if len(images) != len(labels):
        why = f"There are {len(images):,} images and {len(labels):,} labels."
        raise ExperimentError(where, why)
    if not images.size:
        raise ExperimentError(where, "The files hold no images.")
    x = images[:, None] if images.ndim == 3 else images
    return Arrays(x=x, y=labels, names=names)


def _pattern(name: str, word: str) -> str:
    plain = re.sub(r"idx\d", "idx", name.lower().removesuffix(".gz"))
    return re.sub(r"[.\-_ ]", "-", plain.replace(word, "*"))
