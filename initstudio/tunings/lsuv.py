"""Layer-sequential unit variance: weights scaled until each layer's output has variance 1."""

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Trial, Tuning
from initstudio.rehearsal import WeightLayer, is_constant, walk

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class LsuvParams(Params, frozen=True):
    """The start, and when a layer is done."""

    start: Annotated[
        Literal["drawn", "orthogonal", "gaussian"],
        Meta(
            title="Start from",
            description="What is scaled: the weights as they were drawn, orthonormal matrices as "
            "in the paper, or draws of N(0, 1).",
            extra={
                "choices": {
                    "drawn": "Weights as drawn",
                    "orthogonal": "Orthogonal",
                    "gaussian": "Gaussian",
                }
            },
        ),
    ] = "orthogonal"
    tolerance: Annotated[
        float,
        Meta(
            ge=1e-4,
            le=1,
            title="Tolerance",
            description="How far from 1 the variance of a layer's output may stay.",
            extra={"log": True},
        ),
    ] = 0.1
    tries: Annotated[
        int,
        Meta(ge=1, le=100, title="Tries", description="At most so many scalings of each layer."),
    ] = 10


def _tune(trial: Trial, params: LsuvParams) -> None:
    walk(trial.network, trial.x, partial(_visit, params=params, generator=trial.generator))


def _visit(layer: WeightLayer, params: LsuvParams, generator: "torch.Generator") -> None:
    _draw(layer, params.start, generator)
    if not layer.weight.any():
        message = f"The weights of {layer.label} are all 0, which no scale can change."
        raise ValueError(message)
    variance = _variance(layer)
    for _ in range(params.tries):
        if abs(variance - 1) < params.tolerance:
            return
        layer.weight.copy_(layer.weight.double() / variance**0.5)
        variance = _variance(layer)
    if abs(variance - 1) >= params.tolerance:
        message = (
            f"The output of {layer.label} has the variance {variance:.3g} after {params.tries} "
            f"tries, not 1 to within {params.tolerance:g}; its biases may be too spread."
        )
        raise ValueError(message)


def _draw(layer: WeightLayer, start: str, generator: "torch.Generator") -> None:
    if start == "orthogonal":
        torch.nn.init.orthogonal_(layer.weight, generator=generator)
    elif start == "gaussian":
        torch.nn.init.normal_(layer.weight, generator=generator)
    padding = getattr(layer.module, "padding_idx", None)  # that row of an embedding stays 0
    if start != "drawn" and padding is not None:
        layer.weight[padding] = 0


def _variance(layer: WeightLayer) -> float:
    """Return the variance of the layer's output over the batch and all units."""
    output = layer.output().double()
    std = output.std(correction=0)
    if is_constant(output, std, layer.weight.dtype):
        message = (
            f"The output of {layer.label} is the same for the whole batch and all units, which no "
            "scale can spread."
        )
        raise ValueError(message)
    return std.item() ** 2


LSUV = Tuning(
    key="lsuv",
    label="LSUV",
    summary="Scales the weights layer by layer until each output has variance 1 on a batch.",
    source="Mishkin and Matas 2016, All you need is a good init, algorithm 1",
    order=10,
    params=LsuvParams,
    tune=_tune,
)
"""Biases stay as they were drawn. Recurrent layers and attention are passed by, but for the plain
layers inside of them."""
