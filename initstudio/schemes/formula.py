"""A formula of one's own for the starting distribution."""

from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio import gaussian
from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.formula import LONGEST, FormulaError, Start, evaluate, facts_of, start
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class FormulaParams(Params, frozen=True):
    """One line of text; Kaiming normal is the default."""

    formula: Annotated[
        str,
        Meta(
            max_length=LONGEST,
            title="Formula",
            description="normal(mean, std), uniform(low, high), truncated_normal(mean, std, low, "
            "high), orthogonal(gain) or a number, from names such as fan_in, fan_out and layer.",
            extra={"editor": "formula"},
        ),
    ] = "normal(0, sqrt(2 / fan_in))"


def _facts(tensor: TensorSpec) -> dict[str, float]:
    """Return what the formula may ask; the gain is that of the activation that follows."""
    site = tensor.site
    gain = gaussian.second_moment_gain(site.activation, site.activation_params)
    return facts_of(tensor, gain)


def _start(params: FormulaParams, tensor: TensorSpec) -> Start:
    return start(params.formula, _facts(tensor))


def _law(params: FormulaParams, tensor: TensorSpec) -> Law:
    return evaluate(params.formula, _facts(tensor))


def _refuses(params: FormulaParams, tensor: TensorSpec) -> str | None:
    try:
        _start(params, tensor)
    except FormulaError as error:
        return error.sentence
    return None


def _draw(
    values: "torch.Tensor",
    params: FormulaParams,
    tensor: TensorSpec,
    generator: "torch.Generator",
) -> object:
    meant = _start(params, tensor)
    init = torch.nn.init
    match meant.name, meant.numbers:
        case "normal", (mean, std):
            return init.normal_(values, mean, std, generator=generator)
        case "uniform", (low, high):
            return init.uniform_(values, low, high, generator=generator)
        case "truncated_normal", (mean, std, low, high):
            return init.trunc_normal_(values, mean, std, low, high, generator=generator)
        case "orthogonal", (gain,):
            return init.orthogonal_(values, gain, generator=generator)
    return init.constant_(values, meant.numbers[0])


FORMULA = Scheme(
    key="formula",
    label="Formula",
    summary="A distribution that you write yourself, from the facts of each layer.",
    source="torch.nn.init: normal_, uniform_, trunc_normal_, orthogonal_, constant_",
    order=70,
    params=FormulaParams,
    formula="as written",
    law=_law,
    refuses=_refuses,
    draw=_draw,
    roles=("weight", "bias", "scale", "shift", "slope"),
)
