"""From what a file holds to examples that can be trained on: features, targets, and what was lost.

A mistake is told with the name of the choice that can mend it: "$.target", "$.without", "$.task",
"$.missing" or "$.path".
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from initstudio.errors import ExperimentError
from initstudio.tables.contents import LARGEST, Arrays, Column, Table, named

MOST_VALUES = 60_000_000
"""Features times rows; MNIST has 47 million."""
MOST_CLASSES = 1000
MOST_WORDS = 100
"""Different texts in a column that becomes features."""
FEW, FEW_WHOLE = 20, 100
"""So many different whole numbers are taken for classes; of arrays of whole numbers, so many."""

Array = npt.NDArray[np.generic]
Float = npt.NDArray[np.float64]
Float32 = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Rows = slice | npt.NDArray[np.int64]
"""Which of the rows that are kept."""
Task = Literal["classes", "values"]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a person wants of a file.

    `target` names a column of a table, the last where it is ""; `without` names columns that are no
    features. A row whose target is missing is always left out, one with another gap if `missing`
    says so; else a gap becomes the mean of its feature over the rows that are left.
    """

    target: str = ""
    without: tuple[str, ...] = ()
    task: Literal["auto", "classes", "values"] = "auto"
    missing: Literal["drop", "mean"] = "drop"


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """Examples that can be trained on."""

    shape: tuple[int, ...]
    """The shape of the features of one."""
    targets: npt.NDArray[np.int64] | Float32
    """Classes int64 [rows], or values float32 [rows, outputs]."""
    task: Task
    outputs: int
    classes: tuple[str, ...]
    """The names of the classes, in their order."""
    dropped: tuple[int, ...]
    """Lines, or rows of arrays, that were left out as values are missing."""
    filled: tuple[int, ...]
    """Lines, or rows of arrays, with missing values that became means."""
    make: Callable[[Rows], Float32]

    @property
    def rows(self) -> int:
        """Return the number of examples."""
        return len(self.targets)

    def features(self, first: int | None = None) -> Float32:
        """Return the features of all examples or the first so many, float32 [examples, *shape]."""
        return self.make(slice(first)).reshape(-1, *self.shape)

    def features_at(self, places: npt.NDArray[np.int64]) -> Float32:
        """Return the features of the examples at these places, float32 [places, *shape]."""
        return self.make(places).reshape(-1, *self.shape)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Parts:
    """Features and target, before rows with gaps are left out or filled."""

    y: Array
    """Numbers [rows, values]."""
    words: tuple[str, ...]
    whole: bool
    """Whether the target can hold whole numbers only."""
    gaps: Mask
    """The rows in which a feature is missing."""
    lines: npt.NDArray[np.int64]
    shape: tuple[int, ...]
    rows_of: Callable[[Mask, Rows], Float32]
    """The features of these of the rows that are kept."""
    empty: Callable[[Mask], bool]
    """Whether a feature is missing in all rows that are kept."""


def examples(held: Table | Arrays, wanted: Wanted) -> Examples:
    """Return the examples in a table or in arrays.

    A column of texts that is no target becomes one feature for each text, 0 or 1.

    Raises:
        ExperimentError: The choice that cannot be followed, and why.
    """
    parts = _table_parts(held, wanted) if isinstance(held, Table) else _array_parts(held, wanted)
    keep = ~_in_row(_missing(parts.y))
    if wanted.missing == "drop":
        keep &= ~parts.gaps
    _check_rows(parts, keep)
    y = parts.y[keep]
    found = _task(wanted.task, y, parts)
    classes: tuple[str, ...] = ()
    targets: npt.NDArray[np.int64] | Float32
    if found == "classes":
        kinds, targets = np.unique(y[:, 0], return_inverse=True)
        _check_classes(len(kinds))
        classes = tuple(_class_name(kind, parts.words) for kind in kinds.tolist())
    else:
        targets = y.astype(np.float32)
    return Examples(
        shape=parts.shape,
        targets=targets,
        task=found,
        outputs=len(classes) or y.shape[1],
        classes=classes,
        dropped=tuple(parts.lines[~keep].tolist()),
        filled=tuple(parts.lines[keep & parts.gaps].tolist()),
        make=lambda some: parts.rows_of(keep, some),
    )


def _table_parts(table: Table, wanted: Wanted) -> _Parts:
    target, without = wanted.target, wanted.without
    by_name = {column.name: column for column in table.columns}
    for name in (target, *without):
        if name and name not in by_name:
            why = f"There is no column '{name[:60]}' among {named(by_name)}."
            raise ExperimentError("$.target" if name is target else "$.without", why)
    goal = by_name[target] if target else table.columns[-1]
    inputs = [one for one in table.columns if one is not goal and one.name not in without]
    if not inputs:
        why = f"No column is left to predict '{goal.name}' from."
        raise ExperimentError("$.without" if without else "$.path", why)
    for column in inputs:
        if len(column.words) > MOST_WORDS:
            why = (
                f"The column '{column.name}' holds {len(column.words):,} different texts, and at "
                f"most {MOST_WORDS} can become features; leave it out."
            )
            raise ExperimentError("$.without", why)
    return _Parts(
        y=goal.values[:, None],
        words=goal.words,
        whole=False,
        gaps=_in_row(np.isnan([column.values for column in inputs]).T),
        lines=table.lines,
        shape=(sum(max(len(column.words), 1) for column in inputs),),
        rows_of=lambda keep, some: np.concatenate(
            [_column_features(column, keep, some) for column in inputs], axis=1
        ),
        empty=lambda keep: any(np.isnan(column.values[keep]).all() for column in inputs),
    )


def _column_features(column: Column, keep: Mask, some: Rows) -> Float32:
    """Return one feature, or one for each text, float32 [rows, 1 or texts]."""
    values = column.values[keep, None]
    if column.words:
        hot = (values == np.arange(len(column.words))).astype(np.float64)
        values = np.where(np.isnan(values), np.nan, hot)
    return _filled(values[some], values)


def _array_parts(arrays: Arrays, wanted: Wanted) -> _Parts:
    for given, where in ((wanted.target, "$.target"), (wanted.without, "$.without")):
        if given:
            why = f"This file has no columns to choose from; '{arrays.names[1]}' is the target."
            raise ExperimentError(where, why)
    x = arrays.x.reshape(arrays.rows, -1)
    missing = _missing(x)

    def rows_of(keep: Mask, some: Rows) -> Float32:
        rows = np.flatnonzero(keep)
        found = x[rows[some]]
        if not missing[rows[some]].any():
            return found.astype(np.float32)
        whole = np.where(missing[rows], np.nan, x[rows]).astype(np.float64)
        return _filled(whole[some], whole)

    return _Parts(
        y=arrays.y.reshape(arrays.rows, -1),
        words=arrays.words,
        whole=arrays.y.dtype.kind in "biu",
        gaps=_in_row(missing),
        lines=np.arange(1, arrays.rows + 1),
        shape=arrays.x.shape[1:] or (1,),
        rows_of=rows_of,
        empty=lambda keep: bool(missing[keep].all(0).any()),
    )


def _filled(values: Float, whole: Float) -> Float32:
    """Return values with each gap filled by the mean of its column in `whole`."""
    holes = np.isnan(values)
    if holes.any():
        values = np.where(holes, np.nanmean(whole, axis=0), values)
    return values.astype(np.float32)


def _task(wanted: str, y: Array, parts: _Parts) -> Task:
    """Return what the target is, as asked or as its values suggest."""
    several = y.shape[1] > 1
    if wanted == "classes" and several:
        why = "The target has more than one number for each row, which cannot be classes."
        raise ExperimentError("$.task", why)
    if wanted == "values" and parts.words:
        raise ExperimentError("$.task", "The target is text, and cannot be values.")
    if wanted != "auto":
        return cast("Task", wanted)
    if parts.words or several:
        return "classes" if parts.words else "values"
    kinds = np.unique(y)
    if len(kinds) > (FEW_WHOLE if parts.whole else FEW):
        return "values"
    return "classes" if parts.whole or np.array_equal(kinds, np.round(kinds)) else "values"


def _missing(values: Array) -> Mask:
    """Return where numbers are not finite, or larger than float32 can be."""
    if values.dtype.kind != "f":
        return np.zeros(values.shape, dtype=bool)
    return ~(np.abs(cast("Float", values)) <= LARGEST)


def _in_row(marks: Mask) -> Mask:
    """Return which rows have a mark."""
    found: Mask = np.logical_or.reduce(marks, axis=1)
    return found


def _class_name(kind: float, words: Sequence[str]) -> str:
    if words:
        return words[int(kind)]
    return str(int(kind)) if kind == int(kind) else str(kind)


def _check_rows(parts: _Parts, keep: Mask) -> None:
    if not keep.any():
        why = "No row is without a missing value; use the mean, or leave a column out."
        raise ExperimentError("$.missing", why)
    values = int(keep.sum()) * prod(parts.shape)
    if values > MOST_VALUES:
        why = f"The file makes {values:,} values; at most {MOST_VALUES:,} can be used."
        raise ExperimentError("$.path", why)
    if (keep & parts.gaps).any() and parts.empty(keep):
        why = "One of the features is missing in every row, and so has no mean; leave it out."
        raise ExperimentError("$.missing", why)


def _check_classes(kinds: int) -> None:
    if kinds < 2:
        raise ExperimentError("$.target", "The target is the same in every row.")
    if kinds > MOST_CLASSES:
        why = f"The target has {kinds:,} different values; at most {MOST_CLASSES:,} can be classes."
        raise ExperimentError("$.task", why)
