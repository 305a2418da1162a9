"""Every replica of a network as one program: each step is a handful of batched operations.

`torch.func` turns the plain module into a function of all replicas' stacked weights; the step is
then recorded once for each batch shape, as a flat list of tensor operations without Python around
them (`recording.py`), which is what makes small networks fast.
"""

from collections.abc import Mapping
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from initstudio.engine.layout import aligned, length, spread
from initstudio.engine.objective import loss_of
from initstudio.engine.recording import Flat, record
from initstudio.experiment import Training

Tensors = dict[str, torch.Tensor]
Masks = Mapping[int, torch.Tensor]


class Step(NamedTuple):
    """What one batch gives, for all R replicas."""

    gradients: Tensors
    loss: torch.Tensor
    """[R]."""
    correct: torch.Tensor
    """[R], share of the batch that is classified rightly."""
    activations: tuple[torch.Tensor, ...]
    """The output of each layer, [R, batch, ...]."""


CHUNK = 256
"""Validation examples that are evaluated at once, so that memory does not grow with their number.

The same for any number of replicas, or a replica's bits would depend on it.
"""


class Program:
    """The stacked networks: `parameters` and `buffers` are [R, ...] each, updated in place.

    All parameters are views of one vector, `flat`, and their gradients of its `grad`, in which each
    replica's begin on a boundary (see `layout.py`): its bits do not depend on how many train.
    """

    def __init__(self, networks: list[nn.Sequential], training: Training) -> None:
        parameters, buffers = stack_module_state(networks)
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
        self.buffers: Tensors = {name: value.clone() for name, value in buffers.items()}
        self.network = networks[0]
        self._training = training
        self._steps: dict[int, Flat] = {}
        self._evaluations: dict[int, Flat] = {}

    def step(self, x: torch.Tensor, y: torch.Tensor, masks: Masks) -> Step:
        """Return loss and gradients of a batch: x [R, batch, ...], y [R, batch].

        `masks` [R, batch, ...] multiply the inputs of the dropout layers of these indices.
        Running statistics in `buffers` move on. The next call overwrites the tensors returned.
        """
        given = [aligned(x), y, *(aligned(mask) for mask in masks.values())]
        inputs = [*self.parameters.values(), *self.buffers.values(), *given]
        size = y.shape[1]
        if size not in self._steps:
            self._steps[size] = record(
                self._flat_step(tuple(masks)), inputs, [*self.gradients.values()]
            )
        found = self._steps[size](*inputs)
        loss, correct, *activations = found[len(self.parameters) :]
        return Step(self.gradients, loss, correct, tuple(activations))

    def evaluate(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean loss and accuracy [R], without dropout and by the running statistics."""
        loss = correct = torch.zeros(len(x), dtype=x.dtype)
        for some_x, some_y in zip(x.split(CHUNK, 1), y.split(CHUNK, 1), strict=True):
            state = [*self.parameters.values(), *self.buffers.values()]
            inputs = [*state, aligned(some_x), some_y.contiguous()]
            size = some_y.shape[1]
            if size not in self._evaluations:
                self._evaluations[size] = record(self._flat_evaluation, inputs, ())
            found = self._evaluations[size](*inputs)
            loss = loss + found[0] * (size / y.shape[1])
            correct = correct + found[1] * (size / y.shape[1])
        return loss, correct

    def _flat_step(self, dropped: tuple[int, ...]) -> Flat:
        """Return the step as a function of flat tensors; the gradients come first."""

        def flat(*inputs: torch.Tensor) -> list[torch.Tensor]:
            parameters, buffers, x, y, *masks = self._nested(inputs)
            found = vmap(grad_and_value(self._loss, has_aux=True))(
                parameters, buffers, x, y, dict(zip(dropped, masks, strict=True))
            )
            gradients, (loss, (correct, activations)) = found
            return [*(gradients[name] for name in parameters), loss, correct, *activations]

        return flat

    def _flat_evaluation(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        parameters, buffers, x, y = self._nested(inputs)
        self.network.eval()
        try:
            loss, (correct, _) = vmap(self._loss)(parameters, buffers, x, y, {})
        finally:
            self.network.train()
        return [loss, correct]

    def _nested(self, inputs: tuple[torch.Tensor, ...]) -> list[Any]:
        """Return the parameters and the buffers by their names, and the other inputs."""
        values = iter(inputs)
        parameters = {name: next(values) for name in self.parameters}
        buffers = {name: next(values) for name in self.buffers}
        return [parameters, buffers, *values]

    def _loss(
        self, parameters: Tensors, buffers: Tensors, x: torch.Tensor, y: torch.Tensor, masks: Masks
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, tuple[torch.Tensor, ...]]]:
        """Return the loss of one replica, its share of right answers and its activations."""
        activations = []
        for index, layer in enumerate(self.network):
            if isinstance(layer, nn.Dropout):
                x = x * masks[index] if index in masks else x
            else:
                state = _of_layer(index, parameters) | _of_layer(index, buffers)
                x = functional_call(layer, state, (x,))
            activations.append(x)
        correct = (x.argmax(-1) == y).to(x.dtype).mean()
        return loss_of(self._training, x, y), (correct, tuple(activations))


def _of_layer(index: int, tensors: Tensors) -> Tensors:
    head = f"{index}."
    return {name[len(head) :]: value for name, value in tensors.items() if name.startswith(head)}
