"""GradInit: each tensor scaled so that the loss after the first step is as low as can be."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Trial, Tuning
from initstudio.rehearsal import rehearsing, substituted

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from torch import nn
else:
    torch = lazy_loader.load("torch")

LEAST = 0.01
"""The lowest scale, as in the paper's algorithm 1."""


class GradinitParams(Params, frozen=True):
    """The search for the scales."""

    steps: Annotated[
        int,
        Meta(
            ge=1,
            le=1000,
            title="Steps",
            description="Steps of the search; each takes the derivatives of the whole network "
            "twice or three times.",
        ),
    ] = 100
    learning_rate: Annotated[
        float,
        Meta(
            gt=0,
            le=1,
            title="Learning rate τ",
            description="That of the scales, which Adam moves: about how far in a step.",
            extra={"log": True},
        ),
    ] = 0.01
    gamma: Annotated[
        float,
        Meta(
            gt=0,
            le=1000,
            title="Gradient norm γ",
            description="A gradient longer than this is shortened before anything else.",
            extra={"log": True},
        ),
    ] = 1.0
    step_size: Annotated[
        float,
        Meta(
            gt=0,
            le=10,
            title="First step η",
            description="The learning rate of the gradient step that is looked ahead.",
            extra={"log": True},
        ),
    ] = 0.1


def _tune(trial: Trial, params: GradinitParams) -> None:
    parameters = [one for one in trial.network.parameters() if one.requires_grad]
    if not parameters:
        message = "The network has nothing to train."
        raise ValueError(message)
    scales = torch.ones(len(parameters), dtype=parameters[0].dtype, requires_grad=True)
    adam = torch.optim.Adam([scales], lr=params.learning_rate)
    kept = None
    with rehearsing(trial.network), torch.enable_grad():
        for _ in range(params.steps):
            aim = _aim(trial, params, parameters, scales)
            (slope,) = torch.autograd.grad(aim, scales)
            if not (aim.isfinite() and slope.isfinite().all()):
                break
            kept = scales.detach().clone()
            scales.grad = slope
            adam.step()
            with torch.no_grad():
                scales.clamp_(min=LEAST)
        else:
            kept = scales.detach()
    if kept is None:
        message = "The loss or its gradient is not finite at the start."
        raise ValueError(message)
    with torch.no_grad():
        for parameter, scale in zip(parameters, kept, strict=True):
            parameter.mul_(scale)


def _aim(
    trial: Trial,
    params: GradinitParams,
    parameters: "Sequence[nn.Parameter]",
    scales: "torch.Tensor",
) -> "torch.Tensor":
    """Return what is to fall: the gradient's norm while above gamma, else the loss after a step."""
    scaled = [one.detach() * scale for one, scale in zip(parameters, scales, strict=True)]
    gradients = torch.autograd.grad(
        _loss(trial, parameters, scaled), scaled, create_graph=True, materialize_grads=True
    )
    norm = torch.stack([one.square().sum() for one in gradients]).sum().sqrt()
    if norm > params.gamma:
        return norm
    ahead = [one - params.step_size * slope for one, slope in zip(scaled, gradients, strict=True)]
    return _loss(trial, parameters, ahead)


def _loss(
    trial: Trial, parameters: "Sequence[nn.Parameter]", values: "Sequence[torch.Tensor]"
) -> "torch.Tensor":
    with substituted(trial.network, dict(zip(parameters, values, strict=True))):
        return trial.loss(trial.network(trial.x), trial.y)


GRADINIT = Tuning(
    key="gradinit",
    label="GradInit",
    summary="Scales each tensor so that the loss after the first gradient step is low.",
    source="Zhu et al. 2021, GradInit: learning to initialize neural networks for stable and "
    "efficient training, eq. 1 and algorithm 1",
    order=60,
    params=GradinitParams,
    tune=_tune,
)
"""Every trained tensor has a scale, biases and those of normalization too. Simpler than the paper:
the step that is looked ahead is one of plain gradient descent (the paper's A for SGD), and the loss
after it is taken on the same batch, the only one at hand."""
