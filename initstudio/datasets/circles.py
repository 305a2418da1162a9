"""One circle inside another."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params


class CirclesParams(Params, frozen=True):
    """How many points, how large the inner circle is, and how blurred both are."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    factor: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Inner radius",
            description="Radius of the inner circle; the outer one has the radius 1.",
        ),
    ] = 0.5
    noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Noise",
            description="Standard deviation added to both coordinates.",
        ),
    ] = 0.1


def _facts(params: CirclesParams) -> DataFacts:
    return DataFacts(examples=params.examples, shape=(2,), outputs=2)


def _make(
    params: CirclesParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    outer = params.examples // 2
    inner = params.examples - outer
    points = np.concatenate([_circle(outer), params.factor * _circle(inner)])
    points += params.noise * generator.standard_normal(points.shape)
    return points.astype(np.float32), np.repeat(np.arange(2, dtype=np.int64), [outer, inner])


def _circle(points: int) -> npt.NDArray[np.float64]:
    """Return evenly spread points of the unit circle, float64 [points, 2]."""
    angles = np.linspace(0, 2 * np.pi, points, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


CIRCLES = Dataset(
    key="circles",
    label="Circles",
    summary="A circle within a circle in the plane; only the distance from the middle counts.",
    source="The geometry of sklearn.datasets.make_circles",
    order=40,
    params=CirclesParams,
    facts=_facts,
    make=_make,
)
