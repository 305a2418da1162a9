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

from initstudio.engine.objective import loss_of
from initstudio.engine.recording import Recorded, record
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


ALIGNED = 16
"""Values to which each tensor in `Program.flat` is padded; a whole number of vector registers."""


class Program:
    """The stacked networks: `parameters` and `buffers` are [R, ...] each, updated in place.

    All parameters are views of one padded vector, `flat`, and their gradients of its `grad`. The
    optimiser's kernels round the values left over at a tensor's end differently (they lack the
    fused multiply-add of the vector registers); padding sees that no replica is among them, so
    that its bits do not depend on how many others train beside it.
    """

    def __init__(self, networks: list[nn.Sequential], training: Training) -> None:
        parameters, buffers = stack_module_state(networks)
        sizes = [-(-value.numel() // ALIGNED) * ALIGNED for value in parameters.values()]
        kind = next(iter(parameters.values())).dtype if parameters else torch.float32
        self.flat = torch.zeros(sum(sizes), dtype=kind)
        self.flat.grad = torch.zeros_like(self.flat)
        self.parameters: Tensors = {}
        self._gradients_of: list[torch.Tensor] = []
        starts = accumulate(sizes, initial=0)
        for (name, value), start in zip(parameters.items(), starts, strict=False):
            part = slice(start, start + value.numel())
            self.parameters[name] = self.flat[part].view(value.shape).copy_(value.detach())
            self._gradients_of.append(self.flat.grad[part].view(value.shape))
        self.buffers: Tensors = {name: value.clone() for name, value in buffers.items()}
        self.network = networks[0]
        self._training = training
        self._recorded: dict[tuple[int, ...], Recorded] = {}

    def step(self, x: torch.Tensor, y: torch.Tensor, masks: Masks) -> Step:
        """Return loss and gradients of a batch: x [R, batch, ...], y [R, batch].

        `masks` [R, batch, ...] multiply the inputs of the dropout layers of these indices.
        Running statistics in `buffers` move on.
        """
        inputs = (self.parameters, self.buffers, x, y, dict(masks))
        shape = tuple(x.shape)
        if shape not in self._recorded:
            self._recorded[shape] = record(vmap(self._gradients), inputs)
        gradients, (loss, (correct, activations)) = self._recorded[shape](inputs)
        return Step(gradients, loss, correct, tuple(activations))

    def take_gradients(self, gradients: Tensors) -> None:
        """Make these the gradients by which the optimiser moves `flat`."""
        torch._foreach_copy_(self._gradients_of, [gradients[name] for name in self.parameters])

    def evaluate(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean loss and accuracy [R], without dropout and by the running statistics."""
        self.network.eval()
        try:
            with torch.no_grad():
                loss, (correct, _) = vmap(self._loss)(self.parameters, self.buffers, x, y, {})
        finally:
            self.network.train()
        return loss, correct

    def _gradients(
        self, parameters: Tensors, buffers: Tensors, x: torch.Tensor, y: torch.Tensor, masks: Masks
    ) -> Any:  # noqa: ANN401 - the nested outputs of one replica
        return grad_and_value(self._loss, has_aux=True)(parameters, buffers, x, y, masks)

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
