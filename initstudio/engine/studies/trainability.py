"""Trainability: which depths learn at which sigma_w^2, each cell of the map a short training."""

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator
from functools import partial
from math import nan
from typing import Annotated, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from initstudio import gaussian
from initstudio.averages import averages_of
from initstudio.catalogue import Params
from initstudio.cells import row_experiment
from initstudio.engine.network import NETWORK
from initstudio.engine.phase import phase
from initstudio.engine.plan import Plan, problems
from initstudio.engine.study import Heed, Study
from initstudio.engine.train import train
from initstudio.engine.typical import activation_of, width_of
from initstudio.errors import ExperimentError
from initstudio.experiment import MAX_CONTENDERS, Choice, Experiment
from initstudio.layer_edits import MAX_DEPTH
from initstudio.results import Results

Floats: TypeAlias = npt.NDArray[np.float64]

LAST = 10
"""Steps over which a cell's loss and accuracy are means."""
CURVE = 60
"""Points of theory's curve."""
REACH = 6
"""Depth scales through which a network can be trained (Schoenholz et al. 2017, figure 5)."""
MOST_KEPT = 64
"""Rows that are kept: more than a map has."""


class TrainabilityParams(Params, frozen=True):
    """The map's cells."""

    rows: Annotated[int, Meta(ge=1, le=50, title="Depths")] = 8
    columns: Annotated[
        int, Meta(ge=2, le=MAX_CONTENDERS, title="Variances", description="Values of sigma_w^2.")
    ] = 6
    shallowest: Annotated[
        int, Meta(ge=1, le=MAX_DEPTH, title="Shallowest", extra={"unit": "layers"})
    ] = 2
    deepest: Annotated[int, Meta(ge=1, le=MAX_DEPTH, title="Deepest", extra={"unit": "layers"})] = (
        50
    )
    steps: Annotated[
        int,
        Meta(ge=1, le=10_000, title="Steps", description="Updates of each cell.", extra={"log": 1}),
    ] = 100
    bias_variance: Annotated[
        float,
        Meta(ge=0, le=100, title="sigma_b^2", description="Variance of the biases at the start."),
    ] = 0.0


_kept: OrderedDict[bytes, Floats] = OrderedDict()
"""Rows that have been trained in this process, so that a map goes on where it was stopped."""


def _begin(plan: Plan, params: TrainabilityParams, heed: Heed) -> Iterator[Results | None]:
    """Yield loss, accuracy and the loss of the start float64 [rows, columns], NaN before.

    `depth` int64 [rows], `weight_variance` float64 [columns]; theory's curve of six depth scales is
    `curve_depth` over `curve_variance` float64 [60], NaN where the scale has no end or is unknown.
    """
    if params.shallowest > params.deepest:
        raise ExperimentError(
            "trainability.params.deepest", "The deepest network must not be the shallowest."
        )
    activation, width = activation_of(plan.layers), width_of(plan.layers)
    depths = np.linspace(params.shallowest, params.deepest, params.rows).round().astype(np.int64)
    critical, notes = _critical(activation, params.bias_variance)
    variances = np.linspace(critical / 2, critical * 2, params.columns)
    rows = [
        row_experiment(
            plan.experiment,
            activation=activation,
            depth=int(depth),
            width=width,
            weight_variances=[float(one) for one in variances],
            bias_variance=params.bias_variance,
            steps=params.steps,
        )
        for depth in depths
    ]
    for problem in problems(rows[0])[:1]:
        why = "The map trains Linear layers, and they do not fit these data."
        raise ExperimentError(NETWORK, f"{why} {problem.why}")
    cells = np.full((3, len(rows), len(variances)), nan)
    line = np.linspace(critical / 2, critical * 2, CURVE)
    reached = _curve(activation, line, params.bias_variance)
    yield None

    def results(share: float) -> Results:
        loss, accuracy, start = cells.copy()
        return Results(
            values={
                "depth": depths,
                "weight_variance": variances,
                "loss": loss,
                "accuracy": accuracy,
                "start_loss": start,
                "curve_variance": line,
                "curve_depth": reached,
            },
            share=share,
            notes=notes,
        )

    yield results(0.0)
    for at, row in enumerate(rows):
        share = partial(_whole, at, len(rows))
        for step in _trained(plan, row, params.steps, partial(heed, share(0))):
            news = step % LAST == 0 and step < params.steps
            yield results(share(step / params.steps)) if news else None
        cells[:, at] = _kept[_key(plan, row, params.steps)]
        yield results(share(1))


def _curve(activation: Choice, variances: Floats, bias_variance: float) -> Floats:
    """Return six depth scales at each sigma_w^2 [n]; NaN where they have no end or are unknown."""
    try:
        averages = averages_of(activation.key, activation.params)
    except ValueError:
        return np.full_like(variances, nan)
    depth = REACH * phase(averages, variances, np.array(bias_variance)).depth
    return np.where(np.isfinite(depth), depth, nan)


def _critical(activation: Choice, bias_variance: float) -> tuple[float, tuple[str, ...]]:
    """Return the critical sigma_w^2; where there is none what keeps a mean square of 1; a note."""
    try:
        found = gaussian.critical_weight_variance(activation.key, activation.params, bias_variance)
    except ValueError as error:
        try:
            kept = gaussian.second_moment_gain(activation.key, activation.params) ** 2
        except ValueError:
            kept = 1.0  # nothing is known of it
        text = f"No critical sigma_w^2 is known, so the map lies around {kept:.4g}: {error}."
        return kept, (text,)
    return found, (f"Critical sigma_w^2: {found:.4g}.",)


def _trained(
    plan: Plan, row: Experiment, steps: int, heed: Callable[[], None]
) -> Generator[int, None, None]:
    """Train a row and yield the number of steps that are done; it is kept, and not made twice."""
    key = _key(plan, row, steps)
    if key in _kept:
        _kept.move_to_end(key)
        return
    losses, right = [], []
    running = train(row, lambda _networks: heed())
    for step in range(1, steps + 1):
        readings = next(running).readings
        losses.append(readings["loss"].astype(np.float64))
        right.append(readings["accuracy"].astype(np.float64))
        yield step
    running.close()
    _kept[key] = np.array([_late(losses), _late(right), losses[0]])
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)


def _late(readings: list[Floats]) -> Floats:
    """Return the mean of the last readings [columns]."""
    return np.asarray(np.mean(readings[-LAST:], axis=0), np.float64)


def _key(plan: Plan, row: Experiment, steps: int) -> bytes:
    return msgspec.msgpack.encode((row.work(), repr(plan.facts), steps))


def _whole(at: int, parts: int, done: float) -> float:
    """Return the share of one of equal parts as that of the whole."""
    return (at + done) / parts


TRAINABILITY = Study(
    key="trainability",
    label="Trainability",
    summary="Short trainings over depth and sigma_w^2, and how deep theory says a signal reaches.",
    source="Schoenholz et al. 2017, Deep Information Propagation, figure 5",
    order=20,
    params=TrainabilityParams,
    begin=_begin,
)
