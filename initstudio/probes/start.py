"""How each parameter tensor starts, measured: moments, bounds, and a test against its target.

The test answers "how do I verify that the initialization did what it says": it gives the
probability that draws from the target distribution stray as far as these do.
"""

from math import erfc, exp, nan, sqrt
from typing import TYPE_CHECKING

import lazy_loader
import numpy as np

from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from initstudio.law import Law
else:
    torch = lazy_loader.load("torch")

MOST = 20_000
"""Values of a tensor that are tested; of more, as many evenly spaced ones."""
EXACT = 1e-6
"""Relative distance from a constant that float32 may make."""


def _each(moment: Moment, statistic: "Callable[[torch.Tensor], torch.Tensor]") -> "torch.Tensor":
    """Return a statistic of all values [R, n] of each parameter, [R, parameters]."""
    found = [statistic(values.flatten(1).double()) for values in moment.parameters]
    return torch.stack(found, dim=1)


def _mean(moment: Moment) -> "torch.Tensor":
    return _each(moment, lambda values: values.mean(1))


def _std(moment: Moment) -> "torch.Tensor":
    return _each(moment, lambda values: values.std(1, correction=0))


def _least(moment: Moment) -> "torch.Tensor":
    return _each(moment, lambda values: values.amin(1))


def _greatest(moment: Moment) -> "torch.Tensor":
    return _each(moment, lambda values: values.amax(1))


def _chance(moment: Moment) -> "torch.Tensor":
    """Return the probability [R, parameters] of straying so far; NaN where nothing is tested."""
    found = np.full((len(moment.laws), len(moment.parameters)), np.nan)
    for replica, laws in enumerate(moment.laws):
        for at, (law, values) in enumerate(zip(laws, moment.parameters, strict=True)):
            if law is not None:
                found[replica, at] = chance(values[replica], law)
    return torch.from_numpy(found)


def chance(values: "torch.Tensor", law: "Law") -> float:
    """Return the probability that draws from the law stray as far from it as these values do.

    Normal and uniform: Kolmogorov-Smirnov's test, with the correction for finite samples of
    Stephens (1970). Where the law's entries are not independent or its shape has no formula here,
    the smaller of the z-tests of mean and variance, doubled. A constant: 1 or 0. What a person's
    own code does, and parts drawn from different distributions, are not tested: NaN.
    """
    if law.kind in {"own", "mixed"}:
        return nan
    flat = values.detach().flatten().double()
    if not bool(torch.isfinite(flat).all()):
        return 0.0
    if law.kind in {"constant", "fixed"} or law.std == 0:
        return _exactly(flat, law)
    if law.kind in {"normal", "uniform"}:
        stride = max(1, -(-len(flat) // MOST))
        return _kolmogorov(flat[::stride], law)
    return _moments(flat, law)


def _exactly(flat: "torch.Tensor", law: "Law") -> float:
    """Return 1 where the values have the law's mean and spread, and for a constant are it."""
    edge = EXACT * max(1e-30, abs(law.mean), law.std)
    near = abs(float(flat.mean()) - law.mean) <= edge
    near = near and abs(float(flat.std(correction=0)) - law.std) <= max(edge, EXACT)
    return float(near)


def _kolmogorov(flat: "torch.Tensor", law: "Law") -> float:
    ordered = flat.sort().values
    if law.kind == "normal":
        expected = torch.special.ndtr((ordered - law.mean) / law.std)
    else:
        expected = ((ordered - law.low) / (law.high - law.low)).clamp(0, 1)
    count = len(ordered)
    steps = torch.arange(count + 1, dtype=torch.float64) / count
    distance = max(
        float((steps[1:] - expected).max()), float((expected - steps[:-1]).max()), 1e-300
    )
    scaled = (sqrt(count) + 0.12 + 0.11 / sqrt(count)) * distance
    return _kolmogorov_tail(scaled)


def _kolmogorov_tail(x: float) -> float:
    """Return the probability that Kolmogorov's distribution exceeds x."""
    if x < 0.2:
        return 1.0  # the series converges slowly there, and the rest is below 1e-12
    tail = sum((2.0 if k % 2 else -2.0) * exp(-2 * k * k * x * x) for k in range(1, 101))
    return min(1.0, max(0.0, tail))


def _moments(flat: "torch.Tensor", law: "Law") -> float:
    count = len(flat)
    shift = abs(float(flat.mean()) - law.mean) * sqrt(count) / law.std
    square = float(((flat - law.mean) ** 2).mean()) / law.std**2
    # the variance of squares is at most the normal's 2: no law here has heavier tails, but zeros
    # among draws of a normal, whose squares vary by 3 / share - 1
    spread = abs(square - 1) * sqrt(count / (2 if law.kind != "sparse normal" else 30))
    return min(1.0, 2 * min(erfc(shift / sqrt(2)), erfc(spread / sqrt(2))))


def _probe(
    key: str, label: str, summary: str, order: int, measure: "Callable[[Moment], torch.Tensor]"
) -> Probe:
    return Probe(
        key=key,
        label=label,
        summary=summary,
        source="Definition",
        unit="",
        order=order,
        axes=("replica", "parameter"),
        cadence="start",
        measure=measure,
    )


START_MEAN = _probe(
    "start_mean", "Starting mean", "Mean of each parameter tensor at step 0.", 70, _mean
)
START_STD = _probe(
    "start_std",
    "Starting std",
    "Standard deviation of each parameter tensor at step 0, over its own mean.",
    71,
    _std,
)
START_LEAST = _probe(
    "start_least", "Starting least", "Least value of each parameter tensor at step 0.", 72, _least
)
START_GREATEST = _probe(
    "start_greatest",
    "Starting greatest",
    "Greatest value of each parameter tensor at step 0.",
    73,
    _greatest,
)
START_CHANCE = _probe(
    "start_chance",
    "Start against its target",
    "Probability that draws from a tensor's target distribution stray as far as these do.",
    74,
    _chance,
)
