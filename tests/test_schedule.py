"""The learning rate's factors against torch's own schedulers and the papers' formulas."""

from math import cos, pi

import pytest
import torch
from torch.optim import lr_scheduler

from initstudio.schedule import Constant, Cosine, StepDecay, WarmUp, factor

STEPS, PER_EPOCH = 60, 4


def factors(schedule: Constant | WarmUp | Cosine | StepDecay) -> list[float]:
    return [factor(schedule, step, STEPS, PER_EPOCH) for step in range(STEPS)]


def by_torch(make: object, every: int = 1) -> list[float]:
    """Return the rates of a torch scheduler that steps after each `every` updates."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(optimizer)  # type: ignore[operator] # a scheduler's class, partly applied
    found = []
    for step in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        if (step + 1) % every == 0:
            scheduler.step()
    return found


def test_constant() -> None:
    assert factors(Constant()) == [1.0] * STEPS


def test_step_decay_is_torchs() -> None:
    wanted = by_torch(lambda o: lr_scheduler.StepLR(o, step_size=3, gamma=0.5), PER_EPOCH)
    assert factors(StepDecay(epochs=3, factor=0.5)) == pytest.approx(wanted)


def test_cosine_is_torchs() -> None:
    wanted = by_torch(lambda o: lr_scheduler.CosineAnnealingLR(o, T_max=STEPS, eta_min=0.1))
    assert factors(Cosine(least=0.1)) == pytest.approx(wanted)


def test_warm_up_rises_in_equal_steps() -> None:
    assert factors(WarmUp(steps=4))[:6] == [0.25, 0.5, 0.75, 1, 1, 1]
    risen = factors(Cosine(warm_up=4))
    assert risen[:5] == [0.25, 0.5, 0.75, 1, 1]
    assert risen[32] == pytest.approx((1 + cos(pi * 28 / 56)) / 2)


def test_a_warm_up_longer_than_the_run_only_rises() -> None:
    found = factors(Cosine(warm_up=100))
    assert found == sorted(found)
    assert found[-1] == 0.6
