"""Two half circles that reach into one another."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params


class MoonsParams(Params, frozen=True):
    """How many points, and how blurred."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Noise",
            description="Standard deviation added to both coordinates; the half circles have the "
            "radius 1.",
        ),
    ] = 0.1


def _facts(params: MoonsParams) -> DataFacts:
    return DataFacts(examples=params.examples, shape=(2,), outputs=2)


def _make(
    params: MoonsParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    upper = params.examples // 2
    lower = params.examples - upper
    above = np.linspace(0, np.pi, upper)
    below = np.linspace(0, np.pi, lower)
    points = np.concatenate(
        [
            np.stack([np.cos(above), np.sin(above)], axis=1),
            np.stack([1 - np.cos(below), 0.5 - np.sin(below)], axis=1),
        ]
    )
    points += params.noise * generator.standard_normal(points.shape)
    return points.astype(np.float32), np.repeat(np.arange(2, dtype=np.int64), [upper, lower])


MOONS = Dataset(
    key="moons",
    label="Moons",
    summary="Two interleaved half circles in the plane; no straight line parts them.",
    source="The geometry of sklearn.datasets.make_moons",
    order=30,
    params=MoonsParams,
    facts=_facts,
    make=_make,
)
