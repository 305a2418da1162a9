"""Tensors and places as a test needs them, with what torch counts filled in."""

from typing import Any

import torch

from initstudio.catalogue import Place, Role, Shape, Site, TensorSpec
from initstudio.experiment import Choice
from initstudio.law import Law, constant_law, uniform_law
from initstudio.layers import LAYERS
from tests.own_networks import MLP, own

STARTS: dict[Role, float] = {"scale": 1.0, "shift": 0.0, "slope": 0.25}


def spec(
    *shape: int,
    role: Role = "weight",
    fans: tuple[int, int] | None = None,
    layer: str = "",
    name: str = "",
    gates: int = 1,
    site: Site | None = None,
) -> TensorSpec:
    """Return a tensor of a Linear layer, or of a norm for the roles that only those have.

    A bias takes the fans of its weight from `fans`.
    """
    if fans is None:
        many = role == "weight" and len(shape) > 1
        fans = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(shape)) if many else (0, 0)
    default: Law = constant_law(STARTS[role]) if role in STARTS else uniform_law(0)
    if fans[0]:
        default = uniform_law(float(fans[0]) ** -0.5)
    return TensorSpec(
        name=name or role,
        role=role,
        shape=shape,
        fan_in=fans[0],
        fan_out=fans[1],
        default=default,
        layer=layer,
        gates=gates,
        site=site or Site(),
    )


def build(key: str, shape: Shape = (1,), outputs: int = 1, **values: Any) -> torch.nn.Module:  # noqa: ANN401
    """Return a layer's module, for examples of that shape."""
    layer = LAYERS[key]
    return layer.build(layer.parse(values), Place(shape=shape, outputs=outputs))


ENDS = (Choice("flatten"), Choice("output"))
IMAGE = (
    Choice("linear", {"units": 64}),
    Choice("unflatten", {"channels": 4, "height": 4, "width": 4}),
)
SEQUENCE = (
    Choice("linear", {"units": 12}),
    Choice("unflatten", {"height": 3, "width": 4}),
    Choice("as_sequence"),
)
ROW = (Choice("linear", {"units": 7}),)
BEFORE = {"Convolution": IMAGE, "Pooling": IMAGE, "Recurrent": SEQUENCE, "Attention": SEQUENCE}
OTHER = {
    **dict.fromkeys(("group_norm", "instance_norm"), IMAGE),
    **dict.fromkeys(("last_steps", "mean_steps", "as_sequence", "conv1d"), SEQUENCE),
    **dict.fromkeys(("conv_transpose1d", "max_pool1d", "avg_pool1d"), SEQUENCE),
    "unflatten": (Choice("linear", {"units": 64}),),
}


def around(key: str) -> tuple[Choice, ...]:
    """Return a small network for a row of values, with this layer in it."""
    inside = (Choice("linear", {"units": 7}), Choice("dropout"), Choice("tanh"))
    layer = Choice(key, inside=inside if LAYERS[key].bodies else ())
    if key == "own":
        layer = own(MLP.replace("inputs=6", "inputs=7"), (7,))
    before = OTHER.get(key) or BEFORE.get(LAYERS[key].group, ROW)
    end = () if key == "output" else ENDS
    return (*before, layer, Choice("tanh"), *end) if end else (*before, Choice("tanh"), layer)
