"""What a deep linear network computes, for another to learn."""

from functools import reduce
from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params


class TeacherParams(Params, frozen=True):
    """How large the teacher is, how deep, and how exactly its answers are heard."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    features: Annotated[
        int, Meta(ge=1, le=256, title="Features", description="Numbers in one example.")
    ] = 16
    outputs: Annotated[
        int, Meta(ge=1, le=256, title="Outputs", description="Values to predict.")
    ] = 1
    depth: Annotated[
        int,
        Meta(
            ge=1,
            le=100,
            title="Depth",
            description="Matrices that are multiplied. Their entries are from N(0, 1/features), so "
            "that an answer has variance 1 on average; more of them make its size more uncertain.",
        ),
    ] = 3
    noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Noise",
            description="Standard deviation added to each answer.",
        ),
    ] = 0.0


def _facts(params: TeacherParams) -> DataFacts:
    return DataFacts(
        examples=params.examples, shape=(params.features,), outputs=params.outputs, task="values"
    )


def _make(
    params: TeacherParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    rows = [params.features] * (params.depth - 1) + [params.outputs]
    matrices = [
        generator.standard_normal((row, params.features)) / params.features**0.5 for row in rows
    ]
    product = reduce(lambda below, above: above @ below, matrices)
    x = generator.standard_normal((params.examples, params.features), dtype=np.float32)
    noise = params.noise * generator.standard_normal((params.examples, params.outputs))
    return x, (x @ product.T + noise).astype(np.float32)


TEACHER = Dataset(
    key="teacher",
    label="Linear teacher",
    summary="Features from N(0, 1); the values to predict are a product of random matrices times "
    "them. A network without activations can learn it exactly.",
    source="After Saxe, McClelland and Ganguli 2014, Exact solutions to the nonlinear dynamics of "
    "learning in deep linear neural networks",
    order=130,
    params=TeacherParams,
    facts=_facts,
    make=_make,
)
