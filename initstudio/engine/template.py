"""The one network that stands for all replicas under `vmap`, with nothing in it that mixes them.

Two kinds of torch's modules are written out anew: dropout, whose masks belong to a seed and so come
from outside, and batch normalization, whose kernel takes the channels of all replicas as one row,
so that a replica's last bits would depend on who trains beside it.
"""

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

MASK = "mask"


class Masked(nn.Module):
    """Dropout that multiplies by its buffer `mask` while training."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer(MASK, torch.ones(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x, some of it hidden."""
        return x * self.get_buffer(MASK) if self.training else x


class BatchNorm(nn.Module):
    """Batch normalization by its formula; new running statistics are left in `moved`.

    Only sums, products, quotients and roots, each of which rounds in one way only.
    """

    running_mean: torch.Tensor
    running_var: torch.Tensor

    def __init__(self, original: _BatchNorm) -> None:
        super().__init__()
        self.weight, self.bias = original.weight, original.bias
        self.register_buffer("running_mean", original.running_mean)
        self.register_buffer("running_var", original.running_var)
        self._affine = original.affine
        self._eps, self._momentum = original.eps, original.momentum or 0.0
        self.moved: dict[str, torch.Tensor] = {}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x [batch, channels, ...] with mean 0 and variance 1 over all but the channels."""
        axes = [axis for axis in range(x.dim()) if axis != 1]
        wide = [-1 if axis == 1 else 1 for axis in range(x.dim())]
        if self.training:
            count = x.numel() // x.shape[1]
            mean = x.sum(axes) / count
            centred = x - mean.view(wide)
            var = (centred * centred).sum(axes) / count
            self.moved = {
                "running_mean": self._mixed(self.running_mean, mean),
                "running_var": self._mixed(self.running_var, var * (count / (count - 1))),
            }
        else:
            centred, var = x - self.running_mean.view(wide), self.running_var
        found = centred / torch.sqrt(var + self._eps).view(wide)
        if self._affine:
            found = found * self.weight.view(wide) + self.bias.view(wide)
        return found

    def _mixed(self, old: torch.Tensor, new: torch.Tensor) -> torch.Tensor:
        return old * (1 - self._momentum) + new.detach() * self._momentum


def template_of(network: nn.Module) -> nn.Module:
    """Return the network with those modules written out; it shares no state with the original."""
    return replaced(copy.deepcopy(network), _fit)


def _fit(module: nn.Module) -> nn.Module | None:
    if isinstance(module, nn.Dropout):
        return Masked()
    return BatchNorm(module) if isinstance(module, _BatchNorm) else None


def replaced(module: nn.Module, other: Callable[[nn.Module], nn.Module | None]) -> nn.Module:
    """Return the module with each part for which `other` gives another one exchanged for it."""
    if (whole := other(module)) is not None:
        whole._forward_hooks.update(module._forward_hooks)  # noqa: SLF001 - no public name
        return whole
    for name, part in module.named_children():
        setattr(module, name, replaced(part, other))
    return module
