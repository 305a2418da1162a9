"""Handwritten digits: 1,797 images of 8 x 8, shipped with the program."""

from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params
from initstudio.paths import resource

FILE = "digits.npz"
EXAMPLES = 1797
SIDE = 8
MOST_INK = 16


class DigitsParams(Params, frozen=True):
    """How the pixels of one image are laid out."""

    layout: Annotated[
        Literal["flat", "image"],
        Meta(
            title="Layout",
            description="Flat suits Linear layers; an image needs Flatten before them.",
            extra={"choices": {"flat": "Flat (64)", "image": "Image (1 x 8 x 8)"}},
        ),
    ] = "flat"


def _facts(params: DigitsParams) -> DataFacts:
    shape = (SIDE * SIDE,) if params.layout == "flat" else (1, SIDE, SIDE)
    return DataFacts(examples=EXAMPLES, shape=shape, outputs=10, image=(1, SIDE, SIDE))


def _make(
    params: DigitsParams, _generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    with np.load(resource(FILE), allow_pickle=False) as file:
        pixels, classes = file["pixels"], file["classes"]
    features = pixels.astype(np.float32) / MOST_INK
    return features.reshape(EXAMPLES, *_facts(params).shape), classes.astype(np.int64)


DIGITS = Dataset(
    key="digits",
    label="Digits",
    summary="1,797 handwritten digits as 8 x 8 pixels from 0 to 1, of ten classes; the same for "
    "every seed, which chooses only the validation part.",
    source="Alpaydin and Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository, doi:10.24432/C50P49 (CC BY 4.0)",
    order=20,
    params=DigitsParams,
    facts=_facts,
    make=_make,
)
