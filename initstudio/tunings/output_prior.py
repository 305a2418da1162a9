"""The last bias set so that an untrained network answers with what is most common."""

from typing import TYPE_CHECKING, Any

import lazy_loader

from initstudio.catalogue import NoParams, Trial, Tuning
from initstudio.rehearsal import rehearsing, trained_bias

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = lazy_loader.load("torch")

ABSENT = 0.5
"""How many examples a class counts that has none: its logarithm is to be finite."""


def _tune(trial: Trial, _params: NoParams) -> None:
    bias, outputs = _last_bias(trial)
    if trial.all_y.is_floating_point():
        prior = _mean(trial.all_y, outputs)
    else:
        prior = _best_constant(trial, _frequencies(trial.all_y, outputs))
    if not prior.isfinite().all():
        message = "The targets are not finite, and have no mean for the last bias."
        raise ValueError(message)
    with torch.no_grad():
        bias.copy_(prior)


def _last_bias(trial: Trial) -> "tuple[nn.Parameter, int]":
    """Return the bias that is added last, and how many outputs the network has."""
    last: list[tuple[nn.Parameter, torch.Tensor]] = []

    def met(module: "nn.Module", _args: tuple[Any, ...], output: object) -> None:
        bias = trained_bias(module)
        if bias is not None and isinstance(output, torch.Tensor):
            last[:] = [(bias, output.clone())]

    hooks = [module.register_forward_hook(met) for module in trial.network.modules()]
    try:
        with rehearsing(trial.network), torch.no_grad():
            answer = trial.network(trial.x)
    finally:
        for hook in hooks:
            hook.remove()
    if not last:
        message = "The network has no layer with a bias."
        raise ValueError(message)
    bias, output = last[0]
    same = torch.equal(output.flatten().nan_to_num(), answer.flatten().nan_to_num())
    if not same or bias.numel() != answer.shape[-1]:
        message = "The network does not end with a layer that has a bias for each output."
        raise ValueError(message)
    return bias, answer.shape[-1]


def _mean(targets: "torch.Tensor", outputs: int) -> "torch.Tensor":
    """Return the mean target, float64 [outputs]."""
    if targets.shape[-1] != outputs:
        message = (
            f"The targets have {targets.shape[-1]} values each, and the network {outputs} outputs."
        )
        raise ValueError(message)
    return targets.double().flatten(0, -2).mean(0)


def _frequencies(targets: "torch.Tensor", classes: int) -> "torch.Tensor":
    """Return the frequency of each class, float64 [classes]."""
    if targets.numel() == 0 or targets.min() < 0 or targets.max() >= classes:
        message = f"The targets are not classes from 0 to {classes - 1}."
        raise ValueError(message)
    counts = torch.bincount(targets.flatten(), minlength=classes).double().clamp(min=ABSENT)
    return counts / counts.sum()


def _best_constant(trial: Trial, frequencies: "torch.Tensor") -> "torch.Tensor":
    """Return the outputs that give the least loss when they are the same for every example.

    They are the logarithms of the frequencies for cross-entropy, the frequencies themselves for
    squared errors and their log-odds for a binary cross-entropy of each class.
    """
    # with one class only it has the frequency 1, and its log-odds no limit
    odds = frequencies.clamp(max=1 - ABSENT / (trial.all_y.numel() + ABSENT))
    candidates = [frequencies.log(), frequencies, odds.logit()]
    shape = (*trial.all_y.shape, len(frequencies))
    return min(candidates, key=lambda one: trial.loss(one.expand(shape), trial.all_y).item())


OUTPUT_PRIOR = Tuning(
    key="output_prior",
    label="Output prior",
    summary="Sets the last bias to the log class frequencies, or to the mean of the targets.",
    source="Karpathy 2019, A recipe for training neural networks, 'init well'; Lin et al. 2017, "
    "Focal loss, section 3.3",
    order=20,
    params=NoParams,
    tune=_tune,
)
"""With last weights of 0 the first loss is that of the class frequencies. A class without examples
counts as half a one. Under a loss other than cross-entropy the bias is what that loss asks for."""
