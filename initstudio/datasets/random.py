"""The article's data: features and classes that have nothing to do with one another."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params


class RandomParams(Params, frozen=True):
    """As many of everything as is asked for."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    features: Annotated[
        int, Meta(ge=1, le=1024, title="Features", description="Numbers in one example.")
    ] = 20
    classes: Annotated[int, Meta(ge=2, le=100, title="Classes")] = 2


def _facts(params: RandomParams) -> DataFacts:
    return DataFacts(examples=params.examples, shape=(params.features,), outputs=params.classes)


def _make(
    params: RandomParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    size = (params.examples, params.features)
    features = generator.standard_normal(size, dtype=np.float32)
    return features, generator.integers(params.classes, size=params.examples)


RANDOM = Dataset(
    key="random",
    label="Random",
    summary="Features from N(0, 1), classes by a fair draw: there is nothing to learn but the "
    "training part by heart, so the validation accuracy stays at chance.",
    source="How Do I Initialize Weights in PyTorch?: torch.randn(1000, 20), torch.randint(0, 2)",
    order=10,
    params=RandomParams,
    facts=_facts,
    make=_make,
)
