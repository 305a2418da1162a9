"""What layers gave while a program was recorded is let go of with the recording."""

import gc
import weakref

import pytest
import torch
from torch import nn

from initstudio.engine.program import Program
from initstudio.engine.stacked import Stacked

PATHS = ("0", "1", "2")


def network_of_three() -> nn.Sequential:
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


@pytest.mark.parametrize("evaluated", [False, True])
def test_a_program_holds_no_outputs_once_it_is_recorded(evaluated: bool) -> None:
    living: list[weakref.ref[torch.Tensor]] = []

    def met(_module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        living.append(weakref.ref(output))

    networks = [network_of_three(), network_of_three()]
    for module in networks[0]:
        module.register_forward_hook(met)  # the template is a copy of it, hooks and all
    program = Program(Stacked(networks), networks[0], "cross_entropy", PATHS)
    x, y = torch.ones(2, 5, 3), torch.zeros(2, 5, dtype=torch.int64)
    for _ in range(2):
        if evaluated:
            program.evaluate(x, y)
        else:
            program.step(x, y, {})
    assert len(living) == len(PATHS)  # it is recorded once
    gc.collect()
    assert sum(one() is not None for one in living) == 0
