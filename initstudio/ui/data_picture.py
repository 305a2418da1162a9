"""What there is to see of a data set: points, curves, images, sequences or pieces of text."""

from dataclasses import dataclass
from functools import lru_cache
from math import prod
from typing import Any, cast

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio import tables
from initstudio.catalogue import DataFacts, Features, Targets
from initstudio.datasets import DATASETS
from initstudio.datasets.file import FileParams, examples_of
from initstudio.datasets.text import TextParams, vocabulary
from initstudio.engine.data import stream
from initstudio.errors import ExperimentError

MOST_POINTS = 800
MOST_VALUES = 4_000_000
"""Data with more values than this is not made for a picture."""
ROWS, COLUMNS = 3, 8
"""Images in a picture."""
SEQUENCES, CHANNELS = 3, 4
"""Sequences in a picture; with more numbers than this at each step they are drawn as images."""
PIECES = 6
"""Pieces of text in a picture."""

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Picture:
    """What is drawn: one of points, images, sequences and text, or the caption alone.

    Points are float32 [n, 2] from 0 to 1, in the colours of their `classes` int64 [n] where they
    have some; images are float32 [n, height, width] from 0 to 1; sequences float32 [n, channels,
    steps] from 0 to 1.
    """

    caption: str
    points: Float32 | None = None
    classes: npt.NDArray[np.int64] | None = None
    images: Float32 | None = None
    sequences: Float32 | None = None
    text: tuple[str, ...] = ()


def state_of(params: object) -> tables.Stamp:
    """Return what changes when the file behind a data set does; nothing where there is none."""
    if not isinstance(params, FileParams):
        return ()
    try:
        return tables.stamp(params.path)
    except ExperimentError:
        return ()


@lru_cache(maxsize=32)
def picture_of(
    key: str,
    params: Any,  # noqa: ANN401 - any Params struct
    seed: int,
    _state: tables.Stamp = (),
) -> Picture:
    """Return what there is to see of a data set under one seed."""
    if getattr(params, "layout", "") == "flat":
        params = msgspec.structs.replace(params, layout="image")
    try:
        facts = DATASETS[key].facts(params)
        made = _some(key, params, facts, seed)
    except ExperimentError as error:
        return Picture(error.why)
    if made is None:
        return Picture("Too large to be drawn here.")
    if facts.tokens:
        return _text(made[0][:PIECES], made[1][:PIECES], params)
    return _drawn(*made, facts, stream(seed, "preview"))


def _drawn(
    features: Features, targets: Targets, facts: DataFacts, generator: np.random.Generator
) -> Picture:
    """Return the picture of numbers."""
    drawn = cast("Float32", features)
    if len(facts.shape) > 2 or (len(facts.shape) == 2 and facts.shape[1] > CHANNELS):
        return _images(drawn[: ROWS * COLUMNS])
    if len(facts.shape) == 2:
        return _sequences(drawn[:SEQUENCES])
    some = generator.permutation(len(drawn))[:MOST_POINTS]
    if facts.task == "values":
        return _values(drawn[some], cast("Float32", targets)[some])
    return _points(drawn[some], cast("npt.NDArray[np.int64]", targets)[some])


def _some(key: str, params: object, facts: DataFacts, seed: int) -> tuple[Features, Targets] | None:
    """Return the data, of a file its first part; None where it would be too much."""
    size = prod(facts.shape)
    if isinstance(params, FileParams) and size <= MOST_VALUES:
        found = examples_of(params)
        first = MOST_VALUES // size
        return found.features(first), found.targets[:first]
    if facts.examples * size > MOST_VALUES:
        return None
    return DATASETS[key].make(params, stream(seed, "data"))


def _points(features: Float32, classes: npt.NDArray[np.int64]) -> Picture:
    dimension = features.shape[1]
    plane = features[:, :2] if dimension > 1 else np.stack([features[:, 0], classes], axis=1)
    caption = "The examples, coloured by class."
    if dimension == 1:
        caption = "The examples by class."
    elif dimension > 2:
        caption = f"Features 1 and 2 of {dimension:,}, coloured by class."
    return Picture(caption, points=_spread(plane, 0), classes=classes)


def _values(features: Float32, values: Float32) -> Picture:
    dimension, outputs = features.shape[1], values.shape[1]
    what = "The value to predict" if outputs == 1 else f"Value 1 of {outputs:,} to predict"
    over = "the feature" if dimension == 1 else f"feature 1 of {dimension:,}"
    plane = np.stack([features[:, 0], values[:, 0]], axis=1)
    return Picture(f"{what}, over {over}.", points=_spread(plane, 0))


def _images(features: Float32) -> Picture:
    shape = features.shape[1:]
    images = features.reshape(len(features), -1, *shape[-2:])[:, 0]
    low, high = images.min(), images.max()
    caption = f"The first {len(images)} images."
    if len(shape) == 2:
        caption = f"The first {len(images)} examples, {shape[0]:,} × {shape[1]:,} values each."
    elif shape[0] > 1:
        caption = f"The first {len(images)} images, channel 1 of {prod(shape[:-2]):,}."
    return Picture(caption, images=(images - low) / max(high - low, 1e-9))


def _sequences(features: Float32) -> Picture:
    count, steps, channels = features.shape
    numbers = "1 number" if channels == 1 else f"{channels} numbers"
    caption = f"The first {count} sequences: {numbers} at each of {steps:,} steps."
    return Picture(caption, sequences=_spread(features, (0, 1)).transpose(0, 2, 1))


def _text(tokens: Features, targets: Targets, params: object) -> Picture:
    if isinstance(params, TextParams):
        letters = vocabulary().replace("\n", "↵").replace(" ", "·")
        pieces = tuple(
            f"{''.join(letters[token] for token in row)} → {letters[target]}"
            for row, target in zip(tokens.tolist(), targets.tolist(), strict=True)
        )
        caption = f"The first {len(pieces)} pieces, and the character that comes next."
        return Picture(caption, text=pieces)
    pieces = tuple(
        f"{_spaced(row)} → {_spaced(answer)}" for row, answer in zip(tokens, targets, strict=True)
    )
    return Picture(f"The first {len(pieces)} sequences of tokens → the classes.", text=pieces)


def _spaced(numbers: npt.NDArray[Any]) -> str:
    return " ".join(str(number) for number in numbers.ravel().tolist())


def _spread(values: npt.NDArray[Any], over: int | tuple[int, int]) -> Float32:
    """Return the values from 0 to 1."""
    low, high = values.min(over), values.max(over)
    spread: Float32 = ((values - low) / np.maximum(high - low, 1e-9)).astype(np.float32)
    return spread
