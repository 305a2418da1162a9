"""The weights of a run as files (safetensors): each network's at the start and as they are now."""

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import torch
from safetensors.torch import save

from initstudio.engine.initialize import initialize
from initstudio.engine.multiplied import multiplied
from initstudio.engine.plan import Plan
from initstudio.errors import ExperimentError
from initstudio.files import atomic_write

Networks: TypeAlias = Callable[[int], Mapping[str, torch.Tensor]]
LONGEST = 40
"""Characters of a contender's name in a file's name."""


def save_weights(plan: Plan, networks: Networks, step: int, folder: Path) -> int:
    """Write the weights of all networks of a run and return the number of files.

    Of each network there is "1-xavier.seed0.start.safetensors" and, after `step` updates, another
    with "step100" for "start". Their names are those of torch's `state_dict`; the metadata tell
    contender, seed, step and torch's version. The weights are those that the network computes
    with; what some were multiplied by, `multiplied` tells, as JSON.

    Raises:
        ExperimentError: The folder or a file cannot be written; names it.
    """
    experiment, seeds = plan.experiment, list(plan.experiment.seeds.each())
    written = 0
    for at, contender in enumerate(experiment.contenders):
        for which, seed in enumerate(seeds):
            head = f"{contender.slot + 1}-{_plain(contender.name)}.seed{seed}"
            facts = {
                "title": experiment.title,
                "contender": contender.name,
                "seed": str(seed),
                "torch": str(torch.__version__),
            }
            if plan.multipliers[at]:
                facts["multiplied"] = json.dumps(plan.multipliers[at])
            network = initialize(plan, at, seed)
            start = {**network.state_dict(), **multiplied(network, plan.multipliers[at])}
            _write(folder / f"{head}.start.safetensors", start, {**facts, "step": "0"})
            written += 1
            if step:
                now = networks(at * len(seeds) + which)
                path = folder / f"{head}.step{step}.safetensors"
                _write(path, now, {**facts, "step": str(step)})
                written += 1
    return written


def _write(path: Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, str]) -> None:
    # a file may hold no two tensors of one memory
    apart = {name: value.detach().clone().contiguous() for name, value in tensors.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, save(apart, dict(facts)))
    except OSError as error:
        raise ExperimentError(str(path), error.strerror or str(error)) from None


def _plain(name: str) -> str:
    """Return a name as a part of a file's name that every system takes."""
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-_")[:LONGEST] or "contender"
