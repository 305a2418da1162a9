"""Truth tables: exclusive or with noise, and the parity of many bits."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
EITHER = np.array([0, 1, 1, 0], dtype=np.int64)


class XorParams(Params, frozen=True):
    """How many points, and how blurred."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Noise",
            description="Standard deviation added to both coordinates; the corners are 1 apart.",
        ),
    ] = 0.1


class ParityParams(Params, frozen=True):
    """How many bits, and how many draws of them."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    bits: Annotated[
        int,
        Meta(
            ge=1,
            le=64,
            title="Bits",
            description="Numbers in one example, each 0 or 1; every one of them decides the class.",
        ),
    ] = 6


def _make_xor(
    params: XorParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    corner = np.arange(params.examples) % 4
    points = CORNERS[corner] + params.noise * generator.standard_normal((params.examples, 2))
    return points.astype(np.float32), EITHER[corner]


def _make_parity(
    params: ParityParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    bits = generator.integers(2, size=(params.examples, params.bits))
    return bits.astype(np.float32), bits.sum(1) % 2


XOR = Dataset(
    key="xor",
    label="XOR",
    summary="The four corners of a square, again and again; the class is whether exactly one "
    "coordinate is 1. No straight line parts them.",
    source="Minsky and Papert 1969, Perceptrons; Rumelhart, Hinton and Williams 1986",
    order=110,
    params=XorParams,
    facts=lambda params: DataFacts(examples=params.examples, shape=(2,), outputs=2),
    make=_make_xor,
)

PARITY = Dataset(
    key="parity",
    label="Parity",
    summary="Random bits; the class is whether the number of ones is odd, which no part of the "
    "bits tells anything about.",
    source="Minsky and Papert 1969, Perceptrons, section 3.1; Rumelhart, Hinton and Williams 1986",
    order=120,
    params=ParityParams,
    facts=lambda params: DataFacts(examples=params.examples, shape=(params.bits,), outputs=2),
    make=_make_parity,
)
