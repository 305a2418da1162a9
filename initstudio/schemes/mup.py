"""Maximal update parametrization: every layer learns features, and one rate suits every width.

Yang et al. 2022, Tensor Programs V, table 3, gives each kind of layer its variance and its learning
rate. With a multiplier m on what is drawn and trained, SGD moves the weights that the network
computes with by m^2 times its rate and Adam by m times its rate: so m takes the place of the
layer's own learning rate, the draw is divided by it, and one rate does for all layers.
"""

import re
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import lazy_loader
from msgspec import Meta
from msgspec.structs import replace

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law, normal_law
from initstudio.shapes import lacks_fans

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

UNFIT = {
    "embedding": "a table that is looked up has no fan-in",
    "position": "a table that is looked up has no fan-in",
    "bilinear": "the fan-in of this layer is a product of two widths",
    "depthwise": "the fan-in of this layer does not grow with the width",
    "conv_transpose1d": "the fan-in of this layer is not the number of its summands",
    "conv_transpose2d": "the fan-in of this layer is not the number of its summands",
    "conv_transpose3d": "the fan-in of this layer is not the number of its summands",
    "attention": "attention needs scores divided by the width, and torch's root of it stays",
    "transformer": "attention needs scores divided by the width, and torch's root of it stays",
}

INNER = re.compile(r"weight_hh|weight_ih_l[1-9]")
"""Of a recurrent layer, the tensors that take in what it gave itself."""
TRAP = "Its multipliers are made for the kind of optimizer named here; train with that one."

Rate: TypeAlias = Annotated[
    Literal["adam", "sgd"],
    Meta(
        title="For optimizer",
        description="The one that trains: its steps are of a fixed size (Adam, AdamW, RMSprop), or "
        "grow with the gradient (SGD).",
        extra={"choices": {"adam": "Adam, AdamW, RMSprop", "sgd": "SGD"}},
    ),
]
BaseWidth: TypeAlias = Annotated[
    int,
    Meta(
        ge=1,
        le=65_536,
        title="Base width",
        description="Units (channels) of the hidden layers at which all multipliers are 1. Keep it "
        "while the width changes, and the learning rate can be kept, too.",
    ),
]


class MupParams(Params, frozen=True):
    """Whose steps are scaled, from which width on."""

    optimizer: Rate = "adam"
    base_width: BaseWidth = 64
    gain: Annotated[
        float,
        Meta(
            gt=0,
            le=1000,
            title="Gain",
            description="Std times sqrt(fan_in), at the base width; sqrt(2) suits ReLU.",
        ),
    ] = sqrt(2)


class MupBiasParams(Params, frozen=True):
    """Whose steps are scaled, from which width on."""

    optimizer: Rate = "adam"
    base_width: BaseWidth = 64
    sigma_b: Annotated[
        float,
        Meta(ge=0, le=100, title="Sigma b", description="Standard deviation of the biases."),
    ] = 0.0


def _is_input(tensor: TensorSpec) -> bool:
    """Return whether the tensor takes in the data; of a recurrent layer, not all do."""
    return tensor.site.is_first and not INNER.search(tensor.name)


def _multiplier(params: MupParams, tensor: TensorSpec) -> float:
    wide_out = tensor.shape[0] / tensor.gates / params.base_width
    wide_in = tensor.shape[1] / params.base_width
    first, last = _is_input(tensor), tensor.site.is_last
    if params.optimizer == "adam":
        return 1 if first else 1 / wide_in  # rates of the table: 1, and 1 / fan_in
    if first:
        return 1 if last else sqrt(wide_out)  # fan_out
    return 1 / sqrt(wide_in) if last else 1  # 1 / fan_in, and 1


def _std(params: MupParams, tensor: TensorSpec) -> float:
    """Return the standard deviation of what is drawn."""
    last = tensor.site.is_last and not _is_input(tensor)
    narrower = sqrt(params.base_width / tensor.shape[1]) if last else 1
    return params.gain / sqrt(tensor.fan_in) * narrower / _multiplier(params, tensor)


def _law(params: MupParams, tensor: TensorSpec) -> Law:
    return normal_law(_std(params, tensor))


def _refuses(_params: MupParams, tensor: TensorSpec) -> str | None:
    if why := UNFIT.get(tensor.layer):
        return f"muP does not fit: {why}."
    return lacks_fans("muP", tensor)


def _draw(
    values: "torch.Tensor", params: MupParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.normal_(values, 0, _std(params, tensor), generator=generator)


def _bites(params: MupParams, tensor: TensorSpec) -> bool:
    """Return whether the other kind of optimizer would need another multiplier."""
    one, other = (_multiplier(replace(params, optimizer=kind), tensor) for kind in ("adam", "sgd"))
    return one != other


def _multiplier_of_bias(params: MupBiasParams, tensor: TensorSpec) -> float:
    if params.optimizer == "adam" or tensor.site.is_last:
        return 1
    return sqrt(tensor.shape[0] / tensor.gates / params.base_width)


def _std_of_bias(params: MupBiasParams, tensor: TensorSpec) -> float:
    return params.sigma_b / _multiplier_of_bias(params, tensor)


def _law_of_bias(params: MupBiasParams, tensor: TensorSpec) -> Law:
    return normal_law(_std_of_bias(params, tensor))


def _refuses_bias(_params: MupBiasParams, tensor: TensorSpec) -> str | None:
    if tensor.role == "bias":
        return None
    return f"muP bias is for biases, and a {tensor.role} is none."


def _draw_bias(
    values: "torch.Tensor", params: MupBiasParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.normal_(values, 0, _std_of_bias(params, tensor), generator=generator)


def _bites_bias(_params: MupBiasParams, tensor: TensorSpec) -> bool:
    return not tensor.site.is_last


MUP = Scheme(
    key="mup",
    label="muP",
    summary="Maximal update parametrization: every layer learns as much at any width, so a "
    "learning rate found on a narrow network suits a wide one.",
    source="Yang et al. 2022, Tensor Programs V, table 3; one rate by multipliers",
    order=50,
    params=MupParams,
    formula="N(0, std), std = gain / sqrt(fan_in), last layer gain sqrt(base_width) / fan_in; "
    "W = m w: Adam m = base_width / fan_in after the first layer; SGD m = "
    "sqrt(fan_out / base_width) in the first, sqrt(base_width / fan_in) in the last",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    multiplier=_multiplier,
    roles=("weight",),
    trap=TRAP,
    bites=_bites,
)

MUP_BIAS = Scheme(
    key="mup_bias",
    label="muP bias",
    summary="Maximal update parametrization of the biases: under SGD they learn faster in wide "
    "layers, under Adam at the same rate.",
    source="Yang et al. 2022, Tensor Programs V, table 3; one rate by multipliers",
    order=51,
    params=MupBiasParams,
    formula="N(0, sigma_b); B = m b: SGD m = sqrt(fan_out / base_width) but in the last layer",
    law=_law_of_bias,
    refuses=_refuses_bias,
    draw=_draw_bias,
    multiplier=_multiplier_of_bias,
    roles=("bias",),
    trap=TRAP,
    bites=_bites_bias,
)
