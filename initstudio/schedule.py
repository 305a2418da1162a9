"""How the learning rate moves through a run: the schedules, and their factor for each step."""

from math import cos, pi
from typing import Annotated, TypeAlias

from msgspec import Meta

from initstudio.catalogue import Params


class Constant(Params, frozen=True, tag="constant", tag_field="key"):
    """The same learning rate throughout."""


class WarmUp(Params, frozen=True, tag="warm_up", tag_field="key"):
    """Rises from 0 in equal steps, then stays (Goyal et al. 2017, section 2.2)."""

    steps: Annotated[
        int,
        Meta(
            ge=1,
            le=1_000_000,
            title="Warm-up",
            description="Steps until the full learning rate is reached.",
            extra={"unit": "steps"},
        ),
    ] = 100


class Cosine(Params, frozen=True, tag="cosine", tag_field="key"):
    """Falls along half a cosine to the end of the run (Loshchilov and Hutter 2017, eq. 5)."""

    warm_up: Annotated[
        int,
        Meta(
            ge=0,
            le=1_000_000,
            title="Warm-up",
            description="Steps until the full learning rate is reached, before it falls.",
            extra={"unit": "steps"},
        ),
    ] = 0
    least: Annotated[
        float,
        Meta(ge=0, le=1, title="Least", description="Share of the learning rate that is left."),
    ] = 0.0


class StepDecay(Params, frozen=True, tag="step", tag_field="key"):
    """Falls by a factor every few epochs, `torch.optim.lr_scheduler.StepLR`."""

    epochs: Annotated[int, Meta(ge=1, le=1_000_000, title="Every", extra={"unit": "epochs"})] = 10
    factor: Annotated[
        float,
        Meta(ge=0, le=1, title="Factor", description="The learning rate is multiplied by it."),
    ] = 0.1


Schedule: TypeAlias = Constant | WarmUp | Cosine | StepDecay
SCHEDULES: dict[str, type[Schedule]] = {
    "Constant": Constant,
    "Warm-up": WarmUp,
    "Cosine": Cosine,
    "Step": StepDecay,
}


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
