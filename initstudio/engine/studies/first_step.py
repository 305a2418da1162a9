"""The first step: the loss before it, how far it goes, how noisy its gradient is, its curvature."""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from functools import partial
from math import log, nan

import numpy as np
import torch
from torch import nn

from initstudio.catalogue import NoParams
from initstudio.engine.curvature import Landscape, largest_eigenvalue, stable_rate
from initstudio.engine.diagnosis import tell_rates
from initstudio.engine.initialize import initialize
from initstudio.engine.memory import refuse_if_too_large
from initstudio.engine.one_by_one import OneByOne
from initstudio.engine.optimizers import optimizer_of
from initstudio.engine.plan import Plan
from initstudio.engine.stacked import Stacked
from initstudio.engine.study import Heed, Study
from initstudio.engine.train import clip_factors, dropout_generator
from initstudio.engine.xray import FirstBatch, first_batch
from initstudio.experiment import OPTIMIZERS, SGD
from initstudio.results import Results
from initstudio.schedule import factor


def _begin(plan: Plan, _params: NoParams, heed: Heed) -> Iterator[Results | None]:
    refuse_if_too_large(plan)
    study = _FirstSteps(plan)
    seeds = plan.experiment.seeds.each()
    batches = [first_batch(plan, seed) for seed in seeds]
    replicas = plan.experiment.replicas
    for row in range(replicas):
        at, number = divmod(row, len(seeds))
        yield from study.examine(row, at, seeds[number], batches[number], heed)
        if number == len(seeds) - 1:
            study.sum_up(at)
        yield study.results((row + 1) / replicas)


@dataclass(frozen=True)
class _Update:
    """What the first update of one network does."""

    loss: float
    ratios: list[float]


class _FirstSteps:
    """The values and notes of the networks that have been examined."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._weights = [
            f"{layer.module}.{tensor.name}"
            for layer in plan.layers
            for tensor in layer.tensors
            if tensor.role == "weight"
        ]
        training, facts = plan.experiment.training, plan.facts
        certain = facts.task == "classes" and training.loss == "cross_entropy"
        replicas = plan.experiment.replicas
        self._values = {
            key: np.full(replicas, nan)
            for key in ("loss", "noise_scale", "sharpness", "stable_rate")
        }
        self._values["chance_loss"] = np.array([log(facts.outputs) if certain else nan])
        self._values["update_ratio"] = np.full((replicas, len(self._weights)), nan)
        self._notes: dict[str, None] = {}
        self._batch, self._mixes = training.batch_size, False
        self._in_order = isinstance(training.optimizer, SGD)
        if not self._in_order:
            label = next(
                key for key, kind in OPTIMIZERS.items() if isinstance(training.optimizer, kind)
            )
            self._note(
                f"{label} scales its steps by the gradients that it has seen, so curvature alone "
                "sets no stable learning rate for it."
            )

    def _note(self, sentence: str) -> None:
        self._notes[sentence] = None

    def results(self, share: float) -> Results:
        """Return what has been found so far."""
        values = {key: value.copy() for key, value in self._values.items()}
        told = tell_rates(self._plan, values["stable_rate"])
        return Results(values=values, share=share, notes=tuple(self._notes), told=told)

    def examine(
        self, row: int, at: int, seed: int, batch: FirstBatch, heed: Heed
    ) -> Generator[None, None, None]:
        """Examine a contender under a seed."""
        plan, found = self._plan, self._values
        network = initialize(plan, at, seed, partial(heed, row / plan.experiment.replicas))
        yield
        x, y = torch.from_numpy(batch.x), torch.from_numpy(batch.y)
        loss = plan.experiment.training.loss
        landscape = Landscape(network, plan.multipliers[at], loss, x, y)
        update = self._first_update(at, seed, network, batch)
        found["loss"][row], found["update_ratio"][row] = update.loss, update.ratios
        yield
        at_once = not plan.header.one_by_one
        found["noise_scale"][row] = yield from landscape.noise_scale(at_once=at_once)
        self._mixes = landscape.mixes
        if landscape.mixes:
            self._note(
                "Batch norm lets examples depend on one another, so no gradient belongs to one "
                "of them, and the noise scale is not known."
            )
        elif len(x) < 2:
            self._note("A batch of one example does not tell how noisy its gradient is.")
        try:
            sharpness = yield from _sharpness(landscape)
        except ValueError as error:
            self._note(f"{plan.experiment.contenders[at].name}: {error}")
            return
        if np.isnan(sharpness) and np.isfinite(update.loss):
            name = plan.experiment.contenders[at].name
            self._note(f"{name}: the largest curvature is not finite, or could not be found.")
        found["sharpness"][row] = sharpness
        found["stable_rate"][row] = stable_rate(plan.experiment.training.optimizer, sharpness)

    def sum_up(self, at: int) -> None:
        """Say in a sentence what has been found of a contender, of all of its seeds."""
        experiment = self._plan.experiment
        count, name = experiment.seeds.count, experiment.contenders[at].name
        rows = slice(at * count, (at + 1) * count)
        bent, rates = self._values["sharpness"][rows], self._values["stable_rate"][rows]
        rates = rates[np.isfinite(rates)]
        scales = self._values["noise_scale"][rows]
        if np.isnan(scales).any() and self._batch > 1 and not self._mixes:
            self._note(
                f"{name}: a batch of {self._batch} is too small to tell gradient from noise."
            )
        if not np.isfinite(self._values["loss"][rows]).all():
            self._note(f"{name}: the loss is not finite.")
        elif not self._in_order:
            pass
        elif len(rates):
            rate = float(np.median(rates))
            now = experiment.training.learning_rate
            above = f"; it is {now:.2g}" if now > rate else ""
            self._note(
                f"{name}: a learning rate above {rate:.2g} makes the first steps grow "
                f"({self._rule()}){above}."
            )
        elif np.isfinite(bent).any():
            self._note(f"{name}: the loss bends upward nowhere, so no learning rate is too large.")

    def _rule(self) -> str:
        chosen = self._plan.experiment.training.optimizer
        if not (isinstance(chosen, SGD) and chosen.momentum):
            return "2 / largest curvature"
        return f"{stable_rate(chosen, 1 - chosen.weight_decay):.3g} / largest curvature"

    def _first_update(self, at: int, seed: int, network: nn.Module, batch: FirstBatch) -> _Update:
        """Make the update as training would, and return the loss before it and |dW| / |W|."""
        plan, training = self._plan, self._plan.experiment.training
        stacked = Stacked([network], [plan.multipliers[at]])
        noise = [dropout_generator(seed).get_state()]
        program = OneByOne(stacked, [network], training.loss, [], noise)
        step = program.step(torch.from_numpy(batch.x[None]), torch.from_numpy(batch.y[None]))
        before = stacked.effective(self._weights, stacked.flat.detach().clone())
        optimizer = optimizer_of(training, [stacked.flat])
        for group in optimizer.param_groups:
            header = plan.header
            group["lr"] *= factor(training.schedule, 0, header.steps, header.steps_per_epoch)
        if training.clip_norm:
            gradients = list(stacked.gradients.values())
            by = clip_factors(gradients, training.clip_norm)
            for gradient in gradients:
                gradient.mul_(by.item())
        optimizer.step()
        after = stacked.effective(self._weights)
        return _Update(
            loss=step.loss.item(),
            ratios=[_ratio(old, new) for old, new in zip(before, after, strict=True)],
        )


def _sharpness(landscape: Landscape) -> Generator[None, None, float]:
    hessian = landscape.hessian()
    yield
    start = torch.randn(landscape.size, generator=torch.Generator().manual_seed(0))
    return (yield from largest_eigenvalue(hessian, start))


def _ratio(old: torch.Tensor, new: torch.Tensor) -> float:
    """Return the length of the change over that of what has changed, NaN where that is 0."""
    length = float(old.double().norm())
    return float((new.double() - old.double()).norm()) / length if length else nan


FIRST_STEP = Study(
    key="first_step",
    label="First step",
    summary="Loss against chance, size of the first update, gradient noise, stable learning rate.",
    source="McCandlish et al. 2018, eq. 2.9; Cohen et al. 2021",
    order=2,
    params=NoParams,
    begin=_begin,
)
