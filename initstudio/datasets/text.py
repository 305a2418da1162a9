"""Letters of a shipped text, to predict the next from those before it."""

from functools import lru_cache
from typing import Annotated

import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio.catalogue import DataFacts, Dataset, Params
from initstudio.paths import resource

FILE = "founding.txt"


class TextParams(Params, frozen=True):
    """How long the pieces are that the text is cut into, and how far apart."""

    length: Annotated[
        int,
        Meta(
            ge=1,
            le=256,
            title="Length",
            description="Characters that the network sees.",
            extra={"unit": "characters"},
        ),
    ] = 16
    step: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            title="Step",
            description="Characters from the start of one piece to that of the next. At most as "
            "many as the length, and pieces overlap: then a network has seen in training what it "
            "is asked in validation.",
            extra={"unit": "characters"},
        ),
    ] = 17


@lru_cache(maxsize=1)
def _text() -> str:
    return resource(FILE).read_bytes().decode("ascii")


@lru_cache(maxsize=1)
def vocabulary() -> str:
    """Return the characters of the text in the order of their tokens."""
    return "".join(sorted(set(_text())))


def _facts(params: TextParams) -> DataFacts:
    kinds = len(vocabulary())
    return DataFacts(
        examples=len(_starts(params)), shape=(params.length,), outputs=kinds, tokens=kinds
    )


def _make(
    params: TextParams, _generator: np.random.Generator
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    token = {character: at for at, character in enumerate(vocabulary())}
    tokens = np.array([token[character] for character in _text()], dtype=np.int64)
    starts = np.array(_starts(params))
    windows = np.lib.stride_tricks.sliding_window_view(tokens, params.length)
    return windows[starts], tokens[starts + params.length]


def _starts(params: TextParams) -> range:
    """Return where the pieces start; behind each is a character to predict."""
    return range(0, len(_text()) - params.length, params.step)


TEXT = Dataset(
    key="text",
    label="Text",
    summary="Pieces of the United States' Declaration of Independence and Constitution; the class "
    "is the next character.",
    source="The Declaration of Independence (1776) and the Constitution of the United States "
    "(1787, with its amendments), in the public domain",
    order=180,
    params=TextParams,
    facts=_facts,
    make=_make,
)
