"""One network trained alone, in the loop that the article writes: the oracle of `train`."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import Any

import numpy.typing as npt
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional

from initstudio.engine.data import batches, prepare
from initstudio.engine.initialize import initialize
from initstudio.engine.multiplied import multiplied
from initstudio.engine.optimizers import optimizer_of
from initstudio.engine.plan import plan
from initstudio.engine.stacked import Output, first_of
from initstudio.engine.train import dropout_generator
from initstudio.experiment import Experiment
from initstudio.schedule import factor


@dataclass(frozen=True, kw_only=True)
class PlainStep:
    """One step of the plain loop, before its update; `network` has its gradients.

    Of tensors with a multiplier it has what is trained, and the gradients by that.
    """

    step: int
    loss: float
    correct: float
    network: nn.Sequential
    activations: tuple[torch.Tensor, ...]
    validation: tuple[float, float] | None


def train_one(
    experiment: Experiment, contender: int, seed: int, *, dtype: torch.dtype = torch.float32
) -> Iterator[PlainStep]:
    """Yield each step of one contender under one seed; validated at the start of each epoch."""
    resolved = plan(experiment)
    training = experiment.training
    network = initialize(resolved, contender, seed).to(dtype)
    data = prepare(resolved, seed)
    x, y = _tensor(data.train_x, dtype), _tensor(data.train_y, dtype)
    held_x, held_y = _tensor(data.validation_x, dtype), _tensor(data.validation_y, dtype)
    criterion = CRITERIA[training.loss]
    optimizer = optimizer_of(training, network.parameters())
    watched = [layer.module for layer in resolved.watched]
    seen: dict[str, torch.Tensor] = {}
    for name in watched:
        network.get_submodule(name).register_forward_hook(partial(_note, seen, name), prepend=True)
    multipliers = resolved.multipliers[contender]
    header = resolved.header
    noise = dropout_generator(seed).get_state()
    step = 0
    for epoch in range(training.epochs):
        for number, index in enumerate(batches(seed, len(x), training.batch_size, epoch)):
            validation = None
            if number == 0 and len(held_y):
                network.eval()
                with torch.no_grad():
                    outputs = _outputs(network, multipliers, held_x)
                validation = (criterion(outputs, held_y).item(), _right(outputs, held_y))
                network.train()
            inputs, targets = x[index], y[index]
            optimizer.zero_grad()
            seen.clear()
            with torch.random.fork_rng(devices=[]):
                torch.set_rng_state(noise)
                outputs = _outputs(network, multipliers, inputs)
                noise = torch.get_rng_state()
            loss = criterion(outputs, targets)
            loss.backward()
            yield PlainStep(
                step=step,
                loss=loss.item(),
                correct=_right(outputs, targets),
                network=network,
                activations=tuple(seen[name] for name in watched),
                validation=validation,
            )
            if training.clip_norm:
                nn.utils.clip_grad_norm_(network.parameters(), training.clip_norm)
            by = factor(training.schedule, step, header.steps, header.steps_per_epoch)
            optimizer.param_groups[0]["lr"] = training.learning_rate * by
            optimizer.step()
            step += 1


def _outputs(
    network: nn.Sequential, multipliers: Mapping[str, float], x: torch.Tensor
) -> torch.Tensor:
    outputs: torch.Tensor = functional_call(network, multiplied(network, multipliers), (x,))
    return outputs


def _note(
    seen: dict[str, torch.Tensor], name: str, _module: object, _inputs: object, output: Output
) -> None:
    seen.setdefault(name, first_of(output))


def _tensor(values: npt.NDArray[Any], dtype: torch.dtype) -> torch.Tensor:
    tensor = torch.from_numpy(values)
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def _right(outputs: torch.Tensor, targets: torch.Tensor) -> float:
    if targets.is_floating_point():
        return nan
    return float((outputs.argmax(-1) == targets).double().mean())


def _cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(outputs.flatten(0, -2), targets.flatten())


def _mse(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(outputs, _wanted(outputs, targets))


def _huber(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.huber_loss(outputs, _wanted(outputs, targets))


def _bce(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.binary_cross_entropy_with_logits(outputs, _wanted(outputs, targets))


def _wanted(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    if targets.is_floating_point():
        return targets
    return functional.one_hot(targets, outputs.shape[-1]).to(outputs)


CRITERIA = {"cross_entropy": _cross_entropy, "mse": _mse, "huber": _huber, "bce": _bce}
