"""How much memory an experiment needs, asked before torch asks the system for it."""

import os
from math import prod

from initstudio.engine.network import ROOT
from initstudio.engine.plan import Plan
from initstudio.errors import ExperimentError

COPIES = 5
"""Of each weight: itself, its gradient, two of the optimiser, one on the way."""
BYTES = 4


def memory_needed(plan: Plan) -> int:
    """Return the bytes that training keeps at once, roughly."""
    weights = sum(layer.parameters for layer in plan.network)
    batch = max(plan.experiment.training.batch_size, plan.validation_examples)
    activations = batch * sum(prod(layer.shape_out or ()) for layer in plan.layers)
    examples = plan.facts.examples * prod(plan.facts.shape) * plan.experiment.seeds.count
    replicas = plan.experiment.replicas
    return BYTES * (replicas * (COPIES * weights + 2 * activations) + 3 * examples)


def memory_here() -> int | None:
    """Return the bytes of memory that this machine has, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not every system has it
        return None


def refuse_if_too_large(plan: Plan, here: int | None = None, whose: str = "this machine") -> None:
    """Say so where the machine, or a device with memory of its own, cannot hold the experiment.

    Raises:
        ExperimentError: With what it would need and what there is.
    """
    here = memory_here() if here is None else here
    needed = memory_needed(plan)
    if here is not None and needed > here:
        why = (
            f"Training {plan.experiment.replicas} such networks at once would need about "
            f"{needed / 2**30:,.0f} GiB of memory, and {whose} has {here / 2**30:,.0f} GiB."
        )
        raise ExperimentError(f"{ROOT}.network", why)
