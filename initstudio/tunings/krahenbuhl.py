"""Data-dependent initialization: units standardized layer by layer, then layers balanced."""

from math import exp, isfinite, log
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Trial, Tuning
from initstudio.rehearsal import WeightLayer, rehearsing, walk

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

LOSSES = 16
"""Random losses that a rate is the mean of: one alone is far off where the outputs are few."""


class KrahenbuhlParams(Params, frozen=True):
    """Within the layers, and whether between them."""

    beta: Annotated[
        float,
        Meta(
            ge=-100,
            le=100,
            title="Mean β",
            description="The mean of each unit's pre-activations; above 0 fewer ReLUs are dead.",
        ),
    ] = 0.0
    between: Annotated[
        bool,
        Meta(
            title="Balance the layers",
            description="Then scale the layers against each other until all learn at the same "
            "rate relative to their weights.",
        ),
    ] = True
    rounds: Annotated[
        int,
        Meta(ge=1, le=100, title="Rounds", description="So many corrections of the balance."),
    ] = 10
    damping: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            title="Damping α",
            description="The share of the correction that each round makes; 1 is all of it.",
        ),
    ] = 0.5


def _tune(trial: Trial, params: KrahenbuhlParams) -> None:
    def visit(layer: WeightLayer) -> None:
        if layer.has_units():
            layer.standardize_units(mean=params.beta)

    layers = walk(trial.network, trial.x, visit)
    if params.between:
        _balance(trial, layers, params)


def _balance(trial: Trial, layers: list[WeightLayer], params: KrahenbuhlParams) -> None:
    """Scale the layers, as a chain, until their rates of change are equal.

    The losses are random linear functions of the outputs, drawn once. Scaling layer k by r_k
    divides its rate by r_k^2; that the r_k of a round multiply to 1 leaves the outputs of a network
    of ReLUs as they were. A bias is scaled by all r up to its layer, as its input has been.
    """
    weights = [layer.weight for layer in layers]
    directions = None
    for _ in range(params.rounds):
        with rehearsing(trial.network), torch.enable_grad():
            outputs = trial.network(trial.x)
            if directions is None:
                directions = torch.randn(
                    (LOSSES, *outputs.shape), generator=trial.generator, dtype=outputs.dtype
                )
            squares = [torch.zeros((), dtype=torch.float64) for _ in layers]
            for direction in directions:
                loss = (outputs * direction).sum()
                gradients = torch.autograd.grad(
                    loss, weights, retain_graph=True, materialize_grads=True
                )
                for at, gradient in enumerate(gradients):
                    squares[at] += gradient.double().square().mean() / LOSSES
        logs = [_log_rate(*pair) for pair in zip(layers, squares, strict=True)]
        middle = sum(logs) / len(logs)
        scale = 1.0
        with torch.no_grad():
            for layer, rate in zip(layers, logs, strict=True):
                factor = exp(params.damping / 2 * (rate - middle))
                scale *= factor
                layer.weight.mul_(factor)
                if layer.bias is not None:
                    layer.bias.mul_(scale)


def _log_rate(layer: WeightLayer, square: "torch.Tensor") -> float:
    """Return the logarithm of the rate of change C: root mean squares, gradient over weight."""
    size = layer.weight.detach().double().square().mean().sqrt().item()
    reach = square.sqrt().item()
    if not (isfinite(size) and isfinite(reach) and size > 0 and reach > 0):
        message = (
            f"The gradient or the weights of {layer.label} are 0 or not finite, so the layers "
            "cannot be balanced."
        )
        raise ValueError(message)
    return log(reach) - log(size)


KRAHENBUHL = Tuning(
    key="krahenbuhl",
    label="Krähenbühl",
    summary="Standardizes each unit on a batch, then balances how fast the layers learn.",
    source="Krähenbühl et al. 2016, Data-dependent initializations of convolutional neural "
    "networks, algorithms 1 (within) and 2 (between layers)",
    order=40,
    params=KrahenbuhlParams,
    tune=_tune,
)
"""The weights start as drawn. As in the authors' code, the rate of a layer is that of all its
weights together. Layers without units are not standardized but are balanced; recurrent layers and
attention are passed by."""
