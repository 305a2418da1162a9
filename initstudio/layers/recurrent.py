"""Recurrent layers: they read a sequence step by step."""

from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, Params, Place, Shape, TensorSpec
from initstudio.law import uniform_law
from initstudio.shapes import sequence

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class RecurrentParams(Params, frozen=True):
    """What torch asks for, and which outputs go on."""

    hidden: Annotated[
        int, Meta(ge=1, le=65_536, title="Hidden", description="Size of the state.")
    ] = 32
    layers: Annotated[
        int, Meta(ge=1, le=32, title="Layers", description="Each reads the outputs of the last.")
    ] = 1
    both_ways: Annotated[
        bool,
        Meta(title="Both ways", description="Reads the sequence from its end, too."),
    ] = False
    output: Annotated[
        Literal["last", "every"],
        Meta(
            title="Output",
            description="The output at the last step, or at every step.",
            extra={"choices": {"last": "Last step", "every": "Every step"}},
        ),
    ] = "last"


class RNNParams(RecurrentParams, frozen=True):
    """With the activation of the state."""

    nonlinearity: Annotated[
        Literal["tanh", "relu"],
        Meta(
            title="Nonlinearity",
            extra={"choices": {"tanh": "Tanh", "relu": "ReLU"}},
        ),
    ] = "tanh"


def _shape(label: str, params: RecurrentParams, place: Place) -> Shape:
    steps, _ = sequence(place.shape, label)
    width = params.hidden * (1 + params.both_ways)
    return (width,) if params.output == "last" else (steps, width)


def _tensors(gates: int, params: RecurrentParams, place: Place) -> tuple[TensorSpec, ...]:
    features, hidden = place.shape[-1], params.hidden
    law = uniform_law(1 / sqrt(hidden))
    found = []
    for layer in range(params.layers):
        for end in ("", "_reverse")[: 1 + params.both_ways]:
            for kind, width in (("ih", features), ("hh", hidden)):
                found.append(
                    TensorSpec(
                        name=f"rnn.weight_{kind}_l{layer}{end}",
                        role="weight",
                        shape=(gates * hidden, width),
                        fan_in=width,
                        fan_out=gates * hidden,
                        default=law,
                        gates=gates,
                    )
                )
            found += [
                TensorSpec(
                    name=f"rnn.bias_{kind}_l{layer}{end}",
                    role="bias",
                    shape=(gates * hidden,),
                    fan_in=width,
                    fan_out=gates * hidden,
                    default=law,
                    gates=gates,
                )
                for kind, width in (("ih", features), ("hh", hidden))
            ]
        features = hidden * (1 + params.both_ways)
    return tuple(found)


def _build(kind: str, params: RecurrentParams, place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    more = {"nonlinearity": params.nonlinearity} if isinstance(params, RNNParams) else {}
    rnn = getattr(torch.nn, kind)(
        place.shape[-1],
        params.hidden,
        num_layers=params.layers,
        bidirectional=params.both_ways,
        batch_first=True,
        **more,
    )
    return modules.Recurrent(rnn, every=params.output == "every")


def _recurrent(  # noqa: PLR0913, PLR0917 - what tells one kind from another
    key: str, order: int, gates: int, summary: str, source: str, params: type[RecurrentParams]
) -> Layer[Any]:
    label = key.upper()
    return Layer(
        key=key,
        label=label,
        group="Recurrent",
        summary=summary,
        source=source,
        order=order,
        params=params,
        shape=partial(_shape, label),
        tensors=partial(_tensors, gates),
        build=partial(_build, label),
        vectorised=False,  # vmap has no rule for torch's recurrent kernels
    )


RNN = _recurrent(
    "rnn",
    100,
    1,
    "The state is an activation of a weighted sum of the input and the last state.",
    "torch.nn.RNN; Elman 1990",
    RNNParams,
)
LSTM = _recurrent(
    "lstm",
    101,
    4,
    "A state with gates that write, keep and read it; torch's forget gate starts near one half.",
    "torch.nn.LSTM; Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000",
    RecurrentParams,
)
GRU = _recurrent(
    "gru",
    102,
    3,
    "A state with gates that reset and update it.",
    "torch.nn.GRU; Cho et al. 2014",
    RecurrentParams,
)
