"""The weights of the first layer, as images of what its units look for in the data's images."""

from math import prod
from typing import TYPE_CHECKING

import lazy_loader

from initstudio.catalogue import DataFacts, Shape
from initstudio.measurement import Moment, Probe

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

UNITS = 64
"""Units that are measured, at most."""
LIMIT = 2 * 2**20
"""Bytes of one reading, at most; of larger images there are fewer units."""
BYTES = 4


def _measure(moment: Moment) -> "torch.Tensor":
    """Return the weights [R, units, channels, height, width] of the first layer that has some.

    Of a layer that takes all pixels in, in the image's shape; of a Conv2d its kernels. Without
    units where the first layer is another one, or one of them is too large.
    """
    weight = moment.weights[0] if moment.weights else None
    picture = moment.facts.picture if moment.facts else ()
    kind = moment.tensors[0].layer if moment.tensors else ""
    if weight is None or not (shape := _shape_of(weight, kind, picture)):
        return torch.zeros(len(moment.loss), 0, 0, 0, 0)
    most = LIMIT // (BYTES * len(weight) * prod(shape))
    units = weight[:, : min(UNITS, most)]
    return units.reshape(*units.shape[:2], *shape).float()


def _shape_of(weight: "torch.Tensor", kind: str, picture: Shape) -> Shape:
    """Return the shape (channels, height, width) of the weights of one unit; () if it has none."""
    if kind in ("conv2d", "depthwise") and weight.dim() == 5:
        return tuple(weight.shape[2:])
    takes_all = weight.dim() == 3 and weight.shape[2] == prod(picture)
    return picture if takes_all and kind in ("linear", "output") else ()


def _applies(facts: DataFacts) -> bool:
    return bool(facts.picture)


FIRST_WEIGHTS = Probe(
    key="first_weights",
    label="First layer's weights",
    summary="Of data that are images, the weights of each of the first layer's units, at most 64: "
    "in the shape of the image, or the kernels of a Conv2d.",
    source="Definition",
    unit="",
    order=93,
    axes=("replica", "unit", "channel", "row", "column"),
    cadence="seldom",
    measure=_measure,
    applies=_applies,
)
