"""Readings: a Snapshot at one step, a Stretch of consecutive ones, and the History of a run.

A History is bounded, and to show a run of a million steps costs what one of a few thousand does.
Readings taken at each step are kept in a `Series` each: exactly, up to a number of bytes, and in
coarser and coarser rows with their least, mean and greatest value. Of the readings per layer the
first and the newest are kept, and a bounded choice of those between in the run's `Album`.
"""

import copy
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.album import Album, Page, Values
from initstudio.clock import Clock
from initstudio.experiment import Experiment
from initstudio.series import Series

Readings = dict[str, Values]
Known = Mapping[str, Values]
"""Readings by key, for who only reads them."""
Floats = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What the rows and columns of a run's readings stand for.

    Replica r of the leading axis is contender r // seeds under seed r % seeds: `slots[r]` is the
    contender's slot, `seeds[r]` the seed.
    """

    experiment: Experiment
    slots: tuple[int, ...]
    seeds: tuple[int, ...]
    layers: tuple[str, ...]
    """A label for each layer, in order: "1 Linear", "2 ReLU"."""
    activations: tuple[int, ...]
    """The indices in `layers` of the activation functions."""
    tensors: tuple[str, ...]
    """A label for each weight tensor, in order: "1 Linear"."""
    tensor_shapes: tuple[tuple[int, ...], ...]
    parameters: tuple[str, ...] = ()
    """The name of each parameter tensor in torch's `named_parameters`, in order of the layers."""
    steps: int
    """Optimiser steps in the whole run."""
    steps_per_epoch: int
    outputs: int = 0
    """Classes of the data, or values of a target."""
    one_by_one: tuple[str, ...] = ()
    """The kinds of layers that keep the networks from training all at once."""
    device: str = ""
    """Its maker's name for what the run computes on; which kind that is, the experiment says."""


class Snapshot(msgspec.Struct, frozen=True):
    """All readings at one step, by probe key; `step` updates have been made so far."""

    step: int
    readings: Readings


class Stretch(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive snapshots as they travel: what is read at each step is stacked.

    `series[key]` is float32 [len(steps), R], `epoch_series[key]` float32 [len(epoch_steps), R].
    `layers` holds the newest of the readings per layer, taken at `layers_step` (-1: none), and
    `earlier` those of the snapshots before that, in order. `epoch_pages` are what is read at
    epochs' ends of single classes or examples, in order.
    """

    steps: Integers
    series: Readings
    epoch_steps: Integers
    epoch_series: Readings
    layers_step: int = -1
    layers: Readings = {}
    earlier: tuple[Snapshot, ...] = ()
    epoch_pages: tuple[Snapshot, ...] = ()


class EpochMeans(Series):
    """The mean of the readings of each completed epoch, at the step at which the epoch ends.

    Of the loss this is what the article prints: the mean of the batches' losses, each taken before
    its update.
    """

    def __init__(self, replicas: int, steps_per_epoch: int) -> None:
        super().__init__(replicas)
        self._per_epoch = max(1, steps_per_epoch)
        self._epoch = 0
        self._count = 0
        self._sum = np.zeros(replicas)

    def extend(self, steps: Integers, values: Floats) -> None:
        """Take in readings [k, R] at consecutive `steps` [k]."""
        if not len(steps):
            return
        with np.errstate(invalid="ignore"):  # with both +inf and -inf an epoch's mean is NaN
            self._take(steps, values)

    def _take(self, steps: Integers, values: Floats) -> None:
        epochs = steps // self._per_epoch
        starts = np.flatnonzero(np.diff(epochs, prepend=-1))
        sums = np.add.reduceat(values.astype(np.float64), starts, axis=0)
        counts = np.diff(starts, append=len(steps))
        ends: list[int] = []
        means: list[npt.NDArray[np.float64]] = []
        for epoch, total, count in zip(epochs[starts], sums, counts, strict=True):
            if epoch != self._epoch:
                self._epoch, self._count, self._sum = int(epoch), 0, np.zeros_like(self._sum)
            self._count += int(count)
            self._sum = self._sum + total
            if self._count == self._per_epoch:
                ends.append((self._epoch + 1) * self._per_epoch)
                means.append(self._sum / self._count)
        if ends:
            super().extend(np.array(ends, np.int64), np.stack(means).astype(np.float32))


class History:
    """All readings of one run that a plot can show; `revision` grows with each extension."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.revision = 0
        self.last_step = -1
        self.layers_step = -1
        self.epoch_step = -1
        """The step of the newest readings of single classes or examples; -1: none."""
        self.diverged = np.full(len(header.slots), -1, np.int64)
        """The step of the first loss that is not a finite number, int64 [R]; -1: none."""
        self.series: dict[str, Series] = {}
        self.epoch_series: dict[str, Series] = {}
        self.epoch_means: dict[str, EpochMeans] = {}
        """Of each series, the mean over every completed epoch: exact, whatever is thinned."""
        self.first: Readings = {}
        self.latest: Known = {}
        self.clock = Clock()
        """The seconds of training at its steps, where somebody notes them."""
        self.album = Album()
        """Of the readings by layer, those of many steps."""
        self.epoch_album = Album()
        """Of the readings of single classes or examples, those of many epochs' ends."""
        self._of_epochs: set[str] = set()
        self.until: int | None = None
        """The step as which the run is shown; None: as it is now."""
        self._past: tuple[tuple[int, int], History] | None = None

    def extend(self, stretch: Stretch) -> None:
        """Take in the next snapshots, which must follow the last ones."""
        replicas = len(self.header.slots)
        for found, steps, target in (
            (stretch.series, stretch.steps, self.series),
            (stretch.epoch_series, stretch.epoch_steps, self.epoch_series),
        ):
            for key, values in found.items():
                if key not in target:
                    target[key] = Series(replicas)
                target[key].extend(steps, values)
        for key, values in stretch.series.items():
            if key not in self.epoch_means:
                self.epoch_means[key] = EpochMeans(replicas, self.header.steps_per_epoch)
            self.epoch_means[key].extend(stretch.steps, values)
        if "loss" in stretch.series:
            self._note_divergence(stretch.steps, stretch.series["loss"])
        for shot in stretch.earlier:
            self._take_layers(shot.step, shot.readings)
        if stretch.layers_step >= 0:
            self._take_layers(stretch.layers_step, stretch.layers)
        for shot in stretch.epoch_pages:
            self._take_epoch(shot.step, shot.readings)
        newest = (*stretch.steps[-1:], *stretch.epoch_steps[-1:], stretch.layers_step)
        newest += (self.epoch_step,)
        self.last_step = max(self.last_step, *(int(step) for step in newest))
        self.revision += 1

    def at(self, step: int) -> "History":
        """Return the run as it was at a step: `until` is that step.

        `latest`, `layers_step` and `epoch_step` are those of the newest snapshots that are kept at
        or before it, and what diverged later has not diverged yet. The series are this run's own,
        and reach beyond; who shows them heeds `until`.
        """
        key = step, self.album.revision + self.epoch_album.revision
        if self._past and self._past[0] == key:
            return self._past[1]
        self._past = None  # or the copy would hold on to the one before, and so on
        past = copy.copy(self)
        past.until = step
        past.diverged = np.where(self.diverged > step, -1, self.diverged)
        if step < max(self.layers_step, self.epoch_step):
            past.layers_step, past.epoch_step, past.latest = self._kept_at(step)
        self._past = key, past
        return past

    def _kept_at(self, step: int) -> tuple[int, int, Known]:
        """Return the steps of both kinds of readings that are kept of a step, and the readings."""
        ends = self._of_epochs
        at_ends = Page({key: one for key, one in self.latest.items() if key in ends})
        by_layer = Page({key: one for key, one in self.latest.items() if key not in ends})
        layers_step, epoch_step = self.layers_step, self.epoch_step
        if step < layers_step:
            layers_step, by_layer = self.album.at(step)
        if step < epoch_step:
            epoch_step, at_ends = self.epoch_album.at(step)
        return layers_step, epoch_step, by_layer | at_ends

    def _take_layers(self, step: int, readings: Readings) -> None:
        self.layers_step = step
        self.first = {**readings, **self.first}
        self.latest = {**self.latest, **readings}
        self.album.add(step, readings)

    def _take_epoch(self, step: int, readings: Readings) -> None:
        self.epoch_step = step
        self._of_epochs |= readings.keys()
        self.first = {**readings, **self.first}
        self.latest = {**self.latest, **readings}
        self.epoch_album.add(step, readings)

    def _note_divergence(self, steps: Integers, loss: Floats) -> None:
        bad = ~np.isfinite(loss)
        new = bad.any(0) & (self.diverged < 0)
        if new.any():
            self.diverged[new] = steps[bad[:, new].argmax(0)]


def stretch_of(
    snapshots: Sequence[Snapshot],
    series: frozenset[str],
    epochs: frozenset[str],
    pages: frozenset[str] = frozenset(),
) -> Stretch:
    """Return consecutive snapshots as one Stretch.

    `series` and `epochs` are the keys of numbers that are read at each step and at each epoch's
    end, `pages` of what is read at each epoch's end of single classes or examples; all others are
    readings by layer.
    """
    stepped = [shot for shot in snapshots if series & shot.readings.keys()]
    ended = [shot for shot in snapshots if epochs & shot.readings.keys()]
    layers = {key for shot in snapshots for key in shot.readings} - series - epochs - pages
    layered = _pages(snapshots, layers)
    return Stretch(
        steps=np.array([shot.step for shot in stepped], np.int64),
        series=_stack(stepped, series),
        epoch_steps=np.array([shot.step for shot in ended], np.int64),
        epoch_series=_stack(ended, epochs),
        layers_step=layered[-1].step if layered else -1,
        layers=layered[-1].readings if layered else {},
        earlier=tuple(layered[:-1]),
        epoch_pages=tuple(_pages(snapshots, pages)),
    )


def _pages(snapshots: Sequence[Snapshot], keys: AbstractSet[str]) -> list[Snapshot]:
    """Return what the snapshots hold of these keys, leaving out those that hold nothing."""
    found = (
        Snapshot(shot.step, {key: one for key, one in shot.readings.items() if key in keys})
        for shot in snapshots
    )
    return [shot for shot in found if shot.readings]


def _stack(snapshots: Sequence[Snapshot], keys: frozenset[str]) -> Readings:
    if not snapshots:
        return {}
    found = keys & snapshots[0].readings.keys()
    return {key: np.stack([shot.readings[key] for shot in snapshots]) for key in sorted(found)}
