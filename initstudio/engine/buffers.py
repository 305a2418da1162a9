"""Memory that a recorded program keeps, so that a step asks the system for none.

Memory of some hundred kilobytes an operation goes back to the system after each step, which then
hands it out again cleared, page by page: that took a third of the time.
"""

from collections import defaultdict
from collections.abc import Sequence
from operator import getitem
from typing import Any

import torch
from torch import fx
from torch._ops import OpOverload

SMALLEST = 16 * 1024
"""Bytes; an operation with a smaller result is left as it is."""

_aten = torch.ops.aten


def write_into(module: fx.GraphModule, targets: Sequence[torch.Tensor]) -> None:
    """Make the first outputs be written to `targets`: by the operation itself, or by a copy."""
    end = module.graph.output_node()
    outputs: list[fx.Node] = list(end.args[0])  # type: ignore[arg-type]  # `record` wrote nodes
    for at, target in enumerate(targets):
        made = outputs[at]
        if made.target is _aten.view.default and len(made.users) == 1:
            made = made.all_input_nodes[0]
        alone = len(made.users) == 1 and outputs.count(outputs[at]) == 1
        if alone and made.meta["val"].is_contiguous() and _variant(made):
            _redirect(module, made, f"_target_{at}", target.view(made.meta["val"].shape))
        else:
            with module.graph.inserting_before(end):
                kept = _attribute(module, f"_target_{at}", target)
                module.graph.call_function(_aten.copy_.default, (kept, outputs[at]))


def keep_memory(module: fx.GraphModule) -> None:
    """Give each large result a lasting place, and the place to another when it is done with."""
    nodes = list(module.graph.nodes)
    owners: dict[fx.Node, fx.Node] = {}
    last: dict[fx.Node, fx.Node] = {}
    for node in nodes:
        owners[node] = _owner(node, owners)
        for used in node.all_input_nodes:
            last[owners[used]] = node
    free: dict[tuple[torch.dtype, int], list[torch.Tensor]] = defaultdict(list)
    ending: dict[fx.Node, list[torch.Tensor]] = defaultdict(list)
    for at, node in enumerate(nodes):
        if _is_large(node) and node in last and _variant(node):
            value = node.meta["val"]
            places = free[value.dtype, value.numel()]
            place = places.pop() if places else torch.empty(value.numel(), dtype=value.dtype)
            ending[last[node]].append(place)
            _redirect(module, node, f"_kept_{at}", place.view(value.shape))
        for place in ending.pop(node, ()):
            free[place.dtype, place.numel()].append(place)


def _owner(node: fx.Node, owners: dict[fx.Node, fx.Node]) -> fx.Node:
    """Return the operation that made the memory in which this one's result lies."""
    shares = node.target in (getitem, _aten._unsafe_view.default)  # noqa: SLF001
    if isinstance(node.target, OpOverload) and not _arguments(node.target, out=True):
        shares |= any(result.alias_info for result in node.target._schema.returns)  # noqa: SLF001
    return owners[node.all_input_nodes[0]] if shares and node.all_input_nodes else node


def _is_large(node: fx.Node) -> bool:
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor) or not value.is_contiguous():
        return False
    return value.numel() * value.element_size() >= SMALLEST


def _redirect(module: fx.GraphModule, node: fx.Node, name: str, memory: torch.Tensor) -> None:
    """Make an operation write its result to `memory`; it has a variant that can."""
    variant = _variant(node)
    if variant is None:
        message = f"{node.target} cannot write to given memory"
        raise ValueError(message)
    operation, argument = variant
    with module.graph.inserting_before(node):
        place = _attribute(module, name, memory)
        kwargs = {**node.kwargs, argument: place}
        written = module.graph.call_function(operation, node.args, kwargs)
    written.meta = dict(node.meta)
    node.replace_all_uses_with(written)
    module.graph.erase_node(node)


def _attribute(module: fx.GraphModule, name: str, memory: torch.Tensor) -> fx.Node:
    """Return a node for `memory`, held as a plain attribute, which is found fastest."""
    object.__setattr__(module, name, memory)
    return module.graph.create_node("get_attr", name)


def _variant(node: fx.Node) -> tuple[OpOverload, str] | None:
    """Return the operation that does the same but writes to given memory, and its argument."""
    if not isinstance(node.target, OpOverload) or _arguments(node.target, out=True):
        return None
    packet = node.target._overloadpacket  # noqa: SLF001
    wanted = _arguments(node.target, out=False)
    for name in packet.overloads():
        found: OpOverload = getattr(packet, name)
        places = _arguments(found, out=True)
        if len(places) == 1 and _arguments(found, out=False) == wanted:
            return found, places[0][0]
    return None


def _arguments(operation: OpOverload, *, out: bool) -> list[tuple[str, Any]]:
    arguments = operation._schema.arguments  # noqa: SLF001
    return [(one.name, str(one.type)) for one in arguments if one.is_out == out]
