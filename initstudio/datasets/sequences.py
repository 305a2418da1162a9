"""Sequences with something to remember: the adding problem and a delayed copy."""

from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params


class AddingParams(Params, frozen=True):
    """How many sequences, and how long."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    length: Annotated[
        int,
        Meta(
            ge=2,
            le=500,
            title="Length",
            description="Steps of a sequence; each has a number and a mark.",
            extra={"unit": "steps"},
        ),
    ] = 30


class CopyParams(Params, frozen=True):
    """What is to be remembered, and for how long."""

    examples: Annotated[int, Meta(ge=10, le=100_000, title="Examples", extra={"log": True})] = 1000
    alphabet: Annotated[
        int,
        Meta(
            ge=2,
            le=64,
            title="Alphabet",
            description="Symbols to be remembered; a blank and a cue come to them.",
            extra={"unit": "symbols"},
        ),
    ] = 8
    recall: Annotated[
        int,
        Meta(
            ge=1,
            le=32,
            title="Recall",
            description="Symbols at the start that are to be told. With more than one the network "
            "must end with an answer for each.",
            extra={"unit": "symbols"},
        ),
    ] = 1
    delay: Annotated[
        int,
        Meta(
            ge=0,
            le=200,
            title="Delay",
            description="Blanks between the symbols and the cue.",
            extra={"unit": "steps"},
        ),
    ] = 10


def _adding_facts(params: AddingParams) -> DataFacts:
    return DataFacts(examples=params.examples, shape=(params.length, 2), outputs=1, task="values")


def _make_adding(
    params: AddingParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    rows = np.arange(params.examples)
    half = params.length // 2
    sequences = np.zeros((params.examples, params.length, 2), dtype=np.float32)
    sequences[:, :, 0] = generator.random((params.examples, params.length), dtype=np.float32)
    first = generator.integers(half, size=params.examples)
    second = generator.integers(half, params.length, size=params.examples)
    sequences[rows, first, 1] = sequences[rows, second, 1] = 1
    return sequences, (sequences[rows, first, :1] + sequences[rows, second, :1])


def _copy_facts(params: CopyParams) -> DataFacts:
    return DataFacts(
        examples=params.examples,
        shape=(2 * params.recall + params.delay,),
        outputs=params.alphabet,
        positions=(params.recall,) if params.recall > 1 else (),
        tokens=params.alphabet + 2,
    )


def _make_copy(
    params: CopyParams, generator: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    blank, cue = params.alphabet, params.alphabet + 1
    symbols = generator.integers(params.alphabet, size=(params.examples, params.recall))
    tokens = np.full((params.examples, 2 * params.recall + params.delay), blank, dtype=np.int64)
    tokens[:, : params.recall] = symbols
    tokens[:, params.recall + params.delay] = cue
    return tokens, symbols if params.recall > 1 else symbols[:, 0]


ADDING = Dataset(
    key="adding",
    label="Adding problem",
    summary="Random numbers from 0 to 1, two of them marked; the value to predict is their sum. "
    "Always answering 1 has the squared error 1/6.",
    source="Hochreiter and Schmidhuber 1997, Long short-term memory, experiment 4; with numbers, "
    "marks and length as in Le, Jaitly and Hinton 2015, section 4.1",
    order=160,
    params=AddingParams,
    facts=_adding_facts,
    make=_make_adding,
)

COPY = Dataset(
    key="copy",
    label="Delayed copy",
    summary="Symbols, then blanks, then a cue; the classes are the symbols, to be told from the "
    "cue on. Guessing is right once in as many times as there are symbols.",
    source="Hochreiter and Schmidhuber 1997, Long short-term memory; the form of Arjovsky, Shah "
    "and Bengio 2016, Unitary evolution recurrent neural networks, section 5.1",
    order=170,
    params=CopyParams,
    facts=_copy_facts,
    make=_make_copy,
)
