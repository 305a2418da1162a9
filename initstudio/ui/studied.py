"""What is known by a study of a start, and what was asked for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from initstudio.catalogue import Value
from initstudio.engine.messages import Examined, NotExamined
from initstudio.experiment import Experiment
from initstudio.history import Header, History, Stretch
from initstudio.results import Results

Wants: TypeAlias = Mapping[str, Mapping[str, Value]]
"""Studies by key, each with its parameters."""
START = "start"
"""The study that gives all readings at step 0."""
QUICK = {START, "phase"}
"""Studies that follow each move of a hand; the others wait until it rests."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Studied:
    """What is known by one study; of which experiment, its `header` tells.

    `fresh`: it is of the present experiment. `share` of the work is done. `trouble` says why there
    is nothing.
    """

    header: Header
    results: Results | None = None
    share: float = 0.0
    trouble: str = ""
    fresh: bool = True
    resting: bool = False


@dataclass(kw_only=True)
class Question:
    """What was asked last of one study."""

    ask: int
    experiment: Experiment
    params: dict[str, Value]
    began: float
    heard: float
    tries: int = 0
    answered: bool = False

    def is_about(self, experiment: Experiment, params: Mapping[str, Value]) -> bool:
        """Return whether another question would have the same answer."""
        return self.params == dict(params) and self.experiment.work() == experiment.work()


def probes_in(params: Mapping[str, Value]) -> set[str]:
    """Return the probes that these parameters of the start ask for."""
    return set(str(params.get("probes", "")).split())


def of_probes(probes: set[str]) -> dict[str, Value]:
    """Return the parameters of the start that ask for these probes."""
    return {"probes": " ".join(sorted(probes))}


def studied_by(
    event: Examined | NotExamined, header: Header, *, fresh: bool = True, resting: bool = False
) -> Studied:
    """Return what an answer says of the experiment of that header."""
    if isinstance(event, NotExamined):
        trouble = event.why if event.where.startswith("$") else f"{event.where}: {event.why}"
        return Studied(header=header, trouble=trouble, fresh=fresh)
    results = event.results
    return Studied(
        header=header, results=results, share=results.share, fresh=fresh, resting=resting
    )


def history_of(header: Header, start: Results) -> History:
    """Return what the study of the start gives as a run that is at step 0."""
    history, values = History(header), start.values
    stepped = {key: one[None] for key, one in values.items() if key in {"loss", "accuracy"}}
    history.extend(
        Stretch(
            steps=np.zeros(1 if stepped else 0, np.int64),
            series=stepped,
            epoch_steps=np.zeros(0, np.int64),
            epoch_series={},
            layers_step=0,
            layers={key: one for key, one in values.items() if key not in stepped},
        )
    )
    return history
