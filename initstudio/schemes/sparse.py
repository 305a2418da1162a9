"""Sparse initialization: most inputs of a unit are cut off."""

from math import ceil, sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class SparseParams(Params, frozen=True):
    """As in torch."""

    sparsity: Annotated[
        float,
        Meta(
            ge=0,
            lt=1,
            title="Sparsity",
            description="Share of each column, so of an input's weights, that is 0; rounded up.",
        ),
    ] = 0.1
    std: Annotated[
        float,
        Meta(
            gt=0,
            le=1e6,
            title="Standard deviation",
            description="Of the numbers that are not 0.",
            extra={"log": True},
        ),
    ] = 0.01


def _law(params: SparseParams, tensor: TensorSpec) -> Law:
    rows = tensor.shape[0]
    share = 1 - ceil(params.sparsity * rows) / rows
    return Law(kind="sparse normal", mean=0, std=params.std * sqrt(share))


def _refuses(_params: SparseParams, tensor: TensorSpec) -> str | None:
    if len(tensor.shape) == 2:
        return None
    if len(tensor.shape) < 2:
        return f"Sparse needs a matrix, and a {tensor.role} has one dimension only."
    return f"Sparse needs a matrix, and this has {len(tensor.shape)} dimensions."


def _draw(
    values: "torch.Tensor", params: SparseParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    if generator is torch.default_generator:
        return torch.nn.init.sparse_(values, params.sparsity, params.std, generator=generator)
    # torch draws which are zeros from its default generator, whatever generator it is given
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        return torch.nn.init.sparse_(values, params.sparsity, params.std)


SPARSE = Scheme(
    key="sparse",
    label="Sparse",
    summary="A normal, of which a share of each column is set to 0.",
    source="torch.nn.init.sparse_; Martens 2010, section 5",
    order=43,
    params=SparseParams,
    formula="N(0, std), and ceil(sparsity rows) of each column are 0",
    trap="torch draws which numbers are 0 from its default generator, whatever generator it gets.",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    roles=("weight",),
)
