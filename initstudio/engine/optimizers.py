"""The optimisers of `torch.optim`, by what an experiment names."""

from collections.abc import Iterable

import torch

from initstudio.experiment import SGD, Adam, AdamW, Training


def optimizer_of(
    training: Training, parameters: Iterable[torch.Tensor], *, fused: bool = False
) -> torch.optim.Optimizer:
    """Return the optimiser; `fused` does the same sums in one pass, where torch has one."""
    chosen, rate = training.optimizer, training.learning_rate
    decay = chosen.weight_decay
    if isinstance(chosen, SGD):
        return torch.optim.SGD(
            parameters,
            rate,
            momentum=chosen.momentum,
            nesterov=chosen.nesterov,
            weight_decay=decay,
            fused=fused,
        )
    if isinstance(chosen, Adam | AdamW):
        kind = torch.optim.Adam if isinstance(chosen, Adam) else torch.optim.AdamW
        betas = (chosen.beta1, chosen.beta2)
        return kind(parameters, rate, betas, chosen.eps, weight_decay=decay, fused=fused)
    return torch.optim.RMSprop(
        parameters, rate, chosen.alpha, chosen.eps, weight_decay=decay, momentum=chosen.momentum
    )
