"""Every replica of a network as one program: each step is a handful of batched operations.

`torch.func` turns the plain module into a function of all replicas' stacked weights; the step is
then recorded once for each batch shape, as a flat list of tensor operations without Python around
them (`recording.py`), which is what makes small networks fast.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn
from torch.func import functional_call, grad_and_value, vmap
from torch.nn.attention import SDPBackend, sdpa_kernel

from initstudio.engine.device import is_elsewhere
from initstudio.engine.layout import aligned
from initstudio.engine.objective import loss_of, losses_of, share_right
from initstudio.engine.recording import Flat, record
from initstudio.engine.stacked import (
    Output,
    Scores,
    Stacked,
    Step,
    Tensors,
    first_of,
    parts_of,
)
from initstudio.engine.template import MASK, BatchNorm, template_of

Masks = Mapping[str, torch.Tensor]
CHUNK = 256
"""Validation examples that are evaluated at once, so that memory does not grow with their number.

The same for any number of replicas, or a replica's bits would depend on it.
"""
MOVING = ("running_mean", "running_var")
COUNT = "num_batches_tracked"


class Program:
    """The stacked networks as one function of a batch.

    `watched` names the modules whose outputs a step gives, `loss` the loss.
    """

    def __init__(
        self, stacked: Stacked, network: nn.Module, loss: str, watched: Sequence[str]
    ) -> None:
        self._stacked = stacked
        self._loss_name = loss
        self._watched = watched
        self._template = template_of(network)
        self._outputs: Tensors = {}
        self._signals: Tensors = {}
        for path in watched:
            module = self._template.get_submodule(path)
            module.register_forward_hook(partial(self._note, path), prepend=True)
        known = {name for name, _ in self._template.named_buffers()}
        self._buffers = {name: one for name, one in stacked.buffers.items() if name in known}
        self._multipliers = stacked.multipliers
        self._replicas = len(next(iter(stacked.parameters.values()), stacked.flat[None]))
        self._moving = [
            stacked.buffers[f"{path}.{name}" if path else name]
            for path, module in self._template.named_modules()
            if isinstance(module, BatchNorm)
            for name in MOVING
        ]
        self._keeps = not is_elsewhere(stacked.flat.device)
        self._steps: dict[int, Flat] = {}
        self._evaluations: dict[tuple[int, bool], Flat] = {}
        self._predictions: dict[tuple[int, ...], Flat] = {}
        self._losses: dict[tuple[int, int], Flat] = {}
        self._batches = 0

    def buffers(self, replica: int) -> Tensors:
        """Return a copy of the buffers of one replica."""
        found = {name: value[replica].clone() for name, value in self._stacked.buffers.items()}
        for name, value in found.items():
            if name.endswith(COUNT):
                value.fill_(self._batches)
        return found

    def step(self, x: torch.Tensor, y: torch.Tensor, masks: Masks) -> Step:
        """Return what a batch gives: x [R, batch, ...], y [R, batch, ...]; gradients are set.

        `masks` [R, batch, ...] multiply the inputs of the dropout layers of these names.
        Running statistics move on. The next call overwrites the tensors returned.
        """
        self._batches += 1
        given = [aligned(x), y, *(aligned(mask) for mask in masks.values())]
        inputs = [*self._state(), *given]
        size = y.shape[1]
        if size not in self._steps:
            into = [*self._stacked.gradients.values(), *self._moving]
            step = self._flat_step(tuple(masks))
            self._steps[size] = record(step, inputs, into, keeps=self._keeps)
        found = self._steps[size](*inputs)
        first = len(self._stacked.parameters) + len(self._moving)
        loss, correct, *rest = found[first:]
        count = len(self._watched)
        return Step(loss, correct, tuple(rest[:count]), tuple(rest[count:]))

    def evaluate(self, x: torch.Tensor, y: torch.Tensor, *, each: bool = False) -> Scores:
        """Return mean loss and accuracy, without dropout and by the running statistics.

        With `each`, the class and the loss that each example is given come with them.
        """
        loss = correct = self._stacked.flat.new_zeros(len(x))
        judged: list[list[torch.Tensor]] = []
        for some_x, some_y in zip(x.split(CHUNK, 1), y.split(CHUNK, 1), strict=True):
            inputs = [*self._state(), aligned(some_x), some_y.contiguous()]
            size = some_y.shape[1]
            if (size, each) not in self._evaluations:
                wanted = partial(self._flat_evaluation, each)
                evaluation = record(wanted, inputs, (), keeps=self._keeps)
                self._evaluations[size, each] = evaluation
            found = self._evaluations[size, each](*inputs)
            loss = loss + found[0] * (size / y.shape[1])
            correct = correct + found[1] * (size / y.shape[1])
            judged.append([one.clone() for one in found[2:]])  # the next chunk overwrites them
        rest = [torch.cat(parts, 1) for parts in zip(*judged, strict=True)]
        return Scores(loss, correct, *rest)

    def predict(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs [R, n, ...] for inputs [n, ...], evaluated as in `evaluate`."""
        found = []
        for some in parts_of(x):
            inputs = [*self._state(), aligned(some.expand(self._replicas, *some.shape))]
            shape = tuple(some.shape)
            if shape not in self._predictions:
                prediction = record(self._flat_prediction, inputs, (), keeps=self._keeps)
                self._predictions[shape] = prediction
            found.append(self._predictions[shape](*inputs)[0].clone())
        return torch.cat(found, dim=1)

    def losses(self, points: Sequence[Tensors], x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        """Return the mean losses [points, R] on a batch by other parameters, [R, ...] each by name.

        As in training, by the batch's statistics, but without dropout. Nothing moves.
        """
        count = len(points)
        parameters = [torch.cat([one[name] for one in points]) for name in self._stacked.parameters]
        rest = [*self._buffers.values(), *self._multipliers.values(), x, y]
        inputs = [*parameters, *(torch.cat([one] * count) for one in rest)]
        place = (count, y.shape[1])
        if place not in self._losses:
            # seldom asked: memory of its own would lie idle
            self._losses[place] = record(self._flat_losses, inputs, (), keeps=False)
        return self._losses[place](*inputs)[0].view(count, -1)

    def _flat_step(self, dropped: tuple[str, ...]) -> Flat:
        """Return the step as a function of flat tensors; gradients and moved buffers come first."""

        def one(*state: Any) -> Any:  # noqa: ANN401 - as torch nests them
            self._signals.clear()
            found = grad_and_value(self._loss, has_aux=True)(*state)
            return found, [self._signal(path) for path in self._watched]

        def flat(*inputs: torch.Tensor) -> list[torch.Tensor]:
            try:
                found, signals = vmap(one)(*self._nested(inputs, dropped))
            finally:
                self._forget()
            gradients, (loss, (correct, moved, activations)) = found
            ordered = [gradients[name] for name in self._stacked.parameters]
            return [*ordered, *moved, loss, correct, *activations, *signals]

        return flat

    def _flat_evaluation(self, each: bool, *inputs: torch.Tensor) -> list[torch.Tensor]:  # noqa: FBT001 - bound by `partial`
        with self._evaluating():
            found: list[torch.Tensor] = vmap(partial(self._scores, each))(*self._nested(inputs, ()))
        return found

    def _flat_losses(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        try:
            loss, _ = vmap(self._loss)(*self._nested(inputs, ()))
        finally:
            self._forget()
        return [loss]

    def _flat_prediction(self, *inputs: torch.Tensor) -> list[torch.Tensor]:
        values = iter(inputs)
        with self._evaluating():
            given: list[Any] = [*self._named(values), next(values), {}]
            return [vmap(self._answers)(*given)]

    @contextmanager
    def _evaluating(self) -> Iterator[None]:
        """Have the template without dropout and by its running statistics."""
        fast = torch.backends.mha.get_fastpath_enabled()
        torch.backends.mha.set_fastpath_enabled(False)  # vmap has no rule for its fused kernel
        self._template.eval()
        try:
            yield
        finally:
            self._template.train()
            self._forget()
            torch.backends.mha.set_fastpath_enabled(fast)

    def _state(self) -> list[torch.Tensor]:
        state = (self._stacked.parameters, self._buffers, self._multipliers)
        return [tensor for tensors in state for tensor in tensors.values()]

    def _nested(self, inputs: tuple[torch.Tensor, ...], dropped: tuple[str, ...]) -> list[Any]:
        """Return what `_loss` takes: all by their names, but for the batch."""
        values = iter(inputs)
        state, x, y = self._named(values), next(values), next(values)
        return [*state, x, y, dict(zip(dropped, values, strict=True))]

    def _named(self, values: Iterator[torch.Tensor]) -> list[Tensors]:
        """Return parameters, buffers and multipliers by their names, as `_state` orders them."""
        kinds = (self._stacked.parameters, self._buffers, self._multipliers)
        return [{name: next(values) for name in kind} for kind in kinds]

    def _loss(  # noqa: PLR0913, PLR0917 - vmap maps over each
        self,
        parameters: Tensors,
        buffers: Tensors,
        multipliers: Tensors,
        x: torch.Tensor,
        y: torch.Tensor,
        masks: Masks,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, list[torch.Tensor], list[torch.Tensor]]]:
        """Return one replica's loss, share of right answers, moved buffers and activations."""
        outputs = self._answers(parameters, buffers, multipliers, x, masks)
        activations = [self._outputs[path] for path in self._watched]
        loss = loss_of(self._loss_name, outputs, y)
        return loss, (share_right(outputs, y), self._moved(), activations)

    def _scores(self, each: bool, *state: Any) -> list[torch.Tensor]:  # noqa: ANN401, FBT001 - as `_nested` orders them
        """Return one replica's loss and share of right answers; of each example, if asked for."""
        parameters, buffers, multipliers, x, y, masks = state
        outputs = self._answers(parameters, buffers, multipliers, x, masks)
        found = [loss_of(self._loss_name, outputs, y), share_right(outputs, y)]
        if each:
            found += [outputs.argmax(-1), losses_of(self._loss_name, outputs, y)]
        return found

    def _answers(
        self,
        parameters: Tensors,
        buffers: Tensors,
        multipliers: Tensors,
        x: torch.Tensor,
        masks: Masks,
    ) -> torch.Tensor:
        """Return one replica's outputs, and note those of its layers."""
        state = {**parameters, **buffers}
        state |= {name: parameters[name] * by for name, by in multipliers.items()}
        state |= {f"{path}.{MASK}": mask for path, mask in masks.items()}
        self._outputs.clear()
        with sdpa_kernel(SDPBackend.MATH):  # vmap has no rule for the fused kernels
            outputs: torch.Tensor = functional_call(self._template, state, (x,))
        return outputs

    def _moved(self) -> list[torch.Tensor]:
        """Return the new running statistics; none while they are but used."""
        if not self._template.training:
            return []
        return [
            module.moved[name]
            for module in self._template.modules()
            if isinstance(module, BatchNorm)
            for name in MOVING
        ]

    def _note(self, path: str, _module: nn.Module, _inputs: object, output: Output) -> None:
        first = first_of(output)
        if path not in self._outputs:
            self._outputs[path] = first
            if first.requires_grad:
                first.register_hook(partial(self._signals.__setitem__, path))

    def _forget(self) -> None:
        """Let go of what was noted: signals lead back to outputs, and their hooks to signals.

        That ring goes through autograd, where Python's collector cannot see it.
        """
        self._outputs.clear()
        self._signals.clear()

    def _signal(self, path: str) -> torch.Tensor:
        """Return the gradient by an output that was noted; zeros where the loss has none."""
        signal = self._signals.get(path)
        if signal is None:
            return torch.zeros_like(_plain(self._outputs[path]))
        return _plain(signal)


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """Return what a tensor holds that `torch.func.grad` has followed, once that is over."""
    functions = torch._C._functorch  # noqa: SLF001 - it has no public name
    while functions.is_gradtrackingtensor(tensor):
        tensor = functions.get_unwrapped(tensor)
    return tensor
