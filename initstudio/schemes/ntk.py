"""The parametrization of the neural tangent kernel: standard normals, scaled where used."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law, normal_law
from initstudio.shapes import lacks_fans

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

ROWS = {"embedding", "position"}
"""Layers that look rows up and sum over nothing."""


class NtkParams(Params, frozen=True):
    """The width of the products."""

    sigma_w: Annotated[
        float,
        Meta(
            gt=0,
            le=1000,
            title="Sigma w",
            description="Std of the weights that the network computes with, times sqrt(fan_in); "
            "sqrt(2) keeps the signal through ReLU layers.",
        ),
    ] = sqrt(2)


class NtkBiasParams(Params, frozen=True):
    """The width of the products."""

    sigma_b: Annotated[
        float,
        Meta(
            gt=0,
            le=100,
            title="Sigma b",
            description="Std of the biases that the network computes with; the paper's beta.",
        ),
    ] = 0.1


def _law(_params: Params, _tensor: TensorSpec) -> Law:
    return normal_law(1)


def _draw(
    values: "torch.Tensor", _params: Params, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.normal_(values, generator=generator)


def _refuses(_params: NtkParams, tensor: TensorSpec) -> str | None:
    if tensor.layer in ROWS:
        return "NTK divides by the number of summands, and a table that is looked up has none."
    if tensor.layer.startswith("conv_transpose"):
        return "NTK divides by the number of summands, which is not the fan-in of this layer."
    return lacks_fans("NTK", tensor)


def _multiplier(params: NtkParams, tensor: TensorSpec) -> float:
    return params.sigma_w / sqrt(tensor.fan_in)


def _refuses_bias(_params: NtkBiasParams, tensor: TensorSpec) -> str | None:
    if tensor.role == "bias":
        return None
    return f"NTK bias is for biases, and a {tensor.role} is none."


def _multiplier_of_bias(params: NtkBiasParams, _tensor: TensorSpec) -> float:
    return params.sigma_b


NTK = Scheme(
    key="ntk",
    label="NTK",
    summary="Neural tangent kernel: w is a standard normal, and the network uses it divided by "
    "the root of fan-in at every step.",
    source="Jacot et al. 2018, section 2 (there with sigma_w = 1); Lee et al. 2019, eq. 1",
    order=48,
    params=NtkParams,
    formula="w ~ N(0, 1), W = w sigma_w / sqrt(fan_in)",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    multiplier=_multiplier,
    roles=("weight",),
    trap="The learning rate moves w, so SGD moves W by the multiplier squared, and Adam by the "
    "multiplier, times what it would otherwise: rates are not those of other schemes.",
)

NTK_BIAS = Scheme(
    key="ntk_bias",
    label="NTK bias",
    summary="Neural tangent kernel: b is a standard normal, and the network uses it times sigma_b "
    "at every step.",
    source="Jacot et al. 2018, section 2 (there beta); Lee et al. 2019, eq. 1",
    order=49,
    params=NtkBiasParams,
    formula="w ~ N(0, 1), b = w sigma_b",
    law=_law,
    refuses=_refuses_bias,
    draw=_draw,
    multiplier=_multiplier_of_bias,
    roles=("bias",),
)
