"""The phase diagram of the network's activation, with each contender in it."""

from collections import Counter
from collections.abc import Iterator

import numpy as np

from initstudio.averages import averages_of
from initstudio.catalogue import NoParams
from initstudio.engine.assignment import Assignment
from initstudio.engine.phase import NODES, critical_line, phase
from initstudio.engine.plan import Plan
from initstudio.engine.study import Heed, Study
from initstudio.engine.theory import DRAWN
from initstudio.gaussian import Floats
from initstudio.results import Results

WEIGHTS, BIASES = 96, 64
LEAST_WEIGHT, MOST_WEIGHT, MOST_BIAS = 0.05, 4.0, 0.5
FARTHEST_WEIGHT, FARTHEST_BIAS = 16.0, 4.0
"""The ends of the diagram grow to hold all contenders, up to here."""
ROWS, SLICES = 4, 8
"""Rows of the grid in a slice of work, and slices in which tables are begun."""


def _begin(plan: Plan, _params: NoParams, _heed: Heed) -> Iterator[Results | None]:
    key, params, label = _activation(plan)
    trails = [_trail(assignments) for assignments in plan.assignments]
    layers = max((len(one) for one in trails), default=0)
    trail = np.full((len(trails), layers, 2), np.nan)
    for at, one in enumerate(trails):
        trail[at, : len(one)] = one
    points = np.stack([_point(one) for one in trail])
    weights = np.linspace(LEAST_WEIGHT, _end(points[:, 0], MOST_WEIGHT, FARTHEST_WEIGHT), WEIGHTS)
    biases = np.linspace(0, _end(points[:, 1], MOST_BIAS, FARTHEST_BIAS), BIASES)
    averages = averages_of(key, params)
    for part in np.array_split(NODES, SLICES):
        averages.moments(part)
        yield None
    for part in np.array_split(weights, SLICES):
        phase(averages, part, biases[:1])
        yield None
    rows = []
    for start in range(0, BIASES, ROWS):
        rows.append(phase(averages, weights[None], biases[start : start + ROWS, None]))
        yield None
    critical = critical_line(averages, biases)
    yield None
    yield Results(
        values={
            "weight_variance": weights,
            "bias_variance": biases,
            "depth_scale": np.concatenate([row.depth for row in rows]),
            "chi": np.concatenate([row.chi for row in rows]),
            "q": np.concatenate([row.q for row in rows]),
            "critical": critical,
            "points": points,
            "trail": trail,
        },
        notes=(label,),
    )


def _activation(plan: Plan) -> tuple[str, dict[str, object], str]:
    """Return the activation that most layers have, with its parameters, and a note."""
    found: Counter[tuple[str, tuple[tuple[str, object], ...]]] = Counter()
    labels = {}
    for layer in plan.layers:
        if layer.layer and layer.layer.group == "Activation":
            try:
                averages_of(layer.layer.key, layer.values)
            except ValueError:
                continue  # none is known of it
            one = layer.layer.key, tuple(sorted(layer.values.items()))
            found[one] += 1
            labels[one] = layer.layer.label
    if not found:
        return "linear", {}, "the network has no activation that theory knows: as if it were linear"
    (key, params), _ = found.most_common(1)[0]
    others = len(found) - 1
    besides = f", as most layers have; {others} more not shown" if others else ""
    return key, dict(params), f"for {labels[key, params]}{besides}"


def _trail(assignments: tuple[Assignment, ...]) -> Floats:
    """Return sigma_w^2 and sigma_b^2 of each layer with weights [layers, 2]; NaN where unknown."""
    biases = {one.layer.module: one for one in assignments if one.tensor.role == "bias"}
    found = []
    for one in assignments:
        if one.tensor.role != "weight" or not one.tensor.fan_in:
            continue
        drawn = one.law.kind in DRAWN and one.law.mean == 0
        weight = one.tensor.fan_in * one.law.std**2 if drawn else np.nan
        bias = biases.get(one.layer.module)
        power = bias.law.std**2 + bias.law.mean**2 if bias else 0.0
        found.append((weight, power))
    return np.array(found, np.float64).reshape(-1, 2)


def _point(trail: Floats) -> Floats:
    """Return the geometric mean of sigma_w^2 and the mean of sigma_b^2; NaN if one is not known.

    The last layer, which is followed by no activation, does not count.
    """
    inner = trail[:-1] if len(trail) > 1 else trail
    if not len(inner) or np.isnan(inner[:, 0]).any() or (inner[:, 0] <= 0).any():
        return np.array([np.nan, np.nan])
    return np.array([np.exp(np.log(inner[:, 0]).mean()), inner[:, 1].mean()])


def _end(values: Floats, least: float, most: float) -> float:
    known = values[np.isfinite(values)]
    return float(min(max(least, 1.15 * known.max(initial=0.0)), most))


PHASE = Study(
    key="phase",
    label="Phase diagram",
    summary="Where signals of the network's activation are ordered or chaotic, over the variances "
    "of weights and biases, with each contender's place.",
    source="Poole et al. 2016, figure 1; Schoenholz et al. 2017, figure 1",
    order=3,
    params=NoParams,
    begin=_begin,
)
