"""What luck, the trainability map and the width check cost, on one thread as in the engine.

Each is run whole, once, as the engine does at a person's first look: a map's rows are not kept yet.
"""

import time
from collections.abc import Iterator
from typing import Any

import torch
from msgspec.structs import replace

from initstudio.engine.host import THREADS
from initstudio.engine.plan import plan
from initstudio.engine.studies import STUDIES
from initstudio.experiment import Experiment
from initstudio.presets import ARTICLE, DIGITS, contender, multilayer

STARTS = (
    "kaiming_normal",
    "kaiming_uniform",
    "xavier_normal",
    "xavier_uniform",
    "orthogonal",
    "lecun_normal",
    "normal",
    "torch_default",
)
DEEP = replace(
    ARTICLE,
    network=multilayer(20, 128, "relu"),
    training=replace(ARTICLE.training, batch_size=256),
    contenders=tuple(contender(key, at, key) for at, key in enumerate(STARTS)),
)
WORK: tuple[tuple[str, str, Experiment, float, float], ...] = (
    ("luck: 200 draws of the article's 3 contenders", "luck", ARTICLE, 4, 2),
    ("luck: 200 draws of 8 contenders, 20 layers of 128", "luck", DEEP, 60, 40),
    ("trainability: 8 x 6 cells of 100 steps on digits", "trainability", DIGITS, 90, 60),
    ("width: 32 to 512, the article's 3 contenders", "width", ARTICLE, 10, 5),
)
"""What is told of it, the study, what it examines, its bound and its aim in seconds."""


def figures() -> Iterator[dict[str, Any]]:
    """Yield the seconds of each study."""
    torch.set_num_threads(THREADS)
    for name, key, asked, bound, aim in WORK:
        yield {
            "figure": name,
            "value": round(_seconds(key, asked), 2),
            "at_most": bound,
            "aim": aim,
            "unit": "s",
        }


def _seconds(key: str, asked: Experiment) -> float:
    """Return the seconds of a study from its beginning to its last results.

    Raises:
        RuntimeError: It ended before it was done.
    """
    study, share = STUDIES[key], 0.0
    began = time.perf_counter()
    for found in study.begin(plan(asked), study.parse({}), lambda _share: None):
        share = found.share if found else share
    seconds = time.perf_counter() - began
    if share != 1:
        message = f"{key} ended at a share of {share}"
        raise RuntimeError(message)
    return seconds
