"""Luck: how far loss, gradient and signal spread over draws of the same start, without training."""

from collections.abc import Callable, Iterator
from functools import partial
from math import isclose, nan
from typing import Annotated

import numpy as np
import torch
from msgspec import Meta

from initstudio.catalogue import Params
from initstudio.engine.initialize import initialize
from initstudio.engine.memory import refuse_if_too_large
from initstudio.engine.one_by_one import OneByOne
from initstudio.engine.plan import Plan
from initstudio.engine.stacked import Stacked, Step
from initstudio.engine.study import Heed, Study
from initstudio.engine.train import dropout_generator
from initstudio.engine.xray import FirstBatch, first_batch
from initstudio.results import Results

KEYS = ("loss", "gradient_norm", "length")
EXCESS = 5
"""Var(relu(z)^2) over its mean squared, z normal: by n units and a layer, 5 / n."""


class LuckParams(Params, frozen=True):
    """How often each contender is started."""

    draws: Annotated[
        int,
        Meta(
            ge=2,
            le=2000,
            title="Draws",
            description="Starts of each contender, under the experiment's first seed and those "
            "that follow; the data and the batch stay.",
        ),
    ] = 200


def _begin(plan: Plan, params: LuckParams, heed: Heed) -> Iterator[Results | None]:
    """Yield loss, norm of the whole gradient and length float64 [contenders, draws], NaN before.

    The length is the mean square of what leaves the last activation over that of what comes in.
    `own` [contenders, 3] are the three under the experiment's first seed; `spread` [contenders] the
    exact variance of the length for one example that comes in.
    """
    refuse_if_too_large(plan)
    contenders, first = len(plan.experiment.contenders), plan.experiment.seeds.first
    batch = first_batch(plan, first)
    values = {key: np.full((contenders, params.draws), nan) for key in KEYS}
    own = np.full((contenders, len(KEYS)), nan)
    spread = np.array([length_variance(plan, at) for at in range(contenders)])
    notes = _notes(plan)
    for draw in range(params.draws):
        for at in range(contenders):
            share = (draw * contenders + at) / (params.draws * contenders)
            found = _drawn(plan, at, first + draw, batch, partial(heed, share))
            for key, value in zip(KEYS, found, strict=True):
                values[key][at, draw] = value
            if draw == 0:
                own[at] = found
            yield None
        yield Results(
            values={
                **{key: one.copy() for key, one in values.items()},
                "own": own.copy(),
                "spread": spread,
            },
            share=(draw + 1) / params.draws,
            notes=notes,
        )


def length_variance(plan: Plan, contender: int) -> float:
    """Return the exact variance of the length of one example over draws: prod(1 + 5 / n) - 1.

    NaN unless all layers up to the last activation are Linear and ReLU in turns, with weights from
    N(0, 2 / fan_in) and biases of 0. Given what comes in, the units of a layer are independent
    normals of variance 2 |x|^2 / fan_in, so that the ratio of two lengths has mean 1 and variance
    5 / n, whatever went before.
    """
    if not plan.header.activations or plan.tunings[contender]:
        return nan
    assigned = {one.parameter: one for one in plan.assignments[contender]}
    layers = [layer for layer in plan.network if layer.layer and layer.layer.key != "flatten"]
    last = plan.watched[plan.header.activations[-1]]
    product, inside = 1.0, False
    for layer in layers:
        key = layer.layer.key if layer.layer else ""
        if key != ("relu" if inside else "linear"):
            return nan
        if inside:
            (units,) = layer.shape_out or (0,)
            product *= 1 + EXCESS / units
        for tensor in layer.tensors:
            law = assigned[f"{layer.module}.{tensor.name}"].law
            if tensor.role == "bias":
                if (law.mean, law.std) != (0, 0):
                    return nan
            elif (law.kind, law.mean) != ("normal", 0) or not isclose(
                tensor.fan_in * law.std**2, 2, rel_tol=1e-6
            ):
                return nan
        if layer is last or layer.module == last.module:
            return product - 1
        inside = not inside
    return nan


def _notes(plan: Plan) -> tuple[str, ...]:
    if any(plan.tunings):
        return ("Each draw is tuned on the first batch of its own seed.",)
    return ()


def _drawn(
    plan: Plan, at: int, seed: int, batch: FirstBatch, heed: Callable[[], object]
) -> tuple[float, float, float]:
    """Return loss, norm of the gradient and length of one contender under one seed."""
    network = initialize(plan, at, seed, heed)
    stacked = Stacked([network], [plan.multipliers[at]])
    program = OneByOne(
        stacked,
        [network],
        plan.experiment.training.loss,
        [layer.module for layer in plan.watched],
        [dropout_generator(plan.experiment.seeds.first).get_state()],
        heed=heed,
    )
    found = program.step(torch.from_numpy(batch.x)[None], torch.from_numpy(batch.y)[None])
    gradients = stacked.effective_gradients(plan.header.parameters)
    square = sum(float(one.double().square().sum()) for one in gradients)
    return float(found.loss[0]), square**0.5, _length(plan, batch, found)


def _length(plan: Plan, batch: FirstBatch, found: Step) -> float:
    if not np.issubdtype(batch.x.dtype, np.floating):
        return nan  # tokens have no length
    last = plan.header.activations[-1] if plan.header.activations else -1
    came = torch.from_numpy(batch.x).double().square().mean()
    return float(found.activations[last][0].double().square().mean() / came)


LUCK = Study(
    key="luck",
    label="Luck",
    summary="Loss, gradient and length of the signal over many draws of each start.",
    source="He et al. 2015, section 2.2: the mean of the length; its variance follows from that "
    "of (2 / n) sum relu(z)^2, z standard normal",
    order=10,
    params=LuckParams,
    begin=_begin,
)
