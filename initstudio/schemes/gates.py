"""Biases of recurrent gates: how long a state remembers from the start."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Law, Params, Scheme, TensorSpec, constant_law

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")

LSTM_GATES = 4


class ForgetParams(Params, frozen=True):
    """One number for the forget gates."""

    bias: Annotated[
        float,
        Meta(ge=-100, le=100, title="Forget bias", description="The sum of torch's two biases."),
    ] = 1.0


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
