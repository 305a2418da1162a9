"""Build the network of a plan as plain torch modules."""

from torch import nn

from initstudio.engine.plan import Plan


def build(plan: Plan) -> nn.Sequential:
    """Return the network, with torch's own starting weights from its default generator."""
    modules = []
    for layer in plan.layers:
        if layer.layer is None or layer.shape_in is None:
            message = "a plan has no unknown layers"
            raise ValueError(message)
        modules.append(layer.layer.build(layer.params, layer.shape_in, plan.facts.classes))
    return nn.Sequential(*modules)
