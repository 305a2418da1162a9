"""Record a function of tensors as a flat list of tensor operations, without the needless ones.

Under vmap a Linear layer becomes an `expand` and a `view` that change nothing, a matrix product
and a sum; and each operation costs some microseconds of Python, as much as a small product does.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import fx
from torch.fx.experimental.proxy_tensor import make_fx
from torch.utils import _pytree as pytree

_aten = torch.ops.aten
_COPIES = (_aten.detach.default, _aten.alias.default)
_RESHAPES = (_aten.expand.default, _aten.view.default, _aten._unsafe_view.default)  # noqa: SLF001


class Recorded:
    """A recorded function; its inputs have the shapes and the nesting of those recorded."""

    def __init__(self, graph: fx.GraphModule, outputs: pytree.TreeSpec) -> None:
        self._forward = graph.forward
        self._outputs = outputs

    def __call__(self, inputs: Any) -> Any:  # noqa: ANN401 - any nesting of tensors
        """Return the outputs, nested as the function nests them."""
        flat, _ = pytree.tree_flatten(inputs)
        with torch.no_grad():
            return pytree.tree_unflatten(self._forward(*flat), self._outputs)


def record(function: Callable[..., Any], inputs: tuple[Any, ...]) -> Recorded:
    """Return `function(*inputs)` recorded; what it does to its inputs in place is done once less.

    Recording runs on copies, so the inputs stay as they are.
    """
    flat, nesting = pytree.tree_flatten(inputs)
    outputs: list[pytree.TreeSpec] = []

    def flattened(*tensors: torch.Tensor) -> list[torch.Tensor]:
        values, spec = pytree.tree_flatten(function(*pytree.tree_unflatten(tensors, nesting)))
        outputs.append(spec)
        return values

    graph = make_fx(flattened)(*(tensor.detach().clone() for tensor in flat))
    _drop_needless(graph.graph)
    _fuse_bias(graph.graph)
    graph.recompile()
    return Recorded(graph, outputs[0])


def _drop_needless(graph: fx.Graph) -> None:
    """Take out the operations whose result is their input, or the input of their inverse."""
    for node in list(graph.nodes):
        same = _same_as(node)
        if same is not None:
            node.replace_all_uses_with(same)
            graph.erase_node(node)
    graph.eliminate_dead_code()


def _same_as(node: fx.Node) -> fx.Node | None:
    if node.op != "call_function" or not node.args or not isinstance(node.args[0], fx.Node):
        return None
    before = node.args[0]
    if node.target in _COPIES:
        return before
    if node.target in _RESHAPES and _shape(node) == _shape(before):
        return before
    if node.target is _aten.mul.Scalar and node.args[1] == 1:
        return before
    twice = node.target is _aten.transpose.int and before.target is node.target
    if twice and before.args[1:] == node.args[1:] and isinstance(before.args[0], fx.Node):
        return before.args[0]
    return None


def _fuse_bias(graph: fx.Graph) -> None:
    """Make a batched product plus a row of biases one operation."""
    for node in list(graph.nodes):
        if node.target is not _aten.add.Tensor or len(node.args) != 2 or node.kwargs:
            continue
        for bias, product in (node.args, node.args[::-1]):
            if _is_bias(bias) and _is_product(product):
                with graph.inserting_before(node):
                    fused = graph.call_function(_aten.baddbmm.default, (bias, *product.args))
                fused.meta = dict(node.meta)
                node.replace_all_uses_with(fused)
                graph.erase_node(node)
                graph.erase_node(product)
                break


def _is_bias(node: object) -> bool:
    return isinstance(node, fx.Node) and len(_shape(node)) == 3 and _shape(node)[1] == 1


def _is_product(node: object) -> bool:
    return isinstance(node, fx.Node) and node.target is _aten.bmm.default and len(node.users) == 1


def _shape(node: fx.Node) -> tuple[int, ...]:
    value = node.meta.get("val")
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()
