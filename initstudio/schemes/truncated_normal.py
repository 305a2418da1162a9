"""Normal initialization whose tails are cut off."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
import numpy as np
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

FAR = 9.0
"""In standard deviations; beyond lies less of a normal than double precision can tell."""


class TruncatedNormalParams(Params, frozen=True):
    """The moments before cutting, and where the tails are cut."""

    mean: Annotated[
        float,
        Meta(ge=-1e6, le=1e6, title="Mean", description="The normal's mean before cutting."),
    ] = 0.0
    std: Annotated[
        float,
        Meta(
            gt=0,
            le=1e6,
            title="Standard deviation",
            description="The normal's before cutting; what is left of it is narrower.",
            extra={"log": True},
        ),
    ] = 1.0
    low: Annotated[
        float,
        Meta(
            ge=-1e6,
            le=1e6,
            title="Low",
            description="The least value itself (torch's a), not a number of standard deviations.",
        ),
    ] = -2.0
    high: Annotated[
        float,
        Meta(
            ge=-1e6,
            le=1e6,
            title="High",
            description="The greatest value itself (torch's b), not a number of standard "
            "deviations.",
        ),
    ] = 2.0


class TruncatedInSigmasParams(Params, frozen=True):
    """The moments before cutting, and where the tails are cut, in standard deviations."""

    mean: Annotated[
        float,
        Meta(ge=-1e6, le=1e6, title="Mean", description="The middle of the distribution."),
    ] = 0.0
    std: Annotated[
        float,
        Meta(
            gt=0,
            le=1e6,
            title="Standard deviation",
            description="The normal's before cutting; what is left of it is narrower.",
            extra={"log": True},
        ),
    ] = 0.02
    low: Annotated[
        float,
        Meta(ge=-100, le=0, title="Low", description="The least value (a), in units of std."),
    ] = -2.0
    high: Annotated[
        float,
        Meta(ge=0, le=100, title="High", description="The greatest value (b), in units of std."),
    ] = 2.0


def _law(params: TruncatedNormalParams, _tensor: TensorSpec) -> Law:
    """Return the law, its moments by Gauss-Legendre quadrature.

    The closed form loses all digits where the bounds are close together.
    """
    below = max((params.low - params.mean) / params.std, -FAR)
    above = min((params.high - params.mean) / params.std, FAR)
    nodes, weights = np.polynomial.legendre.leggauss(64)
    z = (above + below) / 2 + (above - below) / 2 * nodes
    density = weights * np.exp(-(z**2) / 2)
    mean = np.average(z, weights=density)
    std = np.sqrt(np.average((z - mean) ** 2, weights=density))
    return Law(
        kind="truncated normal",
        mean=params.mean + params.std * float(mean),
        std=params.std * float(std),
        low=params.low,
        high=params.high,
        uncut=(params.mean, params.std),
    )


def _refuses(params: TruncatedNormalParams, _tensor: TensorSpec) -> str | None:
    if params.low >= params.high:
        return f"The low bound {params.low:g} is not below the high bound {params.high:g}."
    if not params.low <= params.mean <= params.high:
        # trunc_normal_ draws again until all values fit, which may then take for ever
        return (
            f"The mean {params.mean:g} lies outside the bounds {params.low:g} and {params.high:g}."
        )
    return None


def _draw(
    values: "torch.Tensor",
    params: TruncatedNormalParams,
    _tensor: TensorSpec,
    generator: "torch.Generator",
) -> object:
    return torch.nn.init.trunc_normal_(
        values, params.mean, params.std, params.low, params.high, generator=generator
    )


def _absolute(params: TruncatedInSigmasParams) -> TruncatedNormalParams:
    """Return the same distribution with bounds as torch takes them."""
    return TruncatedNormalParams(
        mean=params.mean,
        std=params.std,
        low=params.mean + params.low * params.std,
        high=params.mean + params.high * params.std,
    )


def _law_in_sigmas(params: TruncatedInSigmasParams, tensor: TensorSpec) -> Law:
    return _law(_absolute(params), tensor)


def _refuses_in_sigmas(params: TruncatedInSigmasParams, _tensor: TensorSpec) -> str | None:
    if params.low >= params.high:
        return f"The low bound {params.low:g} is not below the high bound {params.high:g}."
    return None


def _draw_in_sigmas(
    values: "torch.Tensor",
    params: TruncatedInSigmasParams,
    _tensor: TensorSpec,
    generator: "torch.Generator",
) -> object:
    torch.nn.init.trunc_normal_(values, 0, 1, params.low, params.high, generator=generator)
    return values.mul_(params.std).add_(params.mean)


TRUNCATED_NORMAL = Scheme(
    key="truncated_normal",
    label="Truncated normal",
    summary="A bell curve without the values beyond two bounds.",
    source="torch.nn.init.trunc_normal_",
    order=42,
    params=TruncatedNormalParams,
    formula="N(mean, std) given low <= value <= high",
    trap="The bounds are absolute, not in standard deviations, and cutting makes the result "
    "narrower than std: std 1 between -2 and 2 gives 0.8796.",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    roles=("weight", "bias", "scale", "shift", "slope"),
)

TRUNCATED_IN_SIGMAS = Scheme(
    key="trunc_normal_tf",
    label="Truncated normal in sigmas",
    summary="A bell curve without the values beyond so many standard deviations, as in TensorFlow.",
    source="timm.layers.trunc_normal_tf_; tf.random.truncated_normal",
    order=43,
    params=TruncatedInSigmasParams,
    formula="mean + std z, z from N(0, 1) given low <= z <= high",
    trap="Cutting makes the result narrower than std: at 2 standard deviations 0.8796 of it.",
    law=_law_in_sigmas,
    refuses=_refuses_in_sigmas,
    draw=_draw_in_sigmas,
    roles=("weight", "bias", "scale", "shift", "slope"),
)
