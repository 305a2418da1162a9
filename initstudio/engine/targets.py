"""What each weight tensor of an experiment was meant to be drawn from.

It loads no torch: the window draws these behind what was really drawn.
"""

from initstudio.engine.assignment import Assignment, assign
from initstudio.engine.network import every
from initstudio.engine.plan import layers_of
from initstudio.experiment import Contender, Experiment
from initstudio.law import Law

Laws = dict[int, tuple[Law | str, ...]]
"""By the contender's slot, for each weight tensor its law, or why it has none."""


def targets_of(experiment: Experiment) -> Laws:
    """Return, by the contender's slot, the law of each weight tensor in order of the layers.

    A word says instead why there is none: it was tuned after it was drawn.
    """
    layers = tuple(every(layers_of(experiment)))
    return {
        one.slot: tuple(
            _law(one, assigned)
            for assigned in assign(one, layers)
            if assigned.tensor.role == "weight"
        )
        for one in experiment.contenders
    }


def _law(contender: Contender, assigned: Assignment) -> Law | str:
    if contender.tuning is not None:
        return "tuned"
    return "refused" if assigned.refused else assigned.law
