"""Initialization for residual networks: branches that start small, or at nothing."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import NoParams, Params, Scheme, TensorSpec
from initstudio.law import Law, constant_law, normal_law
from initstudio.shapes import lacks_fans

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class GPTParams(Params, frozen=True):
    """One width for all layers."""

    std: Annotated[
        float,
        Meta(gt=0, le=1000, title="Standard deviation", extra={"log": True}),
    ] = 0.02


def _gpt_std(params: GPTParams, tensor: TensorSpec) -> float:
    branch = tensor.site.branch
    if branch is None or not branch.is_last:
        return params.std
    return params.std / sqrt(branch.branches)


def _gpt_law(params: GPTParams, tensor: TensorSpec) -> Law:
    return normal_law(_gpt_std(params, tensor))


def _refuses_gpt(_params: GPTParams, tensor: TensorSpec) -> str | None:
    return lacks_fans("GPT-2", tensor)


def _draw_gpt(
    values: "torch.Tensor", params: GPTParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return torch.nn.init.normal_(values, 0, _gpt_std(params, tensor), generator=generator)


def _fixup_std(tensor: TensorSpec) -> float:
    """Return He's standard deviation, scaled in branches; 0 where they end, and at the end."""
    branch = tensor.site.branch
    std = sqrt(2 / tensor.fan_in)
    if branch is None:
        return 0.0 if tensor.site.is_last else std
    if branch.is_last:
        return 0.0
    return float(std * branch.branches ** (-1 / (2 * branch.layers - 2)))


def _normal_or_zero(std: float) -> Law:
    return normal_law(std) if std else constant_law(0)


def _draw_normal_or_zero(
    values: "torch.Tensor", std: float, generator: "torch.Generator"
) -> object:
    if not std:
        return torch.nn.init.zeros_(values)
    return torch.nn.init.normal_(values, 0, std, generator=generator)


def _fixup_law(_params: NoParams, tensor: TensorSpec) -> Law:
    return _normal_or_zero(_fixup_std(tensor))


def _refuses_fixup(_params: NoParams, tensor: TensorSpec) -> str | None:
    return lacks_fans("Fixup", tensor)


def _draw_fixup(
    values: "torch.Tensor", _params: NoParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return _draw_normal_or_zero(values, _fixup_std(tensor), generator)


def _no_branch(_params: Params, tensor: TensorSpec) -> bool:
    return tensor.site.branch is None


def _silent_std(tensor: TensorSpec) -> float:
    branch = tensor.site.branch
    return 0.0 if branch and branch.is_last else sqrt(2 / tensor.fan_in)


def _silent_law(_params: NoParams, tensor: TensorSpec) -> Law:
    return _normal_or_zero(_silent_std(tensor))


def _refuses_silent(_params: NoParams, tensor: TensorSpec) -> str | None:
    return lacks_fans("Zero last layer", tensor)


def _draw_silent(
    values: "torch.Tensor", _params: NoParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    return _draw_normal_or_zero(values, _silent_std(tensor), generator)


GPT2 = Scheme(
    key="gpt2",
    label="GPT-2",
    summary="One narrow normal; the layers that end residual branches are narrower still.",
    source="Radford et al. 2019, section 2.3: 1 / sqrt(N), N the number of residual branches",
    order=80,
    params=GPTParams,
    formula="N(0, std), where a branch ends N(0, std / sqrt(branches))",
    trap="Its width fits about 2,500 inputs: narrower layers let the signal shrink.",
    law=_gpt_law,
    refuses=_refuses_gpt,
    draw=_draw_gpt,
    roles=("weight",),
    bites=lambda params, tensor: tensor.fan_in * params.std**2 < 0.1,
)

FIXUP = Scheme(
    key="fixup",
    label="Fixup",
    summary="Kaiming, scaled down in residual branches; they and the network end with zeros.",
    source="Zhang, Dauphin and Ma 2019, Fixup initialization, section 3",
    order=81,
    params=NoParams,
    formula="N(0, std), std = L^(-1 / (2 m - 2)) sqrt(2 / fan_in); 0 at the ends of branches and "
    "of the network",
    trap="Without residual blocks only the network's last layer is special, and starts at 0.",
    law=_fixup_law,
    refuses=_refuses_fixup,
    draw=_draw_fixup,
    roles=("weight",),
    bites=_no_branch,
)

ZERO_LAST = Scheme(
    key="zero_last",
    label="Zero last layer of branches",
    summary="Kaiming, but every residual branch ends with zeros: each block starts as an identity.",
    source="Goyal et al. 2017, section 5.1; De and Smith 2020 (SkipInit)",
    order=82,
    params=NoParams,
    formula="N(0, std), std = sqrt(2 / fan_in); 0 where a branch ends",
    trap="Without residual blocks it is Kaiming normal.",
    law=_silent_law,
    refuses=_refuses_silent,
    draw=_draw_silent,
    roles=("weight",),
    bites=_no_branch,
)
