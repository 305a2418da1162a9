"""What a formula may ask of the layer that it is for."""

import math
from collections.abc import Mapping

from initstudio.catalogue import TensorSpec

GAIN = math.sqrt(2)
"""The gain where no activation is known: that of ReLU."""

CONSTANTS = {"pi": math.pi, "e": math.e}

FACTS: Mapping[str, str] = {
    "fan_in": "Inputs of one unit, as torch.nn.init counts them.",
    "fan_out": "Outputs that one input goes to, as torch.nn.init counts them.",
    "fan_avg": "The mean of fan_in and fan_out.",
    "rows": "Length of the tensor's first axis.",
    "columns": "Values in one row, over all other axes.",
    "size": "Number of values of the tensor.",
    "dims": "Number of axes of the tensor.",
    "layers": "Number of layers with weights in the network.",
    "layer": "Which of the layers with weights this is, from 1.",
    "is_first": "1 in the first layer with weights, else 0.",
    "is_last": "1 in the last layer with weights, else 0.",
    "branches": "Number of residual branches; 0 outside of one.",
    "branch_layers": "Layers with weights in this residual branch; 0 outside of one.",
    "gain": "The gain of the activation that follows, 1 / sqrt(E[phi^2]): of ReLU sqrt(2).",
    "pi": "3.14159...",
    "e": "2.71828...",
}
"""Every name with its help."""


def facts_of(tensor: TensorSpec, gain: float = GAIN) -> dict[str, float]:
    """Return the facts of a tensor by name; what is true counts as 1."""
    site, branch = tensor.site, tensor.site.branch
    rows = tensor.shape[0] if tensor.shape else 1
    facts = {
        "fan_in": tensor.fan_in,
        "fan_out": tensor.fan_out,
        "fan_avg": (tensor.fan_in + tensor.fan_out) / 2,
        "rows": rows,
        "columns": tensor.size // rows if rows else 0,
        "size": tensor.size,
        "dims": len(tensor.shape),
        "layers": site.layers,
        "layer": site.at + 1,
        "is_first": site.is_first,
        "is_last": site.is_last,
        "branches": branch.branches if branch else 0,
        "branch_layers": branch.layers if branch else 0,
        "gain": gain,
    }
    return {name: float(value) for name, value in facts.items()}
