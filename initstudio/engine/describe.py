"""Read a person's own network: run its code once, and describe what it made.

It is done in a process of its own (`describing.py`), as the code may do anything: hang, crash, ask
for all memory. What it gives is data that the window can show without torch.
"""

import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from msgspec.structs import replace
from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import is_parametrized

from initstudio import own_network
from initstudio.catalogue import Shape
from initstudio.described import Described, DescribedPart, Reading, checked
from initstudio.engine.calls import Call, calls_of
from initstudio.engine.draws import Draws
from initstudio.engine.tensor_facts import key_of, params_of, tensors_of
from initstudio.engine.together import why_alone
from initstudio.errors import ExperimentError
from initstudio.layers import LAYERS
from initstudio.shapes import in_words
from initstudio.taps import is_whole, tap_name, wholes

BATCH = 4
OTHER_BATCH = 3
"""The last batch of an epoch is smaller than the others."""
SEED = 0


def read(code: str, factory: str, shape: Shape, tokens: int = 0) -> Reading:
    """Return what can be chosen in a text, and the description of what is chosen.

    Without a factory the only candidate is taken, and none where there are several; one that fails
    leaves the others to choose. An example of the data is of `shape`, of real numbers or of numbers
    of so many `tokens`.

    Raises:
        ExperimentError: The text fails, or there is nothing to choose in it.
    """
    candidates, needy = own_network.candidates(own_network.load(code))
    if not candidates:
        raise ExperimentError("file", _nothing(needy))
    if not factory and len(candidates) == 1:
        factory = candidates[0].name
    found = Reading(tuple(candidates), tuple(needy), factory)
    if not factory:
        return found
    try:
        return replace(found, described=describe(code, factory, shape, tokens))
    except ExperimentError as error:
        return replace(found, where=error.where, why=error.why)


def describe(code: str, factory: str, shape: Shape, tokens: int = 0) -> Described:
    """Return the description of the network that a factory of the text gives.

    Raises:
        ExperimentError: The text fails, or its network cannot be used here; in one sentence.
    """
    torch.manual_seed(SEED)
    with Draws() as draws:
        network = own_network.make(code, factory)
    _refuse_what_cannot_start(network)
    x = examples(BATCH, shape, tokens)
    versions = x._version  # noqa: SLF001 - it has no public name
    before = _beside(network)
    output, calls = _run(network, x, calls_of)
    alone = ""
    if before != _beside(network):
        alone = "its forward keeps something from one batch to the next, or draws by itself"
    _refuse_wrong_output(network, output, shape, tokens)
    if x._version != versions:  # noqa: SLF001 - as above
        why = "Its forward changes its input in place, which is the data; let it work on x.clone()."
        raise ExperimentError(factory, why)
    _refuse_unused(network, output)
    met = list(_parts(network, calls, draws))
    parts = (*(part for part, _ in met), *_lending(network, met, draws))
    root = dict(network.named_parameters(recurse=False))
    last = next((call for part, call in reversed(met) if part.watched), None)
    found = Described(
        shape=shape,
        shape_out=tuple(output.shape[1:]),
        parts=parts,
        tensors=tensors_of(network, root, draws),
        tokens=tokens,
        watched=last is None or last.gives is not output or last.changed,
    )
    if not alone:
        alone = why_alone(
            lambda: own_network.prepared(own_network.make(code, factory), parts), found
        )
    return checked(replace(found, alone=alone))


def examples(count: int, shape: Shape, tokens: int) -> torch.Tensor:
    """Return a batch of standard normal numbers, or of tokens."""
    if tokens:
        return torch.randint(tokens, (count, *shape))
    return torch.randn(count, *shape)


def _nothing(needy: Sequence[str]) -> str:
    if needy:
        some = " and ".join(filter(None, [", ".join(needy[:-1]), needy[-1]]))
        return f"{some} {'need' if len(needy) > 1 else 'needs'} arguments; {own_network.HOW}."
    return (
        "There is no network in it: no class that is a torch.nn.Module, and no function that "
        "returns one."
    )


def _refuse_what_cannot_start(network: nn.Module) -> None:
    """Say so where there is nothing to start, or a parameter that no scheme could start."""
    found = False
    for name, parameter in network.named_parameters():
        found = True
        lazy: bool = is_lazy(parameter)
        if lazy:
            why = f"{name} is lazy: its size is not known when it is built; write the size out."
        elif parameter.device.type != "cpu":
            why = f"{name} is on {parameter.device.type}; let the network be built on the CPU."
        elif not parameter.is_floating_point():
            why = f"{name} is {str(parameter.dtype).removeprefix('torch.')}, not real numbers."
        elif not parameter.requires_grad:
            why = (
                f"{name} is frozen (requires_grad is False), and all parameters are trained here; "
                "register it as a buffer."
            )
        elif not parameter.numel():
            why = f"{name} holds no values; leave it out."
        else:
            continue
        raise ExperimentError("network", why)
    if not found:
        raise ExperimentError("network", "The network has no parameters to start.")
    for name, module in network.named_modules():
        if is_parametrized(module):
            why = f"{name or 'The network'} is parametrized, as by weight_norm; use it plain."
            raise ExperimentError("network", why)


def _run(network: nn.Module, x: torch.Tensor, how: Any) -> Any:  # noqa: ANN401
    """Return what running the network gives; `how` runs it."""
    try:
        return how(network, x)
    except Exception as error:  # noqa: BLE001 - whatever own code raises
        size = in_words(tuple(x.shape))
        why = f"Its forward fails for a batch of {size} values: {own_network.failure(error)}"
        raise ExperimentError("network", why) from None


def _refuse_wrong_output(network: nn.Module, output: object, shape: Shape, tokens: int) -> None:
    if not isinstance(output, torch.Tensor):
        kind = type(output).__name__
        raise ExperimentError("network", f"Its forward gives a {kind}, and a tensor is needed.")
    if not output.is_floating_point():
        kind = str(output.dtype).removeprefix("torch.")
        raise ExperimentError("network", f"Its forward gives {kind} values, not real numbers.")
    if output.dim() < 2 or output.shape[0] != BATCH:
        size = in_words(tuple(output.shape)) or "one number"
        why = (
            f"Its forward gives {size} for a batch of {BATCH} examples; "
            "the first axis must be the batch, and one more must follow."
        )
        raise ExperimentError("network", why)
    other = _run(network, examples(OTHER_BATCH, shape, tokens), nn.Module.__call__)
    if tuple(other.shape) != (OTHER_BATCH, *output.shape[1:]):
        why = f"Its forward gives {in_words(tuple(other.shape))} for a batch of {OTHER_BATCH}."
        raise ExperimentError("network", why)
    network.eval()
    with torch.no_grad():
        validated = _run(network, examples(OTHER_BATCH, shape, tokens), nn.Module.__call__)
    network.train()
    if not isinstance(validated, torch.Tensor) or validated.shape != other.shape:
        why = "After eval() its forward gives something else than in training."
        raise ExperimentError("network", why)


def _refuse_unused(network: nn.Module, output: torch.Tensor) -> None:
    """Say so where a parameter does not take part: it would get no gradient, and no training."""
    try:
        (output * torch.randn_like(output)).sum().backward()
    except RuntimeError as error:
        why = f"Its output cannot be differentiated: {own_network.failure(error)}"
        raise ExperimentError("network", why) from None
    for name, parameter in network.named_parameters():
        if parameter.grad is None:
            why = f"{name} takes no part in the output; take it out of the network."
            raise ExperimentError("network", why)
    network.zero_grad()


def _beside(network: nn.Module) -> list[object]:
    """Return what a forward should leave alone: streams of its own, and plain attributes."""
    numpy_state = np.random.get_state(legacy=False)["state"]  # noqa: NPY002 - own code uses it
    kept: list[object] = [random.getstate(), str(numpy_state)]
    for module in network.modules():
        for name, value in vars(module).items():
            if isinstance(value, torch.Tensor):
                kept.append((name, id(value), value._version))  # noqa: SLF001 - no public name
            elif isinstance(value, bool | int | float | str | None):
                kept.append((name, value))
            elif not name.startswith("_"):
                kept.append((name, id(value), len(value) if hasattr(value, "__len__") else 0))
    return kept


def _shape_out(call: Call) -> Shape | None:
    """Return the shape of one example of what comes out; None where it is no batch."""
    if call.gives is None or call.gives.dim() < 2 or call.gives.shape[0] != BATCH:
        return None
    return tuple(call.gives.shape[1:]) if call.gives.is_floating_point() else None


def _parts(
    network: nn.Module, calls: Sequence[Call], draws: Draws
) -> Iterator[tuple[DescribedPart, Call]]:
    """Return the parts in the order of the signal, each with its call.

    Each module is there once, where it is used first. An activation that is a function, or is used
    again, is there if it is the first to follow a layer with weights, which it is the one of.
    """
    counts: dict[str, int] = {}
    for call in calls:
        counts[call.name] = call.number
    waiting = False
    for call in calls:
        key = call.key if call.module is None else key_of(call.module)
        is_activation = key in LAYERS and LAYERS[key].group == "Activation"
        if call.module is not None and call.number == 1:
            part = _module_part(network, call.module, call, counts[call.name], draws)
            waiting |= any(one.role == "weight" for one in part.tensors)
            yield part, call
        elif is_activation and waiting:
            yield _tapped_part(call, key), call
        waiting &= not is_activation


def _lending(
    network: nn.Module, met: Sequence[tuple[DescribedPart, Call]], draws: Draws
) -> Iterator[DescribedPart]:
    """Return the parts that are not called, and lend their parameters to what is."""
    known = {part.module for part, _ in met}
    for name, module in wholes(network).items():
        own = _own_parameters(network, name, module)
        if name not in known and own:
            yield DescribedPart(
                module=name,
                kind=type(module).__name__,
                name=name,
                shape_in=(),
                key=key_of(module),
                tensors=tensors_of(module, own, draws),
            )


def _module_part(
    network: nn.Module, module: nn.Module, call: Call, count: int, draws: Draws
) -> DescribedPart:
    shape = _shape_out(call)
    return DescribedPart(
        module=call.name,
        kind=type(module).__name__,
        name=f"{call.name} (used {count} times)" if count > 1 else call.name,
        shape_in=call.takes[1:],
        shape_out=shape,
        key=key_of(module),
        params=params_of(module),
        tensors=tensors_of(module, _own_parameters(network, call.name, module), draws),
        watched=shape is not None,
        changed=call.changed,
    )


def _tapped_part(call: Call, key: str) -> DescribedPart:
    shape = _shape_out(call)
    # who goes on with what came in, which a function has changed, passes the tap by
    missed = call.in_place and call.changed
    return DescribedPart(
        module=tap_name(call.name, call.number),
        kind=LAYERS[key].label,
        name="in forward" if call.module is None else f"{call.name} again",
        shape_in=call.takes[1:],
        shape_out=shape,
        key=key,
        params=call.params if call.module is None else params_of(call.module),
        watched=shape is not None and not missed,
        changed=call.changed and not missed,
        tap=not missed,
    )


def _own_parameters(network: nn.Module, name: str, module: nn.Module) -> dict[str, nn.Parameter]:
    """Return a part's parameters by their names in it; one that is shared is where it was first."""
    known = {full for full, _ in network.named_parameters()}
    return {
        short: parameter
        for short, parameter in module.named_parameters(recurse=is_whole(module))
        if f"{name}.{short}" in known
    }
