"""Clouds around random centres: the easy case."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params

HALF_SIDE = 10.0
"""The centres are uniform in the cube from -HALF_SIDE to HALF_SIDE."""


class BlobsParams(Params, frozen=True):
    """How many points and clouds, in how many dimensions, and how wide the clouds are."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    classes: Annotated[
        int, Meta(ge=2, le=10, title="Centres", description="Each cloud is a class.")
    ] = 3
    features: Annotated[
        int, Meta(ge=1, le=1024, title="Dimension", description="Numbers in one example.")
    ] = 2
    spread: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            title="Spread",
            description="Standard deviation of a cloud; the centres are uniform from -10 to 10.",
        ),
    ] = 1.0


def _facts(params: BlobsParams) -> DataFacts:
    return DataFacts(examples=params.examples, shape=(params.features,), outputs=params.classes)


def _make(
    params: BlobsParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    centres = generator.uniform(-HALF_SIDE, HALF_SIDE, (params.classes, params.features))
    classes = np.arange(params.examples, dtype=np.int64) % params.classes
    clouds = params.spread * generator.standard_normal((params.examples, params.features))
    return (centres[classes] + clouds).astype(np.float32), classes


BLOBS = Dataset(
    key="blobs",
    label="Blobs",
    summary="A round Gaussian cloud for each class, around random centres.",
    source="The geometry of sklearn.datasets.make_blobs",
    order=60,
    params=BlobsParams,
    facts=_facts,
    make=_make,
)
