"""Initialization whose variance is chosen by fans and gains, beyond Xavier and Kaiming."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated, Literal

import lazy_loader
from msgspec import Meta

from initstudio import gaussian
from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import TRUNCATED_STD, Law, normal_law, truncated_law, uniform_law
from initstudio.shapes import lacks_fans

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class VarianceScalingParams(Params, frozen=True):
    """As in Keras and JAX."""

    scale: Annotated[
        float,
        Meta(gt=0, le=1000, title="Scale", description="Variance times the fan; 2 for ReLU."),
    ] = 1.0
    mode: Annotated[
        Literal["fan_in", "fan_out", "fan_avg"],
        Meta(
            title="Mode",
            description="What the variance is divided by.",
            extra={"choices": {"fan_in": "Fan-in", "fan_out": "Fan-out", "fan_avg": "Their mean"}},
        ),
    ] = "fan_in"
    distribution: Annotated[
        Literal["truncated_normal", "normal", "uniform"],
        Meta(
            title="Distribution",
            description="The truncated normal is cut at two standard deviations, and widened so "
            "that the variance stays.",
            extra={
                "choices": {
                    "truncated_normal": "Truncated normal",
                    "normal": "Normal",
                    "uniform": "Uniform",
                }
            },
        ),
    ] = "truncated_normal"


class ActivationGainParams(Params, frozen=True):
    """What of the signal is to stay."""

    keeps: Annotated[
        Literal["mean_square", "variance"],
        Meta(
            title="Keeps",
            description="The mean square of the signal (as Kaiming does for ReLU), or its variance "
            "around its mean.",
            extra={"choices": {"mean_square": "Mean square", "variance": "Variance"}},
        ),
    ] = "mean_square"
    mode: Annotated[
        Literal["fan_in", "fan_out"],
        Meta(
            title="Mode",
            description="Keep the size of the signal (fan-in) or of the gradient (fan-out).",
            extra={"choices": {"fan_in": "Fan-in", "fan_out": "Fan-out"}},
        ),
    ] = "fan_in"


class EdgeParams(Params, frozen=True):
    """The two variances of mean-field theory."""

    critical: Annotated[
        bool,
        Meta(
            title="Critical",
            description="Solve for the sigma_w at which this layer's activation neither orders nor "
            "mixes signals; the value below is then not used.",
        ),
    ] = True
    sigma_w: Annotated[
        float,
        Meta(ge=0, le=1000, title="Sigma w", description="sqrt(fan_in) times the weights' std."),
    ] = 1.0
    sigma_b: Annotated[
        float,
        Meta(
            ge=0,
            le=100,
            title="Sigma b",
            description="Std of the biases that the critical point is solved for; start the "
            "biases with Sigma b of the same value.",
        ),
    ] = 0.0


class SigmaBParams(Params, frozen=True):
    """One number."""

    sigma_b: Annotated[
        float, Meta(ge=0, le=100, title="Sigma b", description="Standard deviation of the biases.")
    ] = 0.1


class SirenParams(Params, frozen=True):
    """The frequency that the weights are made for."""

    omega: Annotated[
        float,
        Meta(gt=0, le=1000, title="Omega", description="That of the Sin layers; the paper: 30."),
    ] = 30.0


def _scaling_std(params: VarianceScalingParams, tensor: TensorSpec) -> float:
    fans = {"fan_in": tensor.fan_in, "fan_out": tensor.fan_out}
    fan = fans.get(params.mode, (tensor.fan_in + tensor.fan_out) / 2)
    return sqrt(params.scale / fan)


def _scaling_law(params: VarianceScalingParams, tensor: TensorSpec) -> Law:
    std = _scaling_std(params, tensor)
    if params.distribution == "uniform":
        return uniform_law(sqrt(3) * std)
    if params.distribution == "normal":
        return normal_law(std)
    return truncated_law(std)


def _refuses_scaling(_params: VarianceScalingParams, tensor: TensorSpec) -> str | None:
    return lacks_fans("Variance scaling", tensor)


def _draw_scaling(
    values: "torch.Tensor",
    params: VarianceScalingParams,
    tensor: TensorSpec,
    generator: "torch.Generator",
) -> object:
    std = _scaling_std(params, tensor)
    if params.distribution == "uniform":
        bound = sqrt(3) * std
        return torch.nn.init.uniform_(values, -bound, bound, generator=generator)
    if params.distribution == "normal":
        return torch.nn.init.normal_(values, 0, std, generator=generator)
    wide = std / TRUNCATED_STD
    return torch.nn.init.trunc_normal_(values, 0, wide, -2 * wide, 2 * wide, generator=generator)


def _gain_std(params: ActivationGainParams, tensor: TensorSpec) -> float:
    site = tensor.site
    gain = (
        gaussian.second_moment_gain(site.activation, site.activation_params)
        if params.keeps == "mean_square"
        else gaussian.unit_variance_gain(site.activation, site.activation_params)
    )
    fan = tensor.fan_in if params.mode == "fan_in" else tensor.fan_out
    return gain / sqrt(fan)


def _gain_law(params: ActivationGainParams, tensor: TensorSpec) -> Law:
    return normal_law(_gain_std(params, tensor))


def _refuses_gain(_params: ActivationGainParams, tensor: TensorSpec) -> str | None:
    return lacks_fans("Activation gain", tensor)


def _draw_gain(
    values: "torch.Tensor",
    params: ActivationGainParams,
    tensor: TensorSpec,
    generator: "torch.Generator",
) -> object:
    return torch.nn.init.normal_(values, 0, _gain_std(params, tensor), generator=generator)


def _edge_std(params: EdgeParams, tensor: TensorSpec) -> float:
    sigma_w = params.sigma_w
    if params.critical:
        site = tensor.site
        sigma_w = sqrt(
            gaussian.critical_weight_variance(
                site.activation, site.activation_params, params.sigma_b**2
            )
        )
    return sigma_w / sqrt(tensor.fan_in)


def _edge_law(params: EdgeParams, tensor: TensorSpec) -> Law:
    return normal_law(_edge_std(params, tensor))


def _refuses_edge(params: EdgeParams, tensor: TensorSpec) -> str | None:
    if refusal := lacks_fans("Edge of chaos", tensor):
        return refusal
    try:
        _edge_std(params, tensor)
    except ValueError as error:
        text = str(error)
        return f"{text[0].upper()}{text[1:]}; choose another sigma b, or set sigma w."
    return None


def _draw_edge(
    values: "torch.Tensor", params: EdgeParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.normal_(values, 0, _edge_std(params, tensor), generator=generator)


def _sigma_b_law(params: SigmaBParams, _tensor: TensorSpec) -> Law:
    return normal_law(params.sigma_b)


def _refuses_sigma_b(_params: SigmaBParams, tensor: TensorSpec) -> str | None:
    if tensor.role == "bias":
        return None
    return f"Sigma b is for biases, and a {tensor.role} is none."


def _draw_sigma_b(
    values: "torch.Tensor", params: SigmaBParams, _tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.normal_(values, 0, params.sigma_b, generator=generator)


def _siren_bound(params: SirenParams, tensor: TensorSpec) -> float:
    if tensor.site.is_first:
        return 1 / tensor.fan_in
    return sqrt(6 / tensor.fan_in) / params.omega


def _siren_law(params: SirenParams, tensor: TensorSpec) -> Law:
    return uniform_law(_siren_bound(params, tensor))


def _refuses_siren(_params: SirenParams, tensor: TensorSpec) -> str | None:
    return lacks_fans("SIREN", tensor)


def _draw_siren(
    values: "torch.Tensor", params: SirenParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    bound = _siren_bound(params, tensor)
    return torch.nn.init.uniform_(values, -bound, bound, generator=generator)


def _siren_bites(_params: SirenParams, tensor: TensorSpec) -> bool:
    return tensor.site.activation != "sin" and not tensor.site.is_last


VARIANCE_SCALING = Scheme(
    key="variance_scaling",
    label="Variance scaling",
    summary="Any scale, fan and shape: the family of which LeCun, Xavier and Kaiming are members.",
    source="Keras and JAX, VarianceScaling; std of the cut normal .8796 compensated",
    order=35,
    params=VarianceScalingParams,
    formula="variance scale / fan",
    law=_scaling_law,
    refuses=_refuses_scaling,
    draw=_draw_scaling,
    roles=("weight",),
)

ACTIVATION_GAIN = Scheme(
    key="activation_gain",
    label="Activation gain",
    summary="Kaiming for any activation: the gain is computed for the one that follows the layer.",
    source="Quadrature of E[phi(z)^2], z standard normal; for ReLU He et al. 2015, eq. 10",
    order=34,
    params=ActivationGainParams,
    formula="N(0, std), std = gain / sqrt(fan), gain = 1 / sqrt(E[phi^2]) or 1 / sqrt(Var[phi])",
    law=_gain_law,
    refuses=_refuses_gain,
    draw=_draw_gain,
    roles=("weight",),
)

EDGE_OF_CHAOS = Scheme(
    key="edge_of_chaos",
    label="Edge of chaos",
    summary="Weights at the point where gradients neither vanish nor explode, solved for.",
    source="Poole et al. 2016, eq. 3 to 6; Schoenholz et al. 2017, eq. 5",
    order=36,
    params=EdgeParams,
    formula="N(0, std), std = sigma_w / sqrt(fan_in), critical: sigma_w^2 E[phi'^2] = 1",
    law=_edge_law,
    refuses=_refuses_edge,
    draw=_draw_edge,
    roles=("weight",),
)

SIGMA_B = Scheme(
    key="sigma_b",
    label="Sigma b",
    summary="Normal biases of the width that mean-field theory calls sigma_b.",
    source="Poole et al. 2016, eq. 3",
    order=37,
    params=SigmaBParams,
    formula="N(0, sigma_b)",
    law=_sigma_b_law,
    refuses=_refuses_sigma_b,
    draw=_draw_sigma_b,
    roles=("bias",),
)

SIREN = Scheme(
    key="siren",
    label="SIREN",
    summary="For networks of sines: the first layer spreads frequencies, the others keep them.",
    source="Sitzmann et al. 2020, Implicit Neural Representations, section 3.2 and supplement 1.5",
    order=38,
    params=SirenParams,
    formula="U(-b, b), first layer b = 1 / fan_in, then b = sqrt(6 / fan_in) / omega",
    trap="It is made for Sin layers; under another activation the signal shrinks.",
    law=_siren_law,
    refuses=_refuses_siren,
    draw=_draw_siren,
    roles=("weight",),
    bites=_siren_bites,
)
