"""What a network computes with where its parameters have multipliers.

Training uses `multiplied`, a person's script the module that `multiply` puts into the network.
"""

from collections.abc import Mapping

import torch
from torch import nn


def multiplied(
    network: nn.Module, multipliers: Mapping[str, float | torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return the parameters of these names times their multipliers, for `functional_call`."""
    return {name: network.get_parameter(name) * by for name, by in multipliers.items()}


class Times(nn.Module):
    """A parametrization of torch's: what is trained, times a number."""

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, trained: torch.Tensor) -> torch.Tensor:
        """Return what the network computes with."""
        return trained * self.by


def multiply(network: nn.Module, parameter: str, by: float) -> None:
    """Let the network compute with a parameter times a number; what it is stays, and is trained.

    Its name in `state_dict` becomes "0.parametrizations.weight.original" for "0.weight". Where
    several modules share it, all of them do so.
    """
    wanted = network.get_parameter(parameter)
    places = [
        (module, name)
        for module in network.modules()
        for name, one in module.named_parameters(recurse=False)
        if one is wanted
    ]
    for module, name in places:
        nn.utils.parametrize.register_parametrization(module, name, Times(by))


def plain_name(name: str) -> str:
    """Return a parameter's name as it is without `multiply`."""
    return name.replace("parametrizations.", "").removesuffix(".original")
