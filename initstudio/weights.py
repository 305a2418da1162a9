"""What is in a file of weights (safetensors): its tensors, and how their values are spread.

Needs no torch. A file is only ever read as numbers; nothing in it can run.
"""

import json
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import lazy_loader
import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.bins import Array, Reading
from initstudio.counting import reading_of
from initstudio.errors import ExperimentError

MOST_BYTES = 2 * 2**30
"""Larger files are refused: twice as much memory is needed while one is read."""
MOST_VALUES = 2**31 - 1
"""Of one tensor, as its values are counted in int32."""
DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BF16": "<u2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
    "BOOL": "u1",
}
"""The format's types of values that are read, as numpy reads their bytes."""

safetensors = lazy_loader.load("safetensors")


class Tensor(msgspec.Struct, frozen=True):
    """One tensor of a file: mean, std and ends of its finite values (None where there is none)."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    mean: float | None
    std: float | None
    low: float | None
    high: float | None
    not_finite: int
    counts: tuple[int, ...]
    """How the values are spread: a reading as `bins.py` says."""

    @property
    def reading(self) -> Reading:
        """Return `counts` as an array."""
        return np.array(self.counts, np.int32)


class Weights(msgspec.Struct, frozen=True):
    """A file's tensors, in the order of their names, and what it says of itself."""

    tensors: tuple[Tensor, ...]
    metadata: dict[str, str]


def read_weights(path: Path) -> Weights:
    """Return what is in a safetensors file.

    Raises:
        ExperimentError: It cannot be read, is too large, or is no such file.
    """
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            why = f"the file has {size / 2**30:.1f} GiB; at most {MOST_BYTES / 2**30:.0f} are read"
            raise ExperimentError(str(path), why)
        data = path.read_bytes()
    except OSError as error:
        raise ExperimentError(str(path), error.strerror or str(error)) from None
    return parse_weights(data, str(path))


def parse_weights(data: bytes, where: str) -> Weights:
    """Return what is in the bytes of a safetensors file.

    Raises:
        ExperimentError: They are no such file, or a type of value is not known; says `where`.
    """
    try:
        held = safetensors.deserialize(data)
    except safetensors.SafetensorError as error:
        why = f"this is not a readable safetensors file: {error}"
        raise ExperimentError(where, why) from None
    tensors = [_tensor(name, fields, where) for name, fields in held]
    return Weights(tuple(sorted(tensors, key=lambda one: _natural(one.name))), _metadata(data))


def as_text(weights: Weights) -> str:
    """Return a table with a row for each tensor, and what the file says of itself."""
    rows: list[tuple[str, ...]] = [
        ("tensor", "type", "shape", "mean", "std", "least", "greatest", "not finite")
    ]
    for one in weights.tensors:
        shape = " x ".join(str(side) for side in one.shape) or "one number"
        numbers = [_short(value) for value in (one.mean, one.std, one.low, one.high)]
        rows.append((one.name, one.dtype, shape, *numbers, str(one.not_finite or "")))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "  ".join(
            cell.rjust(width) if at > 2 else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([*(f"{key}: {value}" for key, value in weights.metadata.items()), *lines])


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _tensor(name: str, fields: Mapping[str, Any], where: str) -> Tensor:
    dtype, shape = str(fields["dtype"]), tuple(fields["shape"])
    if dtype not in DTYPES:
        raise ExperimentError(where, f"{name}: values of type {dtype} are not read")
    if prod(shape) > MOST_VALUES:
        raise ExperimentError(where, f"{name} has more values than can be counted")
    values = _values(np.frombuffer(fields["data"], DTYPES[dtype]), dtype)
    known = values[np.isfinite(values)]
    mean = std = low = high = None
    if known.size:
        low, high = float(known.min()), float(known.max())
        scale = max(abs(low), abs(high)) or 1.0  # sums and squares may overflow without
        mean, std = float((known / scale).mean()) * scale, float((known / scale).std()) * scale
    lost, counts = values.size - known.size, tuple(reading_of(values).tolist())
    return Tensor(name, dtype, shape, mean, std, low, high, lost, counts)


def _values(raw: npt.NDArray[Any], dtype: str) -> Array:
    if dtype == "BF16":  # the upper half of a float32
        raw = (raw.astype(np.uint32) << 16).view(np.float32)
    return raw.astype(np.float64)


def _metadata(data: bytes) -> dict[str, str]:
    (length,) = struct.unpack_from("<Q", data)
    head = json.loads(data[8 : 8 + length])
    return {str(key): str(value) for key, value in (head.get("__metadata__") or {}).items()}


def _natural(name: str) -> tuple[tuple[int, int | str], ...]:
    """Return a key under which "2.weight" comes before "10.weight"."""
    parts = name.split(".")
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in parts)
