"""Experiments for studies of a start, and what a study says of them in the end."""

from typing import Any

from msgspec.structs import replace

from initstudio.catalogue import NoParams
from initstudio.engine.plan import plan
from initstudio.engine.study import Study
from initstudio.experiment import Choice, Contender, Data, Experiment, Seeds, Training
from initstudio.presets import ARTICLE, contender
from initstudio.results import Results

TORCH = contender("Torch", 0, "torch_default", "torch_default")


def asked(
    network: tuple[Choice, ...], *contenders: Contender, features: int = 6, seed: int = 3
) -> Experiment:
    return replace(
        ARTICLE,
        network=network,
        data=Data(dataset=Choice("random", {"examples": 60, "features": features, "classes": 3})),
        training=Training(batch_size=8),
        contenders=contenders or (TORCH,),
        seeds=Seeds(first=seed),
    )


def found(study: Study[Any], experiment: Experiment) -> Results:
    (*_, last) = study.begin(plan(experiment), NoParams(), nothing)
    assert last is not None
    assert last.share == 1
    return last


def nothing(_share: float) -> None:
    """Heed nothing."""
