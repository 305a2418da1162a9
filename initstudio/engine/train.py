"""Train all contenders under all seeds in one vectorised program, as a plain generator."""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from initstudio.catalogue import Features, Shape
from initstudio.engine.data import batches, input_ranges, prepare, spanning, stream
from initstudio.engine.device import device_of, is_elsewhere, memory_of, noisy_on_cpu
from initstudio.engine.initialize import initialize
from initstudio.engine.memory import refuse_if_too_large
from initstudio.engine.one_by_one import OneByOne
from initstudio.engine.optimizers import optimizer_of
from initstudio.engine.plan import Plan, plan
from initstudio.engine.program import Masks, Program
from initstudio.engine.reading import Reader, Sources
from initstudio.engine.stacked import Scores, Stacked, Step, Tensors
from initstudio.experiment import SGD, Adam, AdamW, Experiment
from initstudio.history import Snapshot
from initstudio.measurement import SELDOM, Judged
from initstudio.schedule import factor

if TYPE_CHECKING:
    from initstudio.measurement import Cadence

CLIP_EPS = 1e-6
"""As in `torch.nn.utils.clip_grad_norm_`."""
FUSED = {"cpu", "cuda"}
"""The devices on which optimisers that torch has fused are used so."""


def train(
    experiment: Experiment,
    meet: Callable[["Networks"], object] | None = None,
    *,
    dtype: torch.dtype = torch.float32,
) -> Generator[Snapshot, float | None, None]:
    """Yield one Snapshot before each update, and a last one after them all.

    The readings of step k belong to the weights after k updates and to the batch of the update to
    come. `send(rate)` instead of `next` sets the learning rate from that update on. `meet` is given
    the networks, to look at whenever the generator rests. `dtype` is that of weights and data;
    weights are drawn in float32 whatever it is, on the CPU whatever the device.

    Raises:
        ExperimentError: The experiment cannot run, or the device is not here; before the first
            snapshot.
    """
    resolved = plan(experiment)
    device = device_of(experiment.training.device)
    refuse_if_too_large(resolved)
    if (memory := memory_of(device)) is not None:
        refuse_if_too_large(resolved, memory, "the device")
    run = _Run(resolved, dtype, device)
    if meet:
        meet(run.state)
    step = 0
    for epoch in range(experiment.training.epochs):
        for batch, (x, y) in enumerate(run.batches(epoch)):
            # before the step, as that moves the running statistics of batch normalization
            validation = run.validate() if batch == 0 else None
            found = run.program.step(x, y, run.masks(x.shape[1]))
            rate = yield run.snapshot(step, found, validation, starts_epoch=batch == 0)
            run.update(step, rate)
            step += 1
    yield run.last_snapshot(step)


Networks: TypeAlias = Callable[[int], Tensors]
"""Gives what `state_dict` of the network of a replica holds now, copied.

Between two snapshots the running statistics have seen the batch of the update to come.
"""


@dataclass
class _Data:
    """The examples of all S seeds: x [S, examples, ...], y [S, examples]."""

    x: torch.Tensor
    y: torch.Tensor


class _Run:
    """The state of one run: the program, the optimiser, the data and the seeds' streams."""

    def __init__(self, resolved: Plan, dtype: torch.dtype, device: torch.device) -> None:
        experiment = resolved.experiment
        self._plan = resolved
        self._dtype = dtype
        self._device = device
        self._elsewhere = is_elsewhere(device)
        self._seeds = list(experiment.seeds.each())
        self._contenders = len(experiment.contenders)
        networks = [
            initialize(resolved, contender, seed).to(device, dtype)
            for contender in range(self._contenders)
            for seed in self._seeds
        ]
        multipliers = [one for one in resolved.multipliers for _ in self._seeds]
        self._stacked = Stacked(networks, multipliers)
        self._noise = [dropout_generator(seed) for seed in self._seeds]
        self._dropout = _dropout(resolved, networks[0])
        self.program = self._program(networks)
        self._rate = experiment.training.learning_rate
        fused = isinstance(experiment.training.optimizer, SGD | Adam | AdamW)
        fused &= device.type in FUSED
        self._optimizer = optimizer_of(experiment.training, [self._stacked.flat], fused=fused)
        self._judges = any(probe.judges for probe in resolved.probes)
        self._training, self._validation, self._places = self._load()
        self._first: tuple[torch.Tensor, torch.Tensor] | None = None
        contenders = range(self._contenders)
        sources = Sources(
            first_batches=self._first_batches,
            predict=self.program.predict,
            losses=self._first_losses,
            input_ranges=self._input_ranges,
        )
        self._reader = Reader(resolved, contenders, self._stacked, sources)

    def state(self, replica: int) -> Tensors:
        """Return parameters, as they are computed with, and buffers of a replica, copied."""
        found = {**self._stacked.effective_of(replica), **self.program.buffers(replica)}
        return {name: value.cpu() for name, value in found.items()}

    def _program(self, networks: list[nn.Sequential]) -> Program | OneByOne:
        loss = self._plan.experiment.training.loss
        watched = [layer.module for layer in self._plan.watched]
        if not self._plan.header.one_by_one:
            return Program(self._stacked, networks[0], loss, watched)
        self._dropout = {}  # the networks draw their own
        if self._elsewhere:
            torch.manual_seed(self._seeds[0])  # what an own network's functions draw there
            for network in networks:
                noisy_on_cpu(network)
        noise = [generator.get_state() for generator in self._noise]
        return OneByOne(self._stacked, networks, loss, watched, noise)

    def batches(self, epoch: int) -> Generator[tuple[torch.Tensor, torch.Tensor], None, None]:
        """Yield the batches of an epoch: x [R, batch, ...], y [R, batch]."""
        count, size = self._training.y.shape[1], self._plan.experiment.training.batch_size
        orders = [np.concatenate(batches(seed, count, size, epoch)) for seed in self._seeds]
        rows = np.stack(orders) + count * np.arange(len(self._seeds))[:, None]
        index = self._to_replicas(torch.from_numpy(rows).to(self._device))
        x, y = self._training.x.flatten(0, 1), self._training.y.flatten(0, 1)
        for chosen in index.split(size, dim=1):
            flat = chosen.flatten()
            yield (
                x.index_select(0, flat).view(*chosen.shape, *x.shape[1:]),
                y.index_select(0, flat).view(*chosen.shape, *y.shape[1:]),
            )

    def masks(self, size: int) -> Masks:
        """Return the dropout masks of the next batch; the contenders of a seed share theirs."""
        found = {}
        for module, (shape, keep) in self._dropout.items():
            whole = (size, *shape)
            drawn = [_mask(whole, keep, self._dtype, generator) for generator in self._noise]
            masks = torch.stack(drawn)
            if self._elsewhere:
                masks = masks.to(self._device)
            found[module] = self._to_replicas(masks)
        return found

    def update(self, step: int, rate: float | None) -> None:
        """Make the update that the gradients ask for."""
        training, header = self._plan.experiment.training, self._plan.header
        self._rate = self._rate if rate is None else rate
        by = factor(training.schedule, step, header.steps, header.steps_per_epoch)
        for group in self._optimizer.param_groups:
            group["lr"] = self._rate * by
        if training.clip_norm:
            gradients = list(self._stacked.gradients.values())
            factors = clip_factors(gradients, training.clip_norm)
            for gradient in gradients:
                gradient.mul_(factors.view(-1, *[1] * (gradient.dim() - 1)))
        if self._has_snapshot(step + 1):
            self._reader.keep_previous()
        self._optimizer.step()

    def validate(self) -> Scores | None:
        """Return what the validation part gives, if there is one to be read."""
        asked = any(probe.cadence == "epoch" for probe in self._plan.probes)
        if not asked or self._validation.y.shape[1] == 0:
            return None
        x, y = self._to_replicas(self._validation.x), self._to_replicas(self._validation.y)
        return self.program.evaluate(x, y, each=self._judges)

    def snapshot(
        self, step: int, found: Step, validation: Scores | None, *, starts_epoch: bool
    ) -> Snapshot:
        """Return the readings that are due at this step."""
        cadences: list[Cadence] = ["step"]
        if self._has_snapshot(step):
            cadences.append("snapshot")
            if self._seldom(step):
                cadences.append("seldom")
        if starts_epoch:
            cadences.append("epoch")
        if step == 0:
            cadences.append("start")
        judged = self._judged(validation)
        return Snapshot(step, self._reader.read(found, validation, cadences, judged))

    def last_snapshot(self, step: int) -> Snapshot:
        """Return the readings after the last update: those of the validation part."""
        zero = self._stacked.flat.new_zeros(len(self._plan.header.slots))
        nothing, scores = Step(zero, zero, (), ()), self.validate()
        readings = self._reader.read(nothing, scores, ["epoch"], self._judged(scores))
        return Snapshot(step, readings)

    def _judged(self, scores: Scores | None) -> Judged | None:
        """Return what is known of each validation example, if that was asked for."""
        if scores is None or scores.predicted is None or scores.losses is None:
            return None
        return Judged(
            predicted=scores.predicted,
            truth=self._to_replicas(self._validation.y),
            loss=scores.losses,
            example=self._to_replicas(self._places),
            classes=self._plan.facts.outputs,
        )

    def _has_snapshot(self, step: int) -> bool:
        every = self._plan.experiment.recording.every
        return step % every == 0 or step == self._plan.header.steps - 1

    def _seldom(self, step: int) -> bool:
        """Return whether the dear readings are taken at this snapshot."""
        every = SELDOM * self._plan.experiment.recording.every
        return step % every == 0 or step == self._plan.header.steps - 1

    def _first_batches(self) -> Iterator[npt.NDArray[Any]]:
        """Yield the inputs of the first batch of each seed."""
        size = self._plan.experiment.training.batch_size
        for at, seed in enumerate(self._seeds):
            x = self._training.x[at].cpu().numpy()
            yield x[batches(seed, len(x), size, 0)[0]]

    def _first_losses(self, points: Sequence[Tensors]) -> torch.Tensor:
        """Return the losses [points, R] on the first batch of each seed, by other parameters."""
        if self._first is None:
            self._first = next(self.batches(0))
        return self.program.losses(points, *self._first)

    def _load(self) -> tuple[_Data, _Data, torch.Tensor]:
        """Return both parts, and where the examples of the second lie in the data, int64 [S, n]."""
        splits = [prepare(self._plan, seed) for seed in self._seeds]
        self._input_ranges = spanning([input_ranges(split) for split in splits])
        training = _Data(
            self._tensor([split.train_x for split in splits]),
            self._tensor([split.train_y for split in splits]),
        )
        validation = _Data(
            self._tensor([split.validation_x for split in splits]),
            self._tensor([split.validation_y for split in splits]),
        )
        return training, validation, self._tensor([split.validation_places for split in splits])

    def _tensor(self, of_seeds: Sequence[Features]) -> torch.Tensor:
        """Return [S, ...] where the run computes; real numbers in its precision."""
        values = torch.from_numpy(np.stack(of_seeds))
        kind = self._dtype if values.is_floating_point() else values.dtype
        return values.to(self._device, kind)

    def _to_replicas(self, values: torch.Tensor) -> torch.Tensor:
        """Return [R, ...] from [S, ...]: every contender gets what its seed has."""
        wide = values.expand(self._contenders, *values.shape)
        return wide.reshape(-1, *values.shape[1:])


def _dropout(plan: Plan, network: nn.Module) -> dict[str, tuple[Shape, float]]:
    """Return, for each dropout layer by its module's name, what it hides of and what it keeps."""
    found = {}
    for layer in plan.watched:
        module = network.get_submodule(layer.module)
        if isinstance(module, nn.Dropout) and layer.place:
            found[layer.module] = (layer.place.shape, 1 - module.p)
    return found


def dropout_generator(seed: int) -> torch.Generator:
    """Return the generator of a seed's dropout masks."""
    return torch.Generator().manual_seed(int(stream(seed, "dropout").integers(2**62)))


def _mask(
    shape: tuple[int, ...], keep: float, dtype: torch.dtype, generator: torch.Generator
) -> torch.Tensor:
    """Return what `torch.nn.Dropout` multiplies by, drawn as it draws."""
    if keep == 0:
        return torch.zeros(shape, dtype=dtype)
    return torch.empty(shape, dtype=dtype).bernoulli_(keep, generator=generator).div_(keep)


def clip_factors(gradients: list[torch.Tensor], limit: float) -> torch.Tensor:
    """Return [R]: what each network's gradients are multiplied by, so that their norm is kept."""
    norms = torch.stack([torch.linalg.vector_norm(one.flatten(1), dim=1) for one in gradients])
    whole = torch.linalg.vector_norm(norms, dim=0)
    return torch.clamp(limit / (whole + CLIP_EPS), max=1)
