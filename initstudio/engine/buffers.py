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

from initstudio.engine.layout import is_tight, length, spread

SMALLEST = 16 * 1024
"""Bytes; memory for smaller results is cheap."""

_aten = torch.ops.aten
_MINDFUL = (_aten.bmm.default, _aten.baddbmm.default, _aten.sum.dim_IntList)
"""Besides the pointwise ones, these heed gaps in what they write to. Not all do: log_softmax in
torch 2.13 writes as if there were none."""
_UNTOLD = (
    _aten._unsafe_view.default,  # noqa: SLF001 - it has no public name
    _aten.unsafe_chunk.default,
    _aten.unsafe_split.Tensor,
    _aten.unsafe_split_with_sizes.default,
)
"""These give parts of the memory that they take, and do not say so."""


def write_into(
    module: fx.GraphModule, targets: Sequence[torch.Tensor], *, copying: bool = False
) -> None:
    """Make the first outputs be written to `targets`: by the operation itself, or by a copy.

    `copying`: always by a copy, as it is not known which kernels of a device heed gaps.
    """
    end = module.graph.output_node()
    outputs: list[fx.Node] = list(end.args[0])  # type: ignore[arg-type]  # `record` wrote nodes
    for at, target in enumerate(targets):
        made = outputs[at]
        if made.target is _aten.view.default and len(made.users) == 1:
            made = made.all_input_nodes[0]
        alone = len(made.users) == 1 and outputs.count(outputs[at]) == 1
        whole = made.meta["val"].is_contiguous() and made.meta["val"].shape[:1] == target.shape[:1]
        direct = alone and whole and not copying and _variant(made)
        if direct and (_is_mindful(made) or target.is_contiguous()):
            _redirect(module, made, f"_target_{at}", target.view(made.meta["val"].shape))
        else:
            with module.graph.inserting_before(end):
                kept = _attribute(module, f"_target_{at}", target)
                module.graph.call_function(_aten.copy_.default, (kept, outputs[at]))


def keep_memory(module: fx.GraphModule) -> None:
    """Give each result a lasting place, and the place to another when it is done with.

    Replicas begin on boundaries there (see `layout.py`); results that are small and lie on
    boundaries anyway are left to torch.
    """
    nodes = list(module.graph.nodes)
    owners: dict[fx.Node, fx.Node] = {}
    last: dict[fx.Node, fx.Node] = {}
    bound = set()
    for node in nodes:
        owners[node] = _owner(node, owners)
        if owners[node] is not node and not _keeps_replicas(node):
            bound.add(owners[node])
        for used in node.all_input_nodes:
            last[owners[used]] = node
    free: dict[tuple[torch.dtype, int], list[torch.Tensor]] = defaultdict(list)
    ending: dict[fx.Node, list[torch.Tensor]] = defaultdict(list)
    for at, node in enumerate(nodes):
        if node in last and owners[node] is node and node not in bound and _is_worthwhile(node):
            value = node.meta["val"]
            size = length(tuple(value.shape))
            places = free[value.dtype, size]
            place = places.pop() if places else torch.zeros(size, dtype=value.dtype)
            ending[last[node]].append(place)
            if _writes_to_memory(node):
                _place(module, node, f"_kept_{at}", place)
            else:
                _copy_to(module, node, f"_kept_{at}", place)
        for place in ending.pop(node, ()):
            free[place.dtype, place.numel()].append(place)


def _place(module: fx.GraphModule, node: fx.Node, name: str, place: torch.Tensor) -> None:
    """Make an operation write to `place`; over the gaps too, if it takes each number alone.

    Then all numbers go through the same instructions, in whole registers.
    """
    shape = tuple(node.meta["val"].shape)
    written = _redirect(module, node, name, spread(place, shape))
    if is_tight(shape):
        return
    written.meta["flat"] = place
    if not _is_pointwise(node):
        return
    *before, shaped = written.all_input_nodes
    flat: dict[fx.Node, fx.Node] = {}
    for at, used in enumerate(before):
        memory = used.meta.get("flat")
        if memory is None or used.meta["val"].shape != shape:
            return
        with module.graph.inserting_before(written):
            flat[used] = _attribute(module, f"{name}_{at}", memory)
    with module.graph.inserting_before(written):
        flat[shaped] = _attribute(module, f"{name}_flat", place)
    shaped.meta = written.meta
    written.replace_all_uses_with(shaped)
    written.args = fx.node.map_arg(written.args, flat.__getitem__)
    written.kwargs = fx.node.map_arg(written.kwargs, flat.__getitem__)


def _copy_to(module: fx.GraphModule, node: fx.Node, name: str, place: torch.Tensor) -> None:
    """Copy to `place` what an operation gives that cannot write there."""
    shape = tuple(node.meta["val"].shape)
    with module.graph.inserting_after(node):
        kept = _attribute(module, name, spread(place, shape))
    kept.meta = {**node.meta, "flat": place}
    node.replace_all_uses_with(kept)
    with module.graph.inserting_after(kept):
        module.graph.call_function(_aten.copy_.default, (kept, node))


def _keeps_replicas(node: fx.Node) -> bool:
    """Tell whether a view leaves the replicas' axis alone, so that gaps between them do no harm."""
    value, before = node.meta.get("val"), node.all_input_nodes[0].meta.get("val")
    if not isinstance(value, torch.Tensor) or not isinstance(before, torch.Tensor):
        return False
    return value.dim() > 0 and value.shape[:1] == before.shape[:1]


def _owner(node: fx.Node, owners: dict[fx.Node, fx.Node]) -> fx.Node:
    """Return the operation that made the memory in which this one's result lies."""
    shares = node.target in (getitem, *_UNTOLD)
    if isinstance(node.target, OpOverload) and not _arguments(node.target, out=True):
        shares |= any(result.alias_info for result in node.target._schema.returns)  # noqa: SLF001
    return owners[node.all_input_nodes[0]] if shares and node.all_input_nodes else node


def _is_worthwhile(node: fx.Node) -> bool:
    value = node.meta.get("val")
    if not isinstance(value, torch.Tensor) or not value.is_contiguous() or value.dim() < 2:
        return False
    if is_tight(tuple(value.shape)):
        return _writes_to_memory(node) and value.numel() * value.element_size() >= SMALLEST
    return _writes_to_memory(node) or _feeds_product(node)


def _writes_to_memory(node: fx.Node) -> bool:
    """Tell whether the operation can write to given memory, with gaps if it would have them."""
    tight = is_tight(tuple(node.meta["val"].shape))
    return _variant(node) is not None and (tight or _is_mindful(node))


def _is_mindful(node: fx.Node) -> bool:
    return _is_pointwise(node) or node.target in _MINDFUL


def _feeds_product(node: fx.Node) -> bool:
    return node.op == "call_function" and any(
        user.target in (_aten.bmm.default, _aten.baddbmm.default) for user in node.users
    )


def _is_pointwise(node: fx.Node) -> bool:
    return isinstance(node.target, OpOverload) and torch.Tag.pointwise in node.target.tags


def _redirect(module: fx.GraphModule, node: fx.Node, name: str, memory: torch.Tensor) -> fx.Node:
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
    return written


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
