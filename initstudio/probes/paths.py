"""Where the weights go: a few of them one by one, and a sketch of all."""

from typing import TYPE_CHECKING

import lazy_loader

from initstudio.measurement import Moment, Probe
from initstudio.trajectories import SINGLE, single_places, sketch_size, sketching

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


def _some_weights(moment: Moment) -> "torch.Tensor":
    """Return [R, tensor, SINGLE]; NaN where a tensor has fewer weights."""
    shape = len(moment.loss), len(moment.weights), SINGLE
    found = torch.full(shape, torch.nan, dtype=torch.float32)
    for at, weight in enumerate(moment.weights):
        places = single_places(tuple(weight.shape[1:]))
        found[:, at, : len(places)] = weight.flatten(1)[:, places].float()
    return found


def _path(moment: Moment) -> "torch.Tensor":
    """Return [R, numbers]: the sketch of the way from the start to the present weights."""
    ways = [
        (now - start).flatten(1) for now, start in zip(moment.weights, moment.started, strict=True)
    ]
    if not ways:
        return torch.zeros(len(moment.loss), 0)
    whole = torch.cat(ways, dim=1)
    columns = sketch_size(whole.shape[1])
    order, signs = (torch.from_numpy(one) for one in sketching(whole.shape[1]))
    signed = whole[:, order].double() * signs
    # what is no number must not reach the cells that only fill the table up
    return signed.masked_fill(signs == 0, 0).view(len(whole), -1, columns).sum(1)


SOME_WEIGHTS = Probe(
    key="some_weights",
    label="Some weights of each layer",
    summary="Values of eight evenly spaced weights of each tensor, the same of all contenders.",
    source="Definition",
    unit="",
    order=94,
    axes=("replica", "tensor", "place"),
    cadence="snapshot",
    measure=_some_weights,
)

PATH = Probe(
    key="path",
    label="Path of the weights",
    summary="The way of all weights from their start in at most 512 numbers, each the sum of an "
    "equal part of them with random signs: distances are kept.",
    source="Weinberger et al. 2009, Feature hashing for large scale multitask learning",
    unit="",
    order=95,
    axes=("replica", "coordinate"),
    cadence="snapshot",
    measure=_path,
)
