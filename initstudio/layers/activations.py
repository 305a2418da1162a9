"""Activation functions: each works on every value by itself and so keeps the shape."""

from typing import TYPE_CHECKING, Annotated, Literal

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import NoParams, Params, Place, TensorSpec
from initstudio.elementwise import activation
from initstudio.law import constant_law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class LeakyParams(Params, frozen=True):
    """The slope is fixed; PReLU learns it."""

    negative_slope: Annotated[
        float,
        Meta(
            ge=-1,
            le=1,
            title="Negative slope",
            description="Slope below zero. Kaiming's a is this number.",
        ),
    ] = 0.01


class GELUParams(Params, frozen=True):
    """The exact function, or the faster form that GPT-2 uses."""

    approximate: Annotated[
        Literal["none", "tanh"],
        Meta(
            title="Approximation",
            description="Exact, with the error function, or approximated with tanh.",
            extra={"choices": {"none": "None (exact)", "tanh": "tanh"}},
        ),
    ] = "none"


class ELUParams(Params, frozen=True):
    """One number below zero."""

    alpha: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            title="Alpha",
            description="Far below zero the output approaches minus this value.",
        ),
    ] = 1.0


class SoftplusParams(Params, frozen=True):
    """How sharp the bend is, and from where on it is a straight line."""

    beta: Annotated[
        float, Meta(gt=0, le=100, title="Beta", description="Greater is closer to ReLU.")
    ] = 1.0
    threshold: Annotated[
        float,
        Meta(
            ge=1,
            le=1000,
            title="Threshold",
            description="Where beta x is above it, the function is the identity.",
        ),
    ] = 20.0


def _slope(_params: Params, _place: Place) -> tuple[TensorSpec, ...]:
    start = constant_law(0.25)
    return (
        TensorSpec(name="weight", role="slope", shape=(1,), fan_in=0, fan_out=0, default=start),
    )


RELU = activation(
    key="relu",
    label="ReLU",
    summary="max(0, x): passes what is above zero.",
    source="torch.nn.ReLU; Nair and Hinton 2010",
    order=20,
    params=NoParams,
    module=lambda _: torch.nn.ReLU(),
)

LEAKY_RELU = activation(
    key="leaky_relu",
    label="Leaky ReLU",
    summary="x above zero, a small multiple of x below, so that no unit dies.",
    source="torch.nn.LeakyReLU; Maas, Hannun and Ng 2013, eq. 3",
    order=21,
    params=LeakyParams,
    module=lambda params: torch.nn.LeakyReLU(params.negative_slope),
)

TANH = activation(
    key="tanh",
    label="Tanh",
    summary="Hyperbolic tangent: between -1 and 1, and close to x around zero.",
    source="torch.nn.Tanh",
    order=22,
    params=NoParams,
    module=lambda _: torch.nn.Tanh(),
)

SIGMOID = activation(
    key="sigmoid",
    label="Sigmoid",
    summary="1 / (1 + exp(-x)): between 0 and 1, and never centred on zero.",
    source="torch.nn.Sigmoid",
    order=23,
    params=NoParams,
    module=lambda _: torch.nn.Sigmoid(),
)

GELU = activation(
    key="gelu",
    label="GELU",
    summary="x times the probability that a standard normal lies below x.",
    source="torch.nn.GELU; Hendrycks and Gimpel 2016, section 2",
    order=24,
    params=GELUParams,
    module=lambda params: torch.nn.GELU(params.approximate),
)

SILU = activation(
    key="silu",
    label="SiLU (Swish)",
    summary="x times its sigmoid.",
    source="torch.nn.SiLU; Elfwing, Uchibe and Doya 2017, eq. 10",
    order=25,
    params=NoParams,
    module=lambda _: torch.nn.SiLU(),
)

ELU = activation(
    key="elu",
    label="ELU",
    summary="x above zero, alpha (exp(x) - 1) below.",
    source="torch.nn.ELU; Clevert, Unterthiner and Hochreiter 2016, eq. 15",
    order=26,
    params=ELUParams,
    module=lambda params: torch.nn.ELU(params.alpha),
)

SELU = activation(
    key="selu",
    label="SELU",
    summary="A scaled ELU that drives mean and variance to 0 and 1 under LeCun normal weights.",
    source="torch.nn.SELU; Klambauer et al. 2017, eq. 2",
    order=27,
    params=NoParams,
    module=lambda _: torch.nn.SELU(),
)

SOFTPLUS = activation(
    key="softplus",
    label="Softplus",
    summary="log(1 + exp(beta x)) / beta: a smooth ReLU that is never zero.",
    source="torch.nn.Softplus; Dugas et al. 2001",
    order=28,
    params=SoftplusParams,
    module=lambda params: torch.nn.Softplus(params.beta, params.threshold),
)

SOFTSIGN = activation(
    key="softsign",
    label="Softsign",
    summary="x / (1 + |x|): like tanh, with far slower saturation.",
    source="torch.nn.Softsign; Glorot and Bengio 2010, section 2",
    order=29,
    params=NoParams,
    module=lambda _: torch.nn.Softsign(),
)

MISH = activation(
    key="mish",
    label="Mish",
    summary="x times the tanh of its softplus.",
    source="torch.nn.Mish; Misra 2020, eq. 1",
    order=30,
    params=NoParams,
    module=lambda _: torch.nn.Mish(),
)

PRELU = activation(
    key="prelu",
    label="PReLU",
    summary="A leaky ReLU whose slope is learned, one for the layer, from 0.25 on.",
    source="torch.nn.PReLU; He et al. 2015, eq. 1",
    order=31,
    params=NoParams,
    module=lambda _: torch.nn.PReLU(),
    tensors=_slope,
)
