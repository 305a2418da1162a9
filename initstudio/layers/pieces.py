"""Activation functions made of pieces, cheap stand-ins for smooth ones, and two waves."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import NoParams, Params
from initstudio.elementwise import activation

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class CELUParams(Params, frozen=True):
    """One number below zero."""

    alpha: Annotated[
        float,
        Meta(
            gt=0,
            le=100,
            title="Alpha",
            description="Far below zero the output approaches minus this value.",
        ),
    ] = 1.0


class HardtanhParams(Params, frozen=True):
    """Where the line ends on both sides."""

    min_val: Annotated[float, Meta(ge=-1000, le=0, title="Least")] = -1.0
    max_val: Annotated[float, Meta(gt=0, le=1000, title="Greatest")] = 1.0


class ShrinkParams(Params, frozen=True):
    """How far from zero nothing passes."""

    lambd: Annotated[
        float,
        Meta(ge=0, le=1000, title="Lambda", description="Nothing this close to zero passes."),
    ] = 0.5


class ThresholdParams(Params, frozen=True):
    """What passes, and what stands for the rest."""

    threshold: Annotated[
        float, Meta(ge=-1000, le=1000, title="Threshold", description="What is above it passes.")
    ] = 0.0
    value: Annotated[
        float, Meta(ge=-1000, le=1000, title="Value", description="Stands for all that does not.")
    ] = 0.0


class RReLUParams(Params, frozen=True):
    """The slopes below zero that are drawn; their mean where nothing is trained."""

    lower: Annotated[float, Meta(ge=0, le=0.5, title="Least slope")] = 0.125
    upper: Annotated[float, Meta(ge=0.5, le=1, title="Greatest slope")] = 0.5


class SinParams(Params, frozen=True):
    """One frequency."""

    omega: Annotated[
        float,
        Meta(
            gt=0,
            le=1000,
            title="Omega",
            description="Factor of x; SIREN uses 30.",
            extra={"log": True},
        ),
    ] = 1.0


class ScaledTanhParams(Params, frozen=True):
    """LeCun's two numbers, for which the function is 1 at 1."""

    amplitude: Annotated[float, Meta(gt=0, le=100, title="Amplitude")] = 1.7159
    rate: Annotated[float, Meta(gt=0, le=100, title="Rate")] = 0.6666666666666666


RELU6 = activation(
    key="relu6",
    label="ReLU6",
    summary="max(0, min(x, 6)): a ReLU with a ceiling.",
    source="torch.nn.ReLU6; Krizhevsky 2010",
    order=32,
    params=NoParams,
    module=lambda _: torch.nn.ReLU6(),
)

CELU = activation(
    key="celu",
    label="CELU",
    summary="x above zero, alpha (exp(x / alpha) - 1) below: smooth for every alpha.",
    source="torch.nn.CELU; Barron 2017, eq. 2",
    order=33,
    params=CELUParams,
    module=lambda params: torch.nn.CELU(params.alpha),
)

HARDTANH = activation(
    key="hardtanh",
    label="Hardtanh",
    summary="x between two limits, and the limits beyond.",
    source="torch.nn.Hardtanh; Collobert 2004",
    order=34,
    params=HardtanhParams,
    module=lambda params: torch.nn.Hardtanh(params.min_val, params.max_val),
)

HARDSIGMOID = activation(
    key="hardsigmoid",
    label="Hardsigmoid",
    summary="A sigmoid of three straight lines: x / 6 + 1/2 between -3 and 3.",
    source="torch.nn.Hardsigmoid; Howard et al. 2019",
    order=35,
    params=NoParams,
    module=lambda _: torch.nn.Hardsigmoid(),
)

HARDSWISH = activation(
    key="hardswish",
    label="Hardswish",
    summary="x times its hardsigmoid.",
    source="torch.nn.Hardswish; Howard et al. 2019",
    order=36,
    params=NoParams,
    module=lambda _: torch.nn.Hardswish(),
)

HARDSHRINK = activation(
    key="hardshrink",
    label="Hardshrink",
    summary="x, but 0 close to zero.",
    source="torch.nn.Hardshrink",
    order=37,
    params=ShrinkParams,
    module=lambda params: torch.nn.Hardshrink(params.lambd),
)

SOFTSHRINK = activation(
    key="softshrink",
    label="Softshrink",
    summary="x drawn towards zero by lambda, and 0 close to it.",
    source="torch.nn.Softshrink",
    order=38,
    params=ShrinkParams,
    module=lambda params: torch.nn.Softshrink(params.lambd),
)

TANHSHRINK = activation(
    key="tanhshrink",
    label="Tanhshrink",
    summary="x - tanh(x): almost nothing passes around zero.",
    source="torch.nn.Tanhshrink",
    order=39,
    params=NoParams,
    module=lambda _: torch.nn.Tanhshrink(),
)

THRESHOLD = activation(
    key="threshold",
    label="Threshold",
    summary="x above a threshold, and a fixed value below.",
    source="torch.nn.Threshold",
    order=40,
    params=ThresholdParams,
    module=lambda params: torch.nn.Threshold(params.threshold, params.value),
)

LOG_SIGMOID = activation(
    key="logsigmoid",
    label="LogSigmoid",
    summary="The logarithm of the sigmoid: never above zero.",
    source="torch.nn.LogSigmoid",
    order=41,
    params=NoParams,
    module=lambda _: torch.nn.LogSigmoid(),
)

RRELU = activation(
    key="rrelu",
    label="RReLU",
    summary="A leaky ReLU whose slope below zero is drawn for each value while training.",
    source="torch.nn.RReLU; Xu et al. 2015, eq. 3",
    order=42,
    params=RReLUParams,
    module=lambda params: torch.nn.RReLU(params.lower, params.upper),
    vectorised=False,
)


def _build_sin(params: SinParams) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.Sin(params.omega)


def _build_scaled_tanh(params: ScaledTanhParams) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.ScaledTanh(params.amplitude, params.rate)


SIN = activation(
    key="sin",
    label="Sin",
    summary="sin(omega x): a wave, the activation of SIREN.",
    source="Sitzmann et al. 2020, Implicit Neural Representations with Periodic Activations, eq. 3",
    order=43,
    params=SinParams,
    module=_build_sin,
)

SCALED_TANH = activation(
    key="scaled_tanh",
    label="Scaled tanh",
    summary="A tanh(b x), with LeCun's numbers 1 at 1 and -1 at -1.",
    source="LeCun, Bottou, Orr and Müller 1998, Efficient BackProp, section 4.4",
    order=44,
    params=ScaledTanhParams,
    module=_build_scaled_tanh,
)
