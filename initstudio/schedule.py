"""How the learning rate moves through a run: a factor for each step."""

from math import cos, pi

from initstudio.experiment import Constant, Cosine, Schedule, StepDecay, WarmUp


def factor(schedule: Schedule, step: int, steps: int, steps_per_epoch: int) -> float:
    """Return what the learning rate is multiplied by for the update that follows `step` updates.

    `steps` are those of the whole run. A warm-up of k steps gives 1/k, 2/k, ... 1.
    """
    match schedule:
        case Constant():
            return 1.0
        case WarmUp(steps=rise):
            return min(1.0, (step + 1) / rise)
        case StepDecay(epochs=epochs, factor=by):
            return float(by ** (step // steps_per_epoch // epochs))
        case Cosine(warm_up=rise, least=least):
            if step < rise:
                return (step + 1) / rise
            passed = (step - rise) / max(1, steps - rise)
            return least + (1 - least) * (1 + cos(pi * passed)) / 2
