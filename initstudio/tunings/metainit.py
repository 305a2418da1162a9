"""MetaInit: the norms of the weights chosen so that a gradient step meets little curvature."""

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Trial, Tuning
from initstudio.rehearsal import matrices, rehearsing

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

EPSILON = 1e-5
"""Keeps the quotient finite where the gradient is 0."""
LEAST = 0.5
"""A norm falls to no less than this share of itself in a step, so that it stays above 0."""


class MetainitParams(Params, frozen=True):
    """The descent over the norms."""

    steps: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            title="Steps",
            description="Steps of the descent; each takes the derivatives of the whole network "
            "three times.",
        ),
    ] = 100
    learning_rate: Annotated[
        float,
        Meta(
            gt=0,
            le=10,
            title="Learning rate",
            description="How far a norm moves in a step, before momentum.",
            extra={"log": True},
        ),
    ] = 0.1
    momentum: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Momentum",
            description="The share of a move that is made again at the next step.",
        ),
    ] = 0.9


def gradient_quotient(loss: "torch.Tensor", parameters: "Sequence[torch.Tensor]") -> "torch.Tensor":
    """Return the gradient quotient: the mean over all values of |(g - H g) / (g + e) - 1|.

    g is the gradient of the loss and H its Hessian; e has the size EPSILON and the sign of g.
    """
    gradients = torch.autograd.grad(loss, parameters, create_graph=True, materialize_grads=True)
    half = torch.stack([one.square().sum() for one in gradients]).sum() / 2
    products = torch.autograd.grad(half, parameters, create_graph=True, materialize_grads=True)
    total = torch.zeros(())
    for gradient, product in zip(gradients, products, strict=True):
        epsilon = torch.where(gradient.detach() >= 0, EPSILON, -EPSILON)
        total = total + ((gradient - product) / (gradient + epsilon) - 1).abs().sum()
    return total / sum(one.numel() for one in parameters)


def _tune(trial: Trial, params: MetainitParams) -> None:
    weights = {name: one for name, one in matrices(trial.network).items() if one.any()}
    if not weights:
        message = "The network has no matrix of weights that are not all 0."
        raise ValueError(message)
    drawn = [one.detach().double().clone() for one in weights.values()]
    first = [one.norm().item() for one in drawn]
    norms, speeds = list(first), [0.0] * len(first)
    best: tuple[float, list[float]] | None = None
    with rehearsing(trial.network):
        for step in range(params.steps + 1):
            quotient, slopes = _quotient_and_slopes(trial, list(weights.values()))
            if not isfinite(quotient):
                break
            if best is None or quotient < best[0]:
                best = (quotient, list(norms))
            if step == params.steps:
                break
            for at, slope in enumerate(slopes):
                speeds[at] = params.momentum * speeds[at] - params.learning_rate * slope
                norms[at] = max(norms[at] + speeds[at], LEAST * norms[at])
            _scale(list(weights.values()), drawn, first, norms)
    if best is None:
        message = "The loss or its derivatives are not finite at the start."
        raise ValueError(message)
    _scale(list(weights.values()), drawn, first, best[1])


def _quotient_and_slopes(
    trial: Trial, weights: "Sequence[torch.Tensor]"
) -> tuple[float, list[float]]:
    """Return the gradient quotient, and the sign of its slope along the norm of each weight."""
    parameters = [one for one in trial.network.parameters() if one.requires_grad]
    with torch.enable_grad():
        loss = trial.loss(trial.network(trial.x), trial.y)
        quotient = gradient_quotient(loss, parameters)
        slopes = torch.autograd.grad(quotient, weights, materialize_grads=True)
    along = [(one.detach() * slope).sum() for one, slope in zip(weights, slopes, strict=True)]
    return quotient.item(), [one.sign().nan_to_num().item() for one in along]


def _scale(
    weights: "Sequence[torch.Tensor]",
    drawn: "Sequence[torch.Tensor]",
    first: Sequence[float],
    norms: Sequence[float],
) -> None:
    with torch.no_grad():
        for weight, start, before, norm in zip(weights, drawn, first, norms, strict=True):
            weight.copy_(start * (norm / before))


METAINIT = Tuning(
    key="metainit",
    label="MetaInit",
    summary="Finds norms of the weights at which curvature disturbs a gradient step least.",
    source="Dauphin and Schoenholz 2019, MetaInit: initializing learning by learning to "
    "initialize, eq. 1 and appendix (signed momentum descent over the norms)",
    order=50,
    params=MetainitParams,
    tune=_tune,
)
"""Only norms change: each matrix keeps its direction, and one of zeros stays. Differs from the
paper in three points: the batch is a real one, the same at each step; a norm at most halves in a
step; and the norms with the least quotient on the way are kept, not the last."""
