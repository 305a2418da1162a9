"""The X-ray: the readings at step 0, quickly, without a program that could train.

They are those of the first snapshot of `train`, but for rounding: the networks run one by one, as
torch runs them. What has not changed since the last X-ray is not measured again.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from itertools import count

import msgspec
import numpy as np
import torch

from initstudio.catalogue import Features, Targets
from initstudio.engine.data import Ranges, Split, batches, input_ranges, prepare, spanning
from initstudio.engine.initialize import initialize
from initstudio.engine.memory import refuse_if_too_large
from initstudio.engine.one_by_one import OneByOne
from initstudio.engine.plan import Plan
from initstudio.engine.reading import Reader, Sources
from initstudio.engine.stacked import Single, Stacked
from initstudio.engine.train import dropout_generator
from initstudio.history import Readings
from initstudio.measurement import Probe
from initstudio.probes import PROBES

MOST_KEPT = 64
"""Contenders whose readings are kept."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FirstBatch:
    """The batch of the first update under one seed: x [batch, *shape] and its targets."""

    x: Features
    y: Targets


def first_batch(plan: Plan, seed: int) -> FirstBatch:
    """Return the batch that every contender under this seed sees first."""
    return _first_of(prepare(plan, seed), seed, plan.experiment.training.batch_size)


def _first_of(split: Split, seed: int, size: int) -> FirstBatch:
    index = batches(seed, len(split.train_x), size, 0)[0]
    return FirstBatch(x=split.train_x[index], y=split.train_y[index])


class Xray:
    """Makes X-rays, and keeps what the next one may need again."""

    def __init__(self) -> None:
        self._data: object = None
        self._context: object = None
        self._batches: list[FirstBatch] = []
        self._input_ranges: Ranges = ()
        self._kept: OrderedDict[bytes, Readings] = OrderedDict()

    def readings(
        self, plan: Plan, heed: Callable[[float], None], keys: Collection[str] = ()
    ) -> Readings:
        """Return the readings at step 0 by probe key, [R, ...] each, as `train` orders them.

        `heed` is told the share that is done, while it works. `keys` are the probes that are
        wanted; without any, all are that the experiment records.

        Raises:
            ExperimentError: The networks do not fit into memory, or cannot be started so.
        """
        refuse_if_too_large(plan)
        named = [PROBES[key] for key in sorted(keys)] or plan.probes
        probes = tuple(probe for probe in named if probe.applies(plan.facts))
        self._take_in(plan, probes)
        contenders = plan.experiment.contenders
        rows: list[Readings] = []
        for at, contender in enumerate(contenders):
            alike = msgspec.structs.replace(contender, name="-", slot=0, hidden=False)
            key = msgspec.msgpack.encode(alike)
            if key not in self._kept:
                told = partial(_part_of, heed, at, len(contenders))
                self._kept[key] = self._measured(plan, at, probes, told)
            self._kept.move_to_end(key)
            rows.append(self._kept[key])
        while len(self._kept) > max(MOST_KEPT, len(contenders)):
            self._kept.popitem(last=False)
        return {key: np.concatenate([row[key] for row in rows]) for key in rows[0]}

    def _take_in(self, plan: Plan, probes: tuple[Probe, ...]) -> None:
        """Forget what was measured of another network or of other data, or by other probes."""
        experiment = plan.experiment
        training = experiment.training
        data = (experiment.data, experiment.seeds, training.batch_size, plan.facts)
        # one's own network may change with its file, which the shapes in the header tell
        shapes = (plan.header.layers, plan.header.tensor_shapes)
        context = (experiment.network, training.loss, probes, shapes)
        if (data, context) == (self._data, self._context):
            return
        if data != self._data:
            self._batches, ranges = [], []
            for seed in experiment.seeds.each():
                split = prepare(plan, seed)
                self._batches.append(_first_of(split, seed, training.batch_size))
                ranges.append(input_ranges(split))
            self._input_ranges = spanning(ranges)
        self._data, self._context = data, context
        self._kept.clear()

    def _measured(
        self, plan: Plan, at: int, probes: tuple[Probe, ...], heed: Callable[[float], None]
    ) -> Readings:
        """Return the readings of one contender [seeds, ...]."""
        seeds = plan.experiment.seeds.each()
        expected = len(seeds) * (len(plan.assignments[at]) + 2 * len(plan.watched))
        done = count()

        def tick() -> None:
            heed(min(1.0, next(done) / expected))

        networks = [initialize(plan, at, seed, tick) for seed in seeds]
        multipliers = [plan.multipliers[at]] * len(seeds)
        one = len(networks) == 1
        stacked = Single(networks[0], multipliers[0]) if one else Stacked(networks, multipliers)
        watched = [layer.module for layer in plan.watched]
        noise = [dropout_generator(seed).get_state() for seed in seeds]
        loss = plan.experiment.training.loss
        program = OneByOne(stacked, networks, loss, watched, noise, heed=tick)
        x = torch.from_numpy(np.stack([batch.x for batch in self._batches]))
        y = torch.from_numpy(np.stack([batch.y for batch in self._batches]))
        found = program.step(x, y)
        sources = Sources(
            first_batches=lambda: [batch.x for batch in self._batches],
            predict=program.predict,
            losses=lambda points: program.losses(points, x, y),
            input_ranges=self._input_ranges,
        )
        reader = Reader(plan, [at], stacked, sources, probes)
        return reader.read(found, None, ["step", "snapshot", "seldom", "start"])


def _part_of(heed: Callable[[float], None], at: int, parts: int, done: float) -> None:
    """Tell of the share of one of equal parts as that of the whole."""
    heed((at + done) / parts)
