"""Experiments for studies of a start, and what a study says of them in the end."""

from collections.abc import Generator
from typing import Any, TypeVar

from msgspec.structs import replace

from initstudio.catalogue import NoParams
from initstudio.engine.plan import plan
from initstudio.engine.study import Study
from initstudio.experiment import Choice, Contender, Data, Experiment, Seeds, Training
from initstudio.presets import ARTICLE, contender
from initstudio.results import Results

T = TypeVar("T")
TORCH = contender("Torch", 0, "torch_default", "torch_default")


def asked(
    network: tuple[Choice, ...],
    *contenders: Contender,
    features: int = 6,
    seed: int = 3,
    training: Training | None = None,
) -> Experiment:
    """Return an experiment on 60 examples, 48 of them trained on in batches of 8."""
    return replace(
        ARTICLE,
        network=network,
        data=Data(dataset=Choice("random", {"examples": 60, "features": features, "classes": 3})),
        training=training or Training(batch_size=8),
        contenders=contenders or (TORCH,),
        seeds=Seeds(first=seed),
    )


def whole(steps: Generator[None, None, T]) -> T:
    """Return what a generator gives in the end."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value


def found(study: Study[Any], experiment: Experiment) -> Results:
    """Return what a study says in the end."""
    (*_, last) = study.begin(plan(experiment), NoParams(), nothing)
    assert last is not None
    assert last.share == 1
    return last


def nothing(_share: float) -> None:
    """Heed nothing."""
