"""Biases of recurrent gates: how long a state remembers from the start."""

from math import log, sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.law import Law, constant_law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

LSTM_GATES = 4
GRU_GATES = 3


class ForgetParams(Params, frozen=True):
    """One number for the forget gates."""

    bias: Annotated[
        float,
        Meta(ge=-100, le=100, title="Forget bias", description="The sum of torch's two biases."),
    ] = 1.0


class ChronoParams(Params, frozen=True):
    """How far back what matters may lie."""

    longest: Annotated[
        float,
        Meta(
            gt=2,
            le=1_000_000,
            title="Longest",
            description="Steps over which dependencies may reach (T max of the paper).",
            extra={"unit": "steps", "log": True},
        ),
    ] = 100.0


def _forget_law(params: ForgetParams, tensor: TensorSpec) -> Law:
    if tensor.gates != LSTM_GATES or not _is_input(tensor):
        return constant_law(0)
    mean = params.bias / LSTM_GATES
    spread = abs(params.bias) * sqrt(LSTM_GATES - 1) / LSTM_GATES
    low, high = min(0.0, params.bias), max(0.0, params.bias)
    return Law(kind="fixed", mean=mean, std=spread, low=low, high=high)


def _is_input(tensor: TensorSpec) -> bool:
    """Return whether this is the bias of the input; torch adds that of the state to it."""
    return "bias_hh" not in tensor.name


def _refuses(_params: Params, tensor: TensorSpec) -> str | None:
    if tensor.role == "bias":
        return None
    return f"A forget bias is for biases, and a {tensor.role} is none."


def _draw_forget(
    values: "torch.Tensor", params: ForgetParams, tensor: TensorSpec, _generator: "torch.Generator"
) -> object:
    torch.nn.init.zeros_(values)
    if tensor.gates == LSTM_GATES and _is_input(tensor):
        hidden = values.shape[0] // LSTM_GATES
        torch.nn.init.constant_(values[hidden : 2 * hidden], params.bias)  # i, f, g, o
    return values


def _has_chrono(tensor: TensorSpec) -> bool:
    return _is_input(tensor) and (
        tensor.gates == LSTM_GATES or (tensor.gates == GRU_GATES and tensor.layer == "gru")
    )


def _chrono_law(params: ChronoParams, tensor: TensorSpec) -> Law:
    if not _has_chrono(tensor):
        return constant_law(0)
    top = params.longest - 1
    # moments of ln u, u uniform on [1, top], by parts
    mean = (top * log(top) - top + 1) / (top - 1)
    square = (top * log(top) ** 2 - 2 * top * log(top) + 2 * top - 2) / (top - 1)
    if tensor.gates == LSTM_GATES:  # ln u for one gate, -ln u for another, 0 for two
        return Law(kind="mixed", mean=0, std=sqrt(square / 2), low=-log(top), high=log(top))
    mixed = mean / GRU_GATES
    spread = sqrt(square / GRU_GATES - mixed**2)
    return Law(kind="mixed", mean=mixed, std=spread, low=0, high=log(top))


def _refuses_chrono(_params: Params, tensor: TensorSpec) -> str | None:
    if tensor.role == "bias":
        return None
    return f"Chrono is for the biases of gates, and a {tensor.role} is none."


def _draw_chrono(
    values: "torch.Tensor", params: ChronoParams, tensor: TensorSpec, generator: "torch.Generator"
) -> object:
    torch.nn.init.zeros_(values)
    if not _has_chrono(tensor):
        return values
    hidden = values.shape[0] // tensor.gates
    kept = values[hidden : 2 * hidden]  # i, f, g, o of an LSTM; r, z, n of a GRU
    torch.nn.init.uniform_(kept, 1, params.longest - 1, generator=generator).log_()
    if tensor.gates == LSTM_GATES:
        values[:hidden] = -kept
    return values


LSTM_FORGET = Scheme(
    key="lstm_forget",
    label="LSTM forget bias",
    summary="Zeros, but the forget gates of an LSTM start open, so that it remembers.",
    source="Gers, Schmidhuber and Cummins 2000; Jozefowicz, Zaremba and Sutskever 2015, section 5",
    order=90,
    params=ForgetParams,
    formula="b for the forget gates in bias_ih, else 0",
    trap="Only an LSTM has forget gates: these biases start at 0.",
    law=_forget_law,
    refuses=_refuses,
    draw=_draw_forget,
    roles=("bias",),
    bites=lambda _params, tensor: tensor.gates != LSTM_GATES,
)

CHRONO = Scheme(
    key="chrono",
    label="Chrono",
    summary="Biases of an LSTM's or a GRU's gates that make it remember over many time scales.",
    source="Tallec and Ollivier 2018, Can recurrent neural networks warp time?, eq. 16",
    order=91,
    params=ChronoParams,
    formula="forget gates ln u, u from U(1, longest - 1); input gates the negative; else 0",
    trap="Only an LSTM and a GRU have such gates: these biases start at 0.",
    law=_chrono_law,
    refuses=_refuses_chrono,
    draw=_draw_chrono,
    roles=("bias",),
    bites=lambda _params, tensor: _is_input(tensor) and not _has_chrono(tensor),
)
"""Of a GRU, the update gate z says how much is kept: it takes the place of the forget gate. Only
the bias of the input is drawn; torch adds that of the state, which is 0."""
