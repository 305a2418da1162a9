"""Alarms while networks train: a gradient that vanishes, and one that explodes, as it begins.

A reading is held against the same at the start of the run, so that no network is blamed for its
size; how networks start is what findings tell of. An alarm is no proof: a network that has come to
rest at a loss above 0 has little gradient, too, and the sentence names the loss.
"""

from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.finding import short
from initstudio.history import Header, Readings

Kind: TypeAlias = Literal["vanishing", "exploding", "not finite"]
Floats: TypeAlias = npt.NDArray[np.float64]

LESS = 1e-3
"""Part of its start below which a layer's gradient vanishes."""
MORE = 1e3
"""Times the greatest at the start above which gradients or outputs explode."""
LEAST = 1e-3
"""What a smaller greatest at the start counts as: what grows from nearly nothing to 1 has not
exploded."""
GRADIENTS = ("gradient_norm", "signal_std")
"""Readings of gradients, by tensor and by layer: the first of them that there is, is watched."""
OUTPUTS = "activation_std"


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """What has begun at `step` in the contender of that slot."""

    slot: int
    kind: Kind
    step: int
    sentence: str


class _Watch:
    """One kind of reading: its name in a sentence, the labels of its columns, and its start."""

    def __init__(self, what: str, labels: Sequence[str], values: Floats) -> None:
        self.what = what
        self.labels = labels
        self.values = values
        self.start = values.copy()

    def take(self, values: Floats) -> None:
        """Take the readings [R, n] of a later step; what started as 0 starts when it is not."""
        self.values = values
        self.start = np.where(self.start == 0, values, self.start)

    def told(self, replica: int, column: int) -> str:
        """Return a reading in words: 3×10⁻⁹ in 1 Linear."""
        return f"{short(float(self.values[replica, column]))} in {self.labels[column]}"


class Alarms:
    """Watches one run; each contender is told of once for each kind.

    vanishing: At two snapshots in a row the gradient of a layer is below LESS of its start, times
    the part of the loss that is left if it has fallen: what has been learned leaves less gradient.
    The step is that of the first.

    exploding: The greatest gradient, or the greatest std of outputs, is above MORE times the
    greatest at the start (which counts as LEAST at least), and the loss above its start. One that
    falls meanwhile tells of a network that has left a plateau.

    not finite: Some of them are not numbers any more, or infinite.
    """

    def __init__(self, header: Header) -> None:
        self._header = header
        self._names = {one.slot: one.name for one in header.experiment.contenders}
        self._watches: dict[str, _Watch] = {}
        self._loss: Floats | None = None
        self._faint: dict[int, int] = {}
        """By replica, the step since which its gradient may vanish."""
        self._told: set[tuple[int, Kind]] = set()

    def extend(
        self, step: int, readings: Readings, loss: npt.NDArray[np.floating] | None = None
    ) -> list[Alarm]:
        """Return what has begun by this snapshot; steps must grow. Readings are [R, n], loss [R].

        Without `loss` the readings' own is taken, if there is one.
        """
        gradients, outputs = self._taken(readings)
        if not (gradients or outputs):
            return []
        left = self._left(readings.get("loss") if loss is None else loss)
        rules: tuple[Callable[[int], tuple[Kind, int, str] | None], ...] = (
            lambda replica: _broken(step, (gradients, outputs), replica, left[replica]),
            lambda replica: _exploding(step, (gradients, outputs), replica, left[replica]),
            lambda replica: self._vanishing(step, gradients, replica, left[replica]),
        )
        found = []
        for replica in range(len(self._header.slots)):
            for rule in rules:
                if verdict := rule(replica):
                    found += self._say(replica, *verdict)
                    break
        return found

    def _taken(self, readings: Readings) -> tuple[_Watch | None, _Watch | None]:
        key = next((key for key in GRADIENTS if key in readings), "")
        labels = self._header.tensors if key == GRADIENTS[0] else self._header.layers
        return (
            self._take(readings, key, "the gradient", labels),
            self._take(readings, OUTPUTS, "the signal", self._header.layers),
        )

    def _take(
        self, readings: Readings, key: str, what: str, labels: Sequence[str]
    ) -> _Watch | None:
        if key not in readings or not readings[key].shape[1]:
            return None
        values = np.asarray(readings[key], np.float64)
        if key in self._watches:
            self._watches[key].take(values)
        else:
            self._watches[key] = _Watch(what, labels, values)
        return self._watches[key]

    def _left(self, loss: npt.NDArray[np.floating] | None) -> Floats:
        """Return the loss over its start [R]; NaN where it is not known."""
        if loss is None:
            return np.full(len(self._header.slots), np.nan)
        now = np.asarray(loss, np.float64)
        if self._loss is None:
            self._loss = now
        known = self._loss > 0
        left = np.full(len(now), np.nan)
        left[known] = now[known] / self._loss[known]
        left[~np.isfinite(now)] = np.inf
        return left

    def _vanishing(
        self, step: int, watch: _Watch | None, replica: int, left: float
    ) -> tuple[Kind, int, str] | None:
        if watch is None:
            return None
        now, start = watch.values[replica], watch.start[replica]
        edge = LESS * float(np.fmin(1.0, left))  # 1 where the loss is not known
        faint = (start > 0) & (now < edge * start)
        if not faint.any():
            self._faint.pop(replica, None)
            return None
        began = self._faint.setdefault(replica, step)
        if began == step:
            return None
        part = np.where(faint, now, np.inf) / np.where(start > 0, start, 1)
        at = int(part.argmin())
        loss = (
            f", while the loss is at {100 * left:.0f} % of its start" if np.isfinite(left) else ""
        )
        sentence = f"{watch.told(replica, at)}, {short(float(part[at]))} of the start{loss}."
        return "vanishing", began, f"{watch.what} vanishes from step {began}: {sentence}"

    def _say(self, replica: int, kind: Kind, step: int, what: str) -> list[Alarm]:
        slot = self._header.slots[replica]
        if (slot, kind) in self._told:
            return []
        self._told.add((slot, kind))
        seeds = self._header.experiment.seeds.count
        under = f" (seed {self._header.seeds[replica]})" if seeds > 1 else ""
        name = f"{self._names[slot]}{under}"
        return [Alarm(slot=slot, kind=kind, step=step, sentence=f"{name}: {what}")]


def _broken(
    step: int, watches: Sequence[_Watch | None], replica: int, left: float
) -> tuple[Kind, int, str] | None:
    for watch in watches:
        if watch is None:
            continue
        bad = np.flatnonzero(~np.isfinite(watch.values[replica]))
        if len(bad):
            where = watch.labels[int(bad[0])]
            return "not finite", step, f"{watch.what} is not finite from step {step}, in {where}."
    if left == np.inf:
        return "not finite", step, f"the loss is not finite from step {step}."
    return None


def _exploding(
    step: int, watches: Sequence[_Watch | None], replica: int, left: float
) -> tuple[Kind, int, str] | None:
    if left <= 1:
        return None
    for watch in watches:
        if watch is None:
            continue
        now, first = watch.values[replica], float(watch.start[replica].max())
        at = int(now.argmax())
        if now[at] > MORE * max(LEAST, first):
            sentence = f"{watch.told(replica, at)}, at the start at most {short(first)}."
            return "exploding", step, f"{watch.what} explodes from step {step}: {sentence}"
    return None
