"""T-Fixup: transformers that train without warm-up and without normalization."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law, normal_law, uniform_law
from initstudio.shapes import lacks_fans

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

PROJECTIONS = 3
"""Queries, keys and values, packed into one tensor."""


class TFixupParams(Params, frozen=True):
    """How many blocks there are."""

    blocks: Annotated[
        int,
        Meta(
            ge=0,
            le=10_000,
            title="Blocks",
            description="Layers of attention, N of the paper; 0: as many as the network has.",
        ),
    ] = 0


def _scale(params: TFixupParams, tensor: TensorSpec, factor: float) -> float:
    """Return factor N^(-1/4)."""
    return float(factor * max(1, params.blocks or tensor.site.attentions) ** -0.25)


def _is_packed(tensor: TensorSpec) -> bool:
    return "in_proj" in tensor.name and tensor.gates == PROJECTIONS


def _is_scaled(tensor: TensorSpec) -> bool:
    """Return whether all of the tensor is: attention's last projection, and the feed-forward."""
    inside = tensor.layer in {"transformer", "attention"}
    return inside and not _is_packed(tensor)


def _bound(tensor: TensorSpec) -> float:
    rows = tensor.fan_out // (PROJECTIONS if _is_packed(tensor) else 1)
    return sqrt(6 / (tensor.fan_in + rows))


def _embedding_std(params: TFixupParams, tensor: TensorSpec) -> float:
    return _scale(params, tensor, 9**-0.25) / sqrt(tensor.shape[-1])


def _law(params: TFixupParams, tensor: TensorSpec) -> Law:
    if tensor.layer == "embedding":
        return normal_law(_embedding_std(params, tensor))
    bound, factor = _bound(tensor), _scale(params, tensor, 0.67)
    if not _is_packed(tensor):
        return uniform_law(bound * factor if _is_scaled(tensor) else bound)
    std = bound / sqrt(3) * sqrt((2 + factor**2) / PROJECTIONS)
    return Law(kind="mixed", mean=0, std=std, low=-bound, high=bound)


def _refuses(_params: TFixupParams, tensor: TensorSpec) -> str | None:
    return lacks_fans("T-Fixup", tensor)


def _draw(
    values: "torch.Tensor", params: TFixupParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    if tensor.layer == "embedding":
        std = _embedding_std(params, tensor)
        return torch.nn.init.normal_(values, 0, std, generator=generator)
    factor = _scale(params, tensor, 0.67)
    if _is_packed(tensor):
        parts = values.chunk(PROJECTIONS)
        for part in parts:
            torch.nn.init.xavier_uniform_(part, generator=generator)
        return parts[-1].mul_(factor)
    gain = factor if _is_scaled(tensor) else 1.0
    return torch.nn.init.xavier_uniform_(values, gain, generator=generator)


T_FIXUP = Scheme(
    key="t_fixup",
    label="T-Fixup",
    summary="Xavier for each projection; values, outputs and feed-forward scaled by the depth.",
    source="Huang, Pérez, Ba and Volkovs 2020, Improving transformer optimization through better "
    "initialization, section 3.3",
    order=83,
    params=TFixupParams,
    formula="Xavier uniform, times 0.67 N^(-1/4) for values, attention's outputs and the "
    "feed-forward; embeddings N(0, (9 N)^(-1/4) / sqrt(features))",
    trap="The network has no attention: this is Xavier uniform.",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    roles=("weight",),
    bites=lambda params, tensor: not (params.blocks or tensor.site.attentions),
)
"""The paper takes normalization and warm-up away as well; here that is up to the network."""
