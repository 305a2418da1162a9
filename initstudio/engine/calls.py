"""What a network calls while it works, in the order of the signal: modules, and functions.

A person's own network says in `forward` what follows what; the only way to know is to look.
"""

import inspect
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn

from initstudio.catalogue import Value
from initstudio.layers import LAYERS
from initstudio.taps import Calls, Met

FUNCTIONS = frozenset(
    key for key, layer in LAYERS.items() if layer.group == "Activation" and key != "prelu"
)
"""Activations that are called as functions of this name; prelu's slope would be a parameter."""


@dataclass(eq=False, kw_only=True)
class Call:
    """A module or an activation function that was called; `module` is None for a function."""

    name: str
    """Of the module in the network, or of the function: "relu()"."""
    number: int
    """Counts the calls of it from 1."""
    module: nn.Module | None
    takes: tuple[int, ...]
    """The shape of the first tensor that comes in, with the batch."""
    gives: torch.Tensor | None
    """What comes out, of several tensors the first."""
    key: str = ""
    params: dict[str, Value] = field(default_factory=dict)
    version: int = 0
    in_place: bool = False
    """Whether what comes out is what came in, changed."""

    @property
    def changed(self) -> bool:
        """Return whether its output was changed in place since."""
        return self.gives is not None and self.gives._version != self.version  # noqa: SLF001


def calls_of(network: nn.Module, x: torch.Tensor) -> tuple[Any, list[Call]]:
    """Return what the network gives for a batch, and its calls."""
    with _Watch(network, FUNCTIONS) as watch:
        return network(x), watch.calls


class _Watch(Calls):
    """Notes the calls."""

    def __init__(self, network: nn.Module, keys: frozenset[str]) -> None:
        super().__init__(network, keys)
        self.calls: list[Call] = []

    def met(self, call: Met) -> object:
        """Note the call, and let its output go on."""
        came = [one for one in (*call.args, *call.kwargs.values()) if isinstance(one, torch.Tensor)]
        several = isinstance(call.output, tuple) and bool(call.output)
        first = call.output[0] if several else call.output
        gives = first if isinstance(first, torch.Tensor) else None
        noted = Call(
            name=call.name,
            number=call.number,
            module=call.module,
            takes=tuple(came[0].shape) if came else (),
            gives=gives,
            key=call.key,
            params=_given(call),
            version=gives._version if gives is not None else 0,  # noqa: SLF001 - no public name
            in_place=bool(came) and gives is came[0],
        )
        self.calls.append(noted)
        return call.output


def _given(call: Met) -> dict[str, Value]:
    """Return the parameters that an activation function was called with."""
    if call.function is None:
        return {}
    try:
        given = inspect.signature(call.function).bind(*call.args, **call.kwargs).arguments
    except (TypeError, ValueError):  # written in C, and so with no parameters to speak of
        return {}
    names = LAYERS[call.key].params.__struct_fields__
    return {name: given[name] for name in names if isinstance(given.get(name), bool | int | float)}
