"""Arms that wind around a common middle, one for each class."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params


class SpiralsParams(Params, frozen=True):
    """How many points and arms, how far they wind, and how blurred they are."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    classes: Annotated[int, Meta(ge=2, le=10, title="Arms", description="Each arm is a class.")] = 3
    turns: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Turns",
            description="How often an arm winds around the middle; more is harder.",
        ),
    ] = 1.0
    noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Noise",
            description="Standard deviation added to both coordinates; the arms end at the "
            "radius 1.",
        ),
    ] = 0.03


def _facts(params: SpiralsParams) -> DataFacts:
    return DataFacts(examples=params.examples, shape=(2,), outputs=params.classes)


def _make(
    params: SpiralsParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    classes = np.arange(params.examples, dtype=np.int64) % params.classes
    place = np.arange(params.examples) // params.classes
    # half a place out, as all arms would share the very middle
    radius = (place + 0.5) / np.bincount(classes)[classes]
    angle = 2 * np.pi * (params.turns * radius + classes / params.classes)
    points = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points += params.noise * generator.standard_normal(points.shape)
    return points.astype(np.float32), classes


SPIRALS = Dataset(
    key="spirals",
    label="Spirals",
    summary="Interleaved spiral arms in the plane, one for each class; hard for shallow networks.",
    source="After Lang and Witbrock 1988, Learning to tell two spirals apart; Archimedean arms",
    order=50,
    params=SpiralsParams,
    facts=_facts,
    make=_make,
)
