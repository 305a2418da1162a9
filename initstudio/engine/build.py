"""Build the network of a plan as plain torch modules."""

from collections.abc import Sequence
from dataclasses import replace

from torch import nn

from initstudio.engine.network import PlannedLayer
from initstudio.engine.plan import Plan


def build(plan: Plan) -> nn.Sequential:
    """Return the network, with torch's own starting weights from its default generator."""
    return _chain(plan.network)


def _chain(layers: Sequence[PlannedLayer]) -> nn.Sequential:
    return nn.Sequential(*(_module(layer) for layer in layers))


def _module(planned: PlannedLayer) -> nn.Module:
    if planned.layer is None or planned.place is None:
        message = "a plan has no unknown layers"
        raise ValueError(message)
    bodies = () if planned.own else tuple(_chain(body) for body in planned.bodies)
    return planned.layer.build(planned.params, replace(planned.place, bodies=bodies))
