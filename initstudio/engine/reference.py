"""One network trained alone, in the loop that the article writes: the oracle of `train`."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional

from initstudio.engine.data import batches, prepare
from initstudio.engine.initialize import initialize
from initstudio.engine.optimizers import optimizer_of
from initstudio.engine.plan import plan
from initstudio.engine.train import dropout_generator
from initstudio.experiment import Experiment


@dataclass(frozen=True, kw_only=True)
class PlainStep:
    """One step of the plain loop, before its update; `network` has its gradients."""

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
    x, y = torch.from_numpy(data.train_x).to(dtype), torch.from_numpy(data.train_y)
    held_x = torch.from_numpy(data.validation_x).to(dtype)
    held_y = torch.from_numpy(data.validation_y)
    criterion = {"cross_entropy": _cross_entropy, "mse": _mse}[training.loss]
    optimizer = optimizer_of(training, network.parameters())
    noise = dropout_generator(seed).get_state()
    step = 0
    for epoch in range(training.epochs):
        for number, index in enumerate(batches(seed, len(x), training.batch_size, epoch)):
            validation = None
            if number == 0 and len(held_y):
                network.eval()
                with torch.no_grad():
                    outputs = network(held_x)
                right = (outputs.argmax(1) == held_y).double().mean().item()
                validation = (criterion(outputs, held_y).item(), right)
                network.train()
            inputs, targets = x[index], y[index]
            optimizer.zero_grad()
            with torch.random.fork_rng(devices=[]):
                torch.set_rng_state(noise)
                activations = _each_output(network, inputs)
                noise = torch.get_rng_state()
            outputs = activations[-1]
            loss = criterion(outputs, targets)
            loss.backward()
            yield PlainStep(
                step=step,
                loss=loss.item(),
                correct=(outputs.argmax(1) == targets).double().mean().item(),
                network=network,
                activations=activations,
                validation=validation,
            )
            if training.clip_norm:
                nn.utils.clip_grad_norm_(network.parameters(), training.clip_norm)
            optimizer.step()
            step += 1


def _each_output(network: nn.Sequential, inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
    outputs = []
    for layer in network:
        inputs = layer(inputs)
        outputs.append(inputs)
    return tuple(outputs)


def _cross_entropy(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.cross_entropy(outputs, targets)


def _mse(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    return functional.mse_loss(outputs, functional.one_hot(targets, outputs.shape[1]).to(outputs))
