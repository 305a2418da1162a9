"""What networks gave in a step is let go of with them, also where the step was broken off."""

import gc
import weakref
from collections.abc import Callable, Iterator
from itertools import count

import pytest
import torch
from torch import nn

from initstudio.engine.one_by_one import OneByOne
from initstudio.engine.stacked import Single, Stacked
from initstudio.engine.study import Superseded

PATHS = ("0", "1", "2", "3")
TICKS = 2 * len(PATHS)
"""How often a whole step is heeded: at each watched layer, forward and backward."""


@pytest.fixture(autouse=True)
def _no_collector() -> Iterator[None]:
    """Keep the collector away: it goes by the number of objects, and these are few and large."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


class Kept:
    """Two networks and their program, and which of their outputs and parameters are still there."""

    def __init__(self, heed: Callable[[], object] | None = None, *, alone: bool = False) -> None:
        self.living: list[weakref.ref[torch.Tensor]] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            networks = [
                nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4), nn.Linear(4, 2))
                for _ in range(1 if alone else 2)
            ]
        for network in networks:
            self.living += [weakref.ref(one) for one in network.parameters()]
            for module in network:
                module.register_forward_hook(self._met)
        stacked = Single(networks[0], {}) if alone else Stacked(networks)
        noise = [torch.get_rng_state()]
        self.program: OneByOne | None = OneByOne(
            stacked, networks, "cross_entropy", PATHS, noise, heed=heed
        )
        count = len(networks)
        self.x, self.y = torch.ones(count, 5, 3), torch.zeros(count, 5, dtype=torch.int64)

    def _met(self, _module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        self.living.append(weakref.ref(output))

    def left(self) -> int:
        """Return how many are there after the program is dropped."""
        self.program = None
        return sum(one() is not None for one in self.living)


@pytest.mark.parametrize("alone", [False, True])
def test_a_step_is_let_go_of(alone: bool) -> None:
    kept = Kept(alone=alone)
    assert kept.program is not None
    for _ in range(2):
        kept.program.step(kept.x, kept.y)
    kept.program.evaluate(kept.x, kept.y)
    networks = 1 if alone else 2
    assert len(kept.living) == networks * (6 + 3 * len(PATHS))
    assert kept.left() == 0


@pytest.mark.parametrize("ticks", range(TICKS))
def test_a_step_that_is_broken_off_is_let_go_of(ticks: int) -> None:
    told = count()

    def end() -> None:
        if next(told) == ticks:
            raise Superseded

    kept = Kept(end, alone=True)
    assert kept.program is not None
    with pytest.raises(Superseded):
        kept.program.step(kept.x, kept.y)
    assert kept.left() == 0


def test_a_program_holds_no_outputs_between_steps() -> None:
    kept = Kept()
    assert kept.program is not None
    kept.program.step(kept.x, kept.y)
    outputs = kept.living[2 * 6 :]
    assert len(outputs) == 2 * len(PATHS)
    assert not any(one() is not None for one in outputs)


def test_a_step_after_one_that_was_broken_off_is_whole() -> None:
    endings = iter([False, True])  # the second layer of the first evaluation

    def end() -> None:
        if next(endings, False):
            raise Superseded

    kept, wanted = Kept(end, alone=True), Kept(alone=True)
    assert kept.program is not None
    assert wanted.program is not None
    with pytest.raises(Superseded):
        kept.program.evaluate(kept.x * 2, kept.y)
    found = kept.program.step(kept.x, kept.y)
    plain = wanted.program.step(wanted.x, wanted.y)
    assert plain.signals[0].any()
    for key in ("activations", "signals"):
        for one, other in zip(getattr(found, key), getattr(plain, key), strict=True):
            assert torch.equal(one, other)
