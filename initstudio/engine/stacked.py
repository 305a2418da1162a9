"""The parameters of all replicas in one vector, which one optimiser moves."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import ceil
from typing import NamedTuple, TypeAlias

import torch
from torch import nn
from torch.func import stack_module_state

from initstudio.engine.layout import length, padded, spread

Tensors = dict[str, torch.Tensor]
Output: TypeAlias = "torch.Tensor | tuple[torch.Tensor, ...]"
ASKED = 512
"""Inputs that are given to the networks at once, at most, when they are asked for their outputs."""


def parts_of(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """Return inputs [n, ...] in parts of at most ASKED, as even as can be."""
    return x.chunk(ceil(len(x) / ASKED)) if len(x) else (x,)


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
    signals: tuple[torch.Tensor, ...]
    """The gradient of each replica's loss by that output, in the same shapes."""


class Scores(NamedTuple):
    """What the validation part gives, for all R replicas; of each example only where asked for."""

    loss: torch.Tensor
    """[R], mean over all examples."""
    correct: torch.Tensor
    """[R], share that is classified rightly."""
    predicted: torch.Tensor | None = None
    """int64 [R, examples, *positions], the class of the greatest output."""
    losses: torch.Tensor | None = None
    """[R, examples]."""


class Stacked:
    """`parameters`, their `gradients` and `buffers` are [R, ...] each, updated in place.

    `multipliers` [R] are what the networks multiply parameters by wherever they use them: by name,
    of those of which a replica has another than 1. The gradients are those of the parameters.

    All parameters are views of one vector, `flat`, and their gradients of its `grad`, in which each
    replica's begin on a boundary (see `layout.py`): its bits do not depend on how many train.
    """

    def __init__(
        self, networks: Sequence[nn.Module], multipliers: Sequence[Mapping[str, float]] = ()
    ) -> None:
        parameters, buffers = stack_module_state(list(networks))
        shapes = {name: tuple(value.shape) for name, value in parameters.items()}
        sizes = [length(shape) for shape in shapes.values()]
        first = next(iter(parameters.values()), torch.zeros(()))
        self.flat = torch.zeros(sum(sizes), dtype=first.dtype, device=first.device)
        self.flat.grad = torch.zeros_like(self.flat)
        self.parameters: Tensors = {}
        self.gradients: Tensors = {}
        starts = accumulate(sizes, initial=0)
        self._places = dict(zip(shapes, zip(starts, shapes.values(), strict=False), strict=True))
        for name in shapes:
            self.parameters[name] = self._in(self.flat, name).copy_(parameters[name].detach())
            self.gradients[name] = self._in(self.flat.grad, name)
        self.buffers: Tensors = {
            name: padded(value).copy_(value) for name, value in buffers.items()
        }
        self.multipliers: Tensors = {
            name: self.flat.new_tensor([one.get(name, 1.0) for one in multipliers])
            for name in shapes
            if any(name in one for one in multipliers)
        }

    @property
    def device(self) -> torch.device:
        """Return where the parameters lie."""
        return self.flat.device

    def copy(self) -> torch.Tensor | None:
        """Return the parameters as they are now, for `effective` to tell later."""
        return self.flat.detach().clone()

    def lend(self, networks: Sequence[nn.Module]) -> None:
        """Make each replica's rows the parameters of its network, and their gradients."""
        for replica, network in enumerate(networks):
            for name, parameter in network.named_parameters():
                parameter.data = self.parameters[name][replica]
                parameter.grad = self.gradients[name][replica]

    def effective(
        self, names: Sequence[str], flat: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, ...]:
        """Return these parameters as the networks compute with them, [R, ...] each.

        `flat` is an earlier copy of the vector of that name, if they are meant as they were then.
        """
        tensors = self.parameters
        if flat is not None:
            tensors = {name: self._in(flat, name) for name in names}
        if not self.multipliers:
            return tuple(tensors[name] for name in names)
        return tuple(self._scaled(tensors, name, 1) for name in names)

    def effective_gradients(self, names: Sequence[str]) -> tuple[torch.Tensor, ...]:
        """Return the gradients by what the networks compute with, [R, ...] each."""
        if not self.multipliers:
            return tuple(self.gradients[name] for name in names)
        return tuple(self._scaled(self.gradients, name, -1) for name in names)

    def effective_of(self, replica: int) -> Tensors:
        """Return a copy of the parameters of one replica, as it computes with them."""
        found = {name: value[replica].clone() for name, value in self.parameters.items()}
        for name, by in self.multipliers.items():
            found[name] *= by[replica]
        return found

    def at(self, flat: torch.Tensor) -> Tensors:
        """Return the parameters that lie in another vector like `flat`, by name, [R, ...] each."""
        return {name: self._in(flat, name) for name in self.parameters}

    def _in(self, flat: torch.Tensor, name: str) -> torch.Tensor:
        """Return a parameter's view [R, ...] of a vector of all."""
        start, shape = self._places[name]
        return spread(flat[start:], shape)

    def _scaled(self, tensors: Tensors, name: str, power: int) -> torch.Tensor:
        """Return one of the tensors times its multipliers, or over them."""
        one, by = tensors[name], self.multipliers.get(name)
        if by is None:
            return one
        return one * (by**power).view(-1, *[1] * (one.dim() - 1))


class Single(Stacked):
    """One network as it is, to be looked at once, before any update: nothing is copied."""

    def __init__(self, network: nn.Module, multipliers: Mapping[str, float]) -> None:
        self.parameters = {name: one.detach()[None] for name, one in network.named_parameters()}
        self.gradients = {name: torch.zeros_like(one) for name, one in self.parameters.items()}
        self.flat = next(iter(self.parameters.values()), torch.zeros(()))
        self.multipliers = {
            name: self.flat.new_tensor([multipliers[name]])
            for name in self.parameters
            if name in multipliers
        }

    def copy(self) -> None:
        """Return that the parameters are what they were."""
        return

    def lend(self, networks: Sequence[nn.Module]) -> None:
        """Leave the network as it is, but for its gradients."""
        for network in networks:
            for name, parameter in network.named_parameters():
                # those that torch would make lie in another order, which is slow to read
                parameter.grad = self.gradients[name][0]
