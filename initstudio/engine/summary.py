"""What came of a run, in numbers for each network: first, best and final of what it was judged by.

A training loss is the mean of an epoch's batch losses, as the article prints it; validation is
measured at the start and at each epoch's end. What is not a finite number is null in JSON.
"""

from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.history import Header, Snapshot

Means = npt.NDArray[np.float64]


class Summary:
    """Takes in the snapshots of a run, one after another, and tells of them at any time."""

    def __init__(self, header: Header) -> None:
        self._header = header
        replicas = len(header.slots)
        self._sum = np.zeros(replicas)
        self._epochs: list[Means] = []
        self._validation: dict[str, list[Means]] = {}
        self._diverged = np.full(replicas, -1, np.int64)
        self.step = 0
        """Updates made so far."""

    def take(self, snapshot: Snapshot) -> None:
        """Take in the next snapshot."""
        self.step = snapshot.step
        if "loss" in snapshot.readings:
            self._take_loss(snapshot.step, snapshot.readings["loss"].astype(np.float64))
        for key in ("validation_loss", "validation_accuracy"):
            if key in snapshot.readings:
                reading = snapshot.readings[key].astype(np.float64)
                self._validation.setdefault(key, []).append(reading)

    def networks(self) -> list[dict[str, Any]]:
        """Return, for each contender under each seed, what came of it."""
        contenders = self._header.experiment.contenders
        seeds = self._header.experiment.seeds.count
        return [
            {
                "contender": contenders[replica // seeds].name,
                "slot": self._header.slots[replica],
                "seed": self._header.seeds[replica],
                "diverged_at": int(step) if (step := self._diverged[replica]) >= 0 else None,
                "train_loss": _course(self._epochs, replica, first_epoch=1),
                "validation_loss": self._judged("validation_loss", replica),
                "validation_accuracy": self._judged("validation_accuracy", replica),
                "train_loss_by_epoch": [float(epoch[replica]) for epoch in self._epochs],
            }
            for replica in range(len(self._header.slots))
        ]

    def _take_loss(self, step: int, loss: Means) -> None:
        per_epoch = self._header.steps_per_epoch
        self._diverged[~np.isfinite(loss) & (self._diverged < 0)] = step
        if step % per_epoch == 0:
            self._sum = np.zeros_like(loss)
        with np.errstate(invalid="ignore"):  # inf - inf is NaN, which says what happened
            self._sum = self._sum + loss
        if (step + 1) % per_epoch == 0:
            self._epochs.append(self._sum / per_epoch)

    def _judged(self, key: str, replica: int) -> dict[str, float | int | None]:
        readings = self._validation.get(key, [])
        return _course(readings, replica, first_epoch=0, most=key.endswith("accuracy"))


def to_json(summary: dict[str, Any]) -> bytes:
    """Return a summary as a JSON file's bytes; what is not a finite number becomes null."""
    return msgspec.json.format(msgspec.json.encode(summary), indent=2) + b"\n"


def _course(
    readings: list[Means], replica: int, *, first_epoch: int, most: bool = False
) -> dict[str, float | int | None]:
    """Return the first, the best and the final reading, and the epoch of the best.

    The best is the least, or the greatest if `most`, of the finite ones, and the earliest of
    equals; without any it is None.
    """
    values = [float(reading[replica]) for reading in readings]
    finite = [
        (value, epoch) for epoch, value in enumerate(values, first_epoch) if np.isfinite(value)
    ]
    best = min(finite, key=lambda one: (-one[0] if most else one[0], one[1]), default=(None, None))
    return {
        "first": values[0] if values else None,
        "best": best[0],
        "best_epoch": best[1],
        "final": values[-1] if values else None,
    }
