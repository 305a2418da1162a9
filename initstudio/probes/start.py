"""How each parameter tensor starts, measured: moments, bounds, and a test against its target.

The test answers "how do I verify that the initialization did what it says": it gives the
probability that draws from the target distribution stray as far as these do.
"""

from math import erfc, exp, isfinite, nan, sqrt
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.alike import moments
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import torch

    from initstudio.law import Law
else:
    torch = lazy_loader.load("torch")

MOST = 20_000
"""Values of a tensor that are tested; of more, as many evenly spaced ones."""
TOGETHER = 2**16
"""Values of tensors of one size that are tested at once."""
PARTS = 2048
"""Bins that the values are sorted into at first."""
EXACT = 1e-6
"""Relative distance from a constant that float32 may make."""


def _mean(moment: Moment) -> "torch.Tensor":
    return _moments(moment)[..., 0]


def _std(moment: Moment) -> "torch.Tensor":
    return _moments(moment)[..., 2]


def _least(moment: Moment) -> "torch.Tensor":
    return torch.stack([values.flatten(1).amin(1) for values in moment.parameters], dim=1)


def _greatest(moment: Moment) -> "torch.Tensor":
    return torch.stack([values.flatten(1).amax(1) for values in moment.parameters], dim=1)


def _moments(moment: Moment) -> "torch.Tensor":
    """Return mean, mean square and std of each parameter [R, parameters, 3], worked out once."""
    if "parameters" not in moment.shared:
        moment.shared["parameters"] = moments(moment.parameters)
    found: torch.Tensor = moment.shared["parameters"]
    return found


def _chance(moment: Moment) -> "torch.Tensor":
    """Return the probability [R, parameters] of straying so far; NaN where nothing is tested."""
    places = [
        (replica, at)
        for replica, laws in enumerate(moment.laws)
        for at, law in enumerate(laws)
        if law is not None
    ]
    found = torch.full((len(moment.laws), len(moment.parameters)), nan, dtype=torch.float64)
    values = [moment.parameters[at][replica] for replica, at in places]
    laws = [moment.laws[replica][at] for replica, at in places]
    for (replica, at), one in zip(places, chances(values, laws), strict=True):
        found[replica, at] = one
    return found


def chances(values: "Sequence[torch.Tensor]", laws: "Sequence[Law | None]") -> list[float]:
    """Return the probability, for each, that draws from the law stray as far from it as they do.

    Normal and uniform: Kolmogorov-Smirnov's test, with the correction for finite samples of
    Stephens (1970). Where the law's entries are not independent or its shape has no formula here,
    the smaller of the z-tests of mean and variance, doubled. A constant: 1 or 0. What a person's
    own code does, and parts drawn from different distributions, are not tested: NaN.
    """
    found = [nan] * len(values)
    alike: dict[tuple[str, int], list[int]] = {}
    for at, (one, law) in enumerate(zip(values, laws, strict=True)):
        if law is None or law.kind in {"own", "mixed"}:
            continue
        if not isfinite(one.abs().max()):
            found[at] = 0.0
        elif law.kind in {"constant", "fixed"} or law.std == 0:
            found[at] = _exactly(one.flatten().double(), law)
        elif law.kind in {"normal", "uniform"}:
            alike.setdefault((law.kind, one.numel()), []).append(at)
        else:
            found[at] = _by_moments(one.flatten().double(), law)
    for (kind, size), places in alike.items():
        stride = max(1, -(-size // MOST))
        count = max(1, TOGETHER // min(size, MOST))
        for start in range(0, len(places), count):
            some = places[start : start + count]
            rows = torch.stack([values[at].flatten()[::stride] for at in some])
            shares = _shares(rows, kind, [law for at in some if (law := laws[at])])
            for at, distance in zip(some, _farthest(shares).tolist(), strict=True):
                found[at] = _kolmogorov(distance, shares.shape[1])
    return found


def _exactly(flat: "torch.Tensor", law: "Law") -> float:
    """Return 1 where the values have the law's mean and spread, and for a constant are it."""
    edge = EXACT * max(1e-30, abs(law.mean), law.std)
    near = abs(float(flat.mean()) - law.mean) <= edge
    near = near and abs(float(flat.std(correction=0)) - law.std) <= max(edge, EXACT)
    return float(near)


def _shares(rows: "torch.Tensor", kind: str, laws: "Sequence[Law]") -> "torch.Tensor":
    """Return the share [m, n] of each law that lies below the values of its row [m, n].

    In the precision of the values: float32 moves no share by a hundredth of one value's.
    """

    def column(numbers: "Iterable[float]") -> torch.Tensor:
        return torch.tensor(list(numbers), dtype=rows.dtype)[:, None]

    if kind == "normal":
        away = rows - column(law.mean for law in laws)
        shares: torch.Tensor = torch.special.ndtr(away / column(law.std for law in laws))
        return shares
    low = column(law.low for law in laws)
    return ((rows - low) / (column(law.high for law in laws) - low)).clamp_(0, 1)


def _kolmogorov(distance: float, count: int) -> float:
    """Return the probability that so many draws are so far from their distribution."""
    scaled = (sqrt(count) + 0.12 + 0.11 / sqrt(count)) * max(distance, 1e-300)
    return _kolmogorov_tail(scaled)


def _farthest(shares: "torch.Tensor") -> "torch.Tensor":
    """Return how far the values [m, n] in [0, 1] are from uniform, at most, float64 [m].

    Sorting them all costs three times as much: counts in bins tell the distance at the bins' edges,
    and which bins may hide a greater one.
    """
    rows, count = shares.shape
    place = (shares * PARTS).int().clamp_(max=PARTS - 1)
    place += PARTS * torch.arange(rows, dtype=torch.int32)[:, None]
    place = place.flatten()
    counts = torch.bincount(place, minlength=rows * PARTS).view(rows, PARTS)
    edges = torch.arange(PARTS + 1, dtype=torch.float64) / PARTS
    below = torch.cat([counts.new_zeros(rows, 1), counts.cumsum(1)], dim=1)
    share = below.double() / count
    known = (share - edges).abs().amax(1)
    most = torch.maximum(share[:, 1:] - edges[:-1], edges[1:] - share[:, :-1])
    hiding = most >= known[:, None]
    among = hiding.flatten()[place].nonzero()[:, 0]
    inside, some = place[among], shares.flatten()[among].double()
    order = (some + 2 * inside.div(PARTS, rounding_mode="floor")).argsort()
    inside, some = inside[order], some[order]
    shown = torch.where(hiding, counts, 0).flatten()
    skipped = below[:, :-1].flatten() - (shown.cumsum(0) - shown)
    rank = torch.arange(len(some)) + skipped[inside]
    away = torch.maximum((rank + 1).double() / count - some, some - rank.double() / count)
    return known.scatter_reduce(0, inside.div(PARTS, rounding_mode="floor"), away, "amax")


def _kolmogorov_tail(x: float) -> float:
    """Return the probability that Kolmogorov's distribution exceeds x."""
    if x < 0.2:
        return 1.0  # the series converges slowly there, and the rest is below 1e-12
    tail = sum((2.0 if k % 2 else -2.0) * exp(-2 * k * k * x * x) for k in range(1, 101))
    return min(1.0, max(0.0, tail))


def _by_moments(flat: "torch.Tensor", law: "Law") -> float:
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
