"""Curves over one number: a sine, and a chirp that grows faster along the way."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params

Curve = tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]


class SineParams(Params, frozen=True):
    """How many points of how many waves, and how blurred."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    cycles: Annotated[
        float,
        Meta(ge=0, le=100, title="Cycles", description="Waves between -1 and 1; more is harder."),
    ] = 2.0
    noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Noise",
            description="Standard deviation added to the value; the wave goes from -1 to 1.",
        ),
    ] = 0.05


class ChirpParams(Params, frozen=True):
    """How many points, how fast the curve swings at either end, and how blurred it is."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    slow: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            title="First frequency",
            description="Cycles for each unit of the feature at 0.",
        ),
    ] = 1.0
    fast: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            title="Last frequency",
            description="Cycles for each unit of the feature at 1; in between it changes evenly.",
        ),
    ] = 8.0
    noise: Annotated[
        float,
        Meta(
            ge=0,
            le=10,
            title="Noise",
            description="Standard deviation added to the value; the curve goes from -1 to 1.",
        ),
    ] = 0.05


def _facts(params: SineParams | ChirpParams) -> DataFacts:
    return DataFacts(examples=params.examples, shape=(1,), outputs=1, task="values")


def _make_sine(params: SineParams, generator: np.random.Generator) -> Curve:
    x = generator.uniform(-1, 1, (params.examples, 1))
    y = np.sin(np.pi * params.cycles * x)
    return _blurred(x, y, params.noise, generator)


def _make_chirp(params: ChirpParams, generator: np.random.Generator) -> Curve:
    x = generator.uniform(0, 1, (params.examples, 1))
    # the phase is the integral of the frequency slow + (fast - slow) x
    y = np.sin(2 * np.pi * (params.slow * x + (params.fast - params.slow) * x**2 / 2))
    return _blurred(x, y, params.noise, generator)


def _blurred(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    noise: float,
    generator: np.random.Generator,
) -> Curve:
    moved = y + noise * generator.standard_normal(y.shape)
    return x.astype(np.float32), moved.astype(np.float32)


SINE = Dataset(
    key="sine",
    label="Sine",
    summary="One feature, even from -1 to 1, and its sine: a curve to fit.",
    source="y = sin(pi cycles x)",
    order=140,
    params=SineParams,
    facts=_facts,
    make=_make_sine,
)

CHIRP = Dataset(
    key="chirp",
    label="Chirp",
    summary="One feature, even from 0 to 1, and a wave that swings ever faster along it; networks "
    "fit the slow end first.",
    source="The linear chirp, as scipy.signal.chirp(x, slow, 1, fast, phi=-90); the order of "
    "learning: Rahaman et al. 2019, On the spectral bias of neural networks",
    order=150,
    params=ChirpParams,
    facts=_facts,
    make=_make_chirp,
)
