"""Normal initialization with a mean and a standard deviation of one's own."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class NormalParams(Params, frozen=True):
    """Two moments; the article's biases are the default."""

    mean: Annotated[float, Meta(ge=-1e6, le=1e6, title="Mean")] = 0.0
    std: Annotated[
        float,
        Meta(
            ge=0,
            le=1e6,
            title="Standard deviation",
            description="The same for every layer, however wide.",
            extra={"log": True},
        ),
    ] = 0.01


def _law(params: NormalParams, _tensor: TensorSpec) -> Law:
    return Law(kind="normal", mean=params.mean, std=params.std)


def _refuses(_params: NormalParams, _tensor: TensorSpec) -> str | None:
    return None


def _draw(
    values: "torch.Tensor", params: NormalParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.normal_(values, params.mean, params.std, generator=generator)


NORMAL = Scheme(
    key="normal",
    label="Normal",
    summary="A bell curve of the same width for every layer.",
    source="torch.nn.init.normal_",
    order=41,
    params=NormalParams,
    formula="N(mean, std)",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    roles=("weight", "bias", "scale", "shift", "slope"),
)
