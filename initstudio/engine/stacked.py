"""The parameters of all replicas in one vector, which one optimiser moves."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple, TypeAlias

import torch
from torch import nn
from torch.func import stack_module_state

from initstudio.engine.layout import length, padded, spread

Tensors = dict[str, torch.Tensor]
Output: TypeAlias = "torch.Tensor | tuple[torch.Tensor, ...]"


def first_of(output: Output) -> torch.Tensor:
    """Return what a module gives, and of several tensors (an LSTM, attention) the first."""
    return output if isinstance(output, torch.Tensor) else output[0]


class Step(NamedTuple):
    """What one batch gives, for all R replicas."""

    loss: torch.Tensor
    """[R]."""
    correct: torch.Tensor
    """[R], share of the batch that is classified rightly."""
    activations: tuple[torch.Tensor, ...]
    """The output of each layer that is watched, at its first use, [R, batch, ...]."""


class Stacked:
    """`parameters`, their `gradients` and `buffers` are [R, ...] each, updated in place.

    All parameters are views of one vector, `flat`, and their gradients of its `grad`, in which each
    replica's begin on a boundary (see `layout.py`): its bits do not depend on how many train.
    """

    def __init__(self, networks: Sequence[nn.Module]) -> None:
        parameters, buffers = stack_module_state(list(networks))
        shapes = {name: tuple(value.shape) for name, value in parameters.items()}
        sizes = [length(shape) for shape in shapes.values()]
        kind = next(iter(parameters.values())).dtype if parameters else torch.float32
        self.flat = torch.zeros(sum(sizes), dtype=kind)
        self.flat.grad = torch.zeros_like(self.flat)
        self.parameters: Tensors = {}
        self.gradients: Tensors = {}
        starts = accumulate(sizes, initial=0)
        for (name, shape), start in zip(shapes.items(), starts, strict=False):
            self.parameters[name] = spread(self.flat[start:], shape).copy_(
                parameters[name].detach()
            )
            self.gradients[name] = spread(self.flat.grad[start:], shape)
        self.buffers: Tensors = {
            name: padded(tuple(value.shape), value.dtype).copy_(value)
            for name, value in buffers.items()
        }

    def parameters_of(self, replica: int) -> Tensors:
        """Return a copy of the parameters of one replica."""
        return {name: value[replica].clone() for name, value in self.parameters.items()}
