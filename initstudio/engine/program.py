"""Every replica of a network as one program: each step is a handful of batched operations.

`torch.func` turns the plain module into a function of all replicas' stacked weights; the step is
then recorded once for each batch shape, as a flat list of tensor operations without Python around
them (`recording.py`), which is what makes small networks fast.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import accumulate
from typing import Any, NamedTuple

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, stack_module_state, vmap

from initstudio.engine.layout import aligned, length, padded, spread
from initstudio.engine.objective import loss_of
from initstudio.engine.recording import Flat, record
from initstudio.engine.template import MASK, BatchNorm, template_of
from initstudio.experiment import Training

Tensors = dict[str, torch.Tensor]
Masks = Mapping[str, torch.Tensor]


class Step(NamedTuple):
    """What one batch gives, for all R replicas."""

    gradients: Tensors
    loss: torch.Tensor
    """[R]."""
    correct: torch.Tensor
    """[R], share of the batch that is classified rightly."""
    activations: tuple[torch.Tensor, ...]
    """The output of each layer that is watched, [R, batch, ...]."""


CHUNK = 256
"""Validation examples that are evaluated at once, so that memory does not grow with their number.

The same for any number of replicas, or a replica's bits would depend on it.
"""


class Program:
    """The stacked networks: `parameters` and `buffers` are [R, ...] each, updated in place.

    All parameters are views of one vector, `flat`, and their gradients of its `grad`, in which each
    replica's begin on a boundary (see `layout.py`): its bits do not depend on how many train.
    `watched` names the modules whose outputs a step gives.
    """

    def __init__(
        self, networks: list[nn.Sequential], training: Training, watched: Sequence[str]
    ) -> None:
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
        self._template = template_of(networks[0])
        known = {name for name, _ in self._template.named_buffers()}
        self.buffers: Tensors = {
            name: padded(tuple(value.shape), value.dtype).copy_(value)
            for name, value in buffers.items()
            if name in known
        }
        self._moving = [
            f"{path}.{name}"
            for path, module in self._template.named_modules()
            if isinstance(module, BatchNorm)
            for name in ("running_mean", "running_var")
        ]
        self._outputs: Tensors = {}
        self._watched = watched
        for path in watched:
            module = self._template.get_submodule(path)
            module.register_forward_hook(partial(self._note, path))
        self._training = training
        self._steps: dict[int, Flat] = {}
        self._evaluations: dict[int, Flat] = {}

    def step(self, x: torch.Tensor, y: torch.Tensor, masks: Masks) -> Step:
        """Return loss and gradients of a batch: x [R, batch, ...], y [R, batch].

        `masks` [R, batch, ...] multiply the inputs of the dropout layers of these names.
        Running statistics in `buffers` move on. The next call overwrites the tensors returned.
        """
        given = [aligned(x), y, *(aligned(mask) for mask in masks.values())]
        inputs = [*self.parameters.values(), *self.buffers.values(), *given]
        size = y.shape[1]
        if size not in self._steps:
            into = [*self.gradients.values(), *(self.buffers[name] for name in self._moving)]
            self._steps[size] = record(self._flat_step(tuple(masks)), inputs, into)
        found = self._steps[size](*inputs)
        loss, correct, *activations = found[len(self.parameters) + len(self._moving) :]
        return Step(self.gradients, loss, correct, tuple(activations))

    def evaluate(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean loss and accuracy [R], without dropout and by the running statistics."""
        loss = correct = torch.zeros(len(x), dtype=self.flat.dtype)
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

    def _flat_step(self, dropped: tuple[str, ...]) -> Flat:
        """Return the step as a function of flat tensors; gradients and moved buffers come first."""

        def flat(*inputs: torch.Tensor) -> list[torch.Tensor]:
            parameters, buffers, x, y, *masks = self._nested(inputs)
            found = vmap(grad_and_value(self._loss, has_aux=True))(
                parameters, buffers, x, y, dict(zip(dropped, masks, strict=True))
            )
            gradients, (loss, (correct, moved, activations)) = found
            ordered = [gradients[name] for name in parameters]
            return [*ordered, *moved, loss, correct, *activations]

        return flat

    def _flat_evaluation(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        parameters, buffers, x, y = self._nested(inputs)
        self._template.eval()
        try:
            loss, (correct, _, _) = vmap(self._loss)(parameters, buffers, x, y, {})
        finally:
            self._template.train()
        return [loss, correct]

    def _nested(self, inputs: tuple[torch.Tensor, ...]) -> list[Any]:
        """Return the parameters and the buffers by their names, and the other inputs."""
        values = iter(inputs)
        parameters = {name: next(values) for name in self.parameters}
        buffers = {name: next(values) for name in self.buffers}
        return [parameters, buffers, *values]

    def _loss(
        self, parameters: Tensors, buffers: Tensors, x: torch.Tensor, y: torch.Tensor, masks: Masks
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, list[torch.Tensor], list[torch.Tensor]]]:
        """Return one replica's loss, share of right answers, moved buffers and activations."""
        state = {**parameters, **buffers}
        state |= {f"{path}.{MASK}": mask for path, mask in masks.items()}
        self._outputs.clear()
        outputs = functional_call(self._template, state, (x,))
        activations = [self._outputs[path] for path in self._watched]
        correct = (outputs.argmax(-1) == y).to(outputs.dtype).mean()
        return loss_of(self._training, outputs, y), (correct, self._moved(), activations)

    def _moved(self) -> list[torch.Tensor]:
        """Return the new running statistics; none while they are but used."""
        if not self._template.training:
            return []
        return [
            module.moved[name]
            for module in self._template.modules()
            if isinstance(module, BatchNorm)
            for name in ("running_mean", "running_var")
        ]

    def _note(self, path: str, _module: nn.Module, _inputs: object, output: torch.Tensor) -> None:
        self._outputs[path] = output
