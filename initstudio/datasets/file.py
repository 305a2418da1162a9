"""A person's own file: a text table, an NPZ archive or a pair of IDX files.

Its facts are known by reading it, which is done once for each state of the file.
"""

from functools import lru_cache
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from initstudio import tables
from initstudio.catalogue import DataFacts, Dataset, Features, Params, Targets
from initstudio.errors import ExperimentError
from initstudio.tables import Examples, Wanted


class FileParams(Params, frozen=True):
    """Which file, what is to be predicted, and what becomes of missing values."""

    path: Annotated[
        str,
        Meta(
            max_length=4096,
            title="File",
            description="A table as CSV, an NPZ archive with the arrays X and y, or a pair of IDX "
            "files of images and labels.",
        ),
    ] = ""
    target: Annotated[
        str,
        Meta(
            max_length=4096,
            title="Target column",
            description="The name of the column to predict; empty: the last one.",
        ),
    ] = ""
    without: Annotated[
        str,
        Meta(
            max_length=100_000,
            title="Left out",
            description="Names of columns that are no features, with commas between them.",
        ),
    ] = ""
    task: Annotated[
        Literal["auto", "classes", "values"],
        Meta(
            title="Task",
            description="Automatic: texts and a few different whole numbers are classes.",
            extra={"choices": {"auto": "Automatic", "classes": "Classes", "values": "Values"}},
        ),
    ] = "auto"
    missing: Annotated[
        Literal["drop", "mean"],
        Meta(
            title="Missing values",
            description="A row without a target is always dropped. The mean of a column of texts "
            "is the share of each text.",
            extra={"choices": {"drop": "Drop the row", "mean": "Use the column's mean"}},
        ),
    ] = "drop"


def examples_of(params: FileParams) -> Examples:
    """Return the examples of a file; the same ones while neither it nor the parameters change.

    Raises:
        ExperimentError: The parameter, as in "$.path", and why it cannot be used.
    """
    if not params.path.strip():
        raise ExperimentError("$.path", "Choose a file.")
    try:
        return _examples_once(params, tables.stamp(params.path))
    except ExperimentError as error:
        where = error.where if error.where.startswith("$.") else "$.path"
        raise ExperimentError(where, error.why) from None


@lru_cache(maxsize=2)
def _examples_once(params: FileParams, _stamp: tables.Stamp) -> Examples:
    wanted = Wanted(
        target=params.target,
        without=tables.split_names(params.without),
        task=params.task,
        missing=params.missing,
    )
    return tables.examples(tables.read(params.path), wanted)


def _facts(params: FileParams) -> DataFacts:
    found = examples_of(params)
    return DataFacts(examples=found.rows, shape=found.shape, outputs=found.outputs, task=found.task)


def _make(params: FileParams, _generator: np.random.Generator) -> tuple[Features, Targets]:
    found = examples_of(params)
    return found.features(), found.targets.copy()


FILE = Dataset(
    key="file",
    label="Your own file",
    summary="A table as CSV, arrays as NPZ, or images and labels as IDX files; texts become "
    "classes, or one feature for each different text.",
    source="A file on this computer",
    order=900,
    params=FileParams,
    facts=_facts,
    make=_make,
)
