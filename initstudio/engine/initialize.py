"""Start a network: the weights of one contender under one seed.

They are those of a person's own script, bit for bit: `torch.manual_seed(seed)`, the network built
(which draws torch's own defaults), then `network.apply(init)` with the functions of
`torch.nn.init`, tensor by tensor in order.
"""

import torch
from torch import nn

from initstudio.engine.build import build
from initstudio.engine.plan import Plan


def initialize(plan: Plan, contender: int, seed: int) -> nn.Sequential:
    """Return the network of the plan's contender of that index, started under `seed`."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        network = build(plan)
        for assignment in plan.assignments[contender]:
            if assignment.scheme and assignment.scheme.draw:
                tensor = network[assignment.layer].get_parameter(assignment.tensor.name)
                assignment.scheme.draw(tensor, assignment.params, torch.default_generator)
    return network
