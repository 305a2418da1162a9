"""A person's own Python as the last word on how a network starts."""

import io
import math
import textwrap
from typing import TYPE_CHECKING, Annotated

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Params, Trial, Tuning
from initstudio.own_code import OwnCodeError, define, limited
from initstudio.trust import is_trusted

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = lazy_loader.load("torch")

TEMPLATE = '''\
def init(module, generator):
    """Called for each module of the network, as network.apply would."""
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight, generator=generator)
        if module.bias is not None:
            module.bias.fill_(0.01)
'''
"""The custom function of the article, method 5."""


class PythonParams(Params, frozen=True):
    """The text."""

    code: Annotated[
        str,
        Meta(
            max_length=100_000,
            title="Code",
            description="def init(module, generator), called for each module of the network. "
            "torch, nn and math are there.",
            extra={"editor": "python"},
        ),
    ] = TEMPLATE


def may_run(code: str) -> bool:
    """Return whether the person has trusted this code, or it is our own."""
    return code == TEMPLATE or is_trusted(code)


def _tune(trial: Trial, params: PythonParams) -> None:
    network = trial.network
    shapes = _shapes(network)
    with torch.no_grad(), limited("Python code"):
        given = {"torch": torch, "nn": torch.nn, "math": math}
        init = define(params.code, "init", given, trusted=may_run(params.code))
        for module in _inside_first(network):
            init(module, trial.generator)
    _refuse_others(network, shapes)


def _inside_first(network: "nn.Module") -> "list[nn.Module]":
    """Return the modules in the order of `Module.apply`."""
    found: list[nn.Module] = []
    network.apply(found.append)
    return found


def _shapes(network: "nn.Module") -> "dict[str, tuple[torch.Size, torch.dtype]]":
    return {name: (one.shape, one.dtype) for name, one in network.named_parameters()}


def _refuse_others(
    network: "nn.Module", shapes: "dict[str, tuple[torch.Size, torch.dtype]]"
) -> None:
    """Refuse a network whose parameters are not the same ones any more, or no numbers."""
    now = _shapes(network)
    for name in [*shapes, *now]:
        if name not in now:
            message = f"It has taken the parameter {name} away."
        elif name not in shapes:
            message = f"It has added the parameter {name}."
        elif now[name] != shapes[name]:
            message = f"It has made {name} {_told(*now[name])}; it must be {_told(*shapes[name])}."
        else:
            continue
        raise OwnCodeError(message)
    for name, values in network.named_parameters():
        lost = int((~values.isfinite()).sum())
        if lost:
            message = f"It leaves {lost:,} of {values.numel():,} values of {name} not finite."
            raise OwnCodeError(message)


def _told(shape: "torch.Size", kind: "torch.dtype") -> str:
    sides = " x ".join(str(side) for side in shape) or "one number"
    return f"{sides} of {str(kind).removeprefix('torch.')}"


def _script(params: PythonParams) -> str:
    """Return the code for a script, as the body of a function of `model` and `generator`."""
    code = params.code.strip("\n")
    if _can_be_indented(code):
        body = code
    else:
        body = f"space = dict(torch=torch, nn=nn, math=math)\nexec({code!r}, space)\n"
        body += 'init = space["init"]'
    return (
        f"{body}\n\nwith torch.no_grad():\n    model.apply(lambda module: init(module, generator))"
    )


def _can_be_indented(code: str) -> bool:
    """Return whether the code means the same inside of a function."""
    import tokenize  # noqa: PLC0415 - not at the window's start

    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except (tokenize.TokenError, SyntaxError):
        return False
    wide = any(one.start[0] != one.end[0] for one in tokens if one.type == tokenize.STRING)
    return not wide and "import *" not in code and textwrap.dedent(code) == code


PYTHON = Tuning(
    key="python",
    label="Python code",
    summary="A function of your own, called for each module of the network once it was drawn.",
    source="torch.nn.Module.apply; your own code",
    order=900,
    params=PythonParams,
    tune=_tune,
    script=_script,
)
