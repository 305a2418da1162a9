"""Record a function of tensors as a flat list of tensor operations, without the needless ones.

Under vmap a Linear layer becomes an `expand` and a `view` that change nothing, a matrix product
and a sum; and each operation costs some microseconds of Python, as much as a small product does.

`make_fx` records the same, but takes a second for thirty layers, and as long for the last batch of
an epoch, which is smaller: nobody changes the shapes here, so a list of what ran is enough.
"""

from collections.abc import Callable, Sequence
from operator import getitem
from typing import Any

import torch
from torch import fx
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_map

from initstudio.engine.buffers import keep_memory, write_into

Flat = Callable[..., list[torch.Tensor]]

_aten = torch.ops.aten
_COPIES = (_aten.detach.default, _aten.alias.default)
_RESHAPES = (_aten.expand.default, _aten.view.default, _aten._unsafe_view.default)  # noqa: SLF001


def record(
    function: Flat,
    inputs: Sequence[torch.Tensor],
    into: Sequence[torch.Tensor],
    *,
    keeps: bool = True,
) -> Flat:
    """Return `function` recorded, for inputs of the same shapes as `inputs`.

    Its first outputs are written to the tensors `into`; the others live in memory of its own,
    which the next call writes anew. Recording runs on copies, so the inputs stay as they are.
    Unless it `keeps` memory, each call asks torch for it, which costs nothing on devices where
    torch holds all memory itself.
    """
    with torch.no_grad():
        copies = [_copy(tensor) for tensor in inputs]
        graph = fx.Graph()
        with _Recorder(graph, copies) as recorder:
            outputs = function(*copies)
        graph.output([recorder.node_of(output) for output in outputs])
        _drop_needless(graph)
        _fuse_bias(graph)
        module = fx.GraphModule({}, graph)
        write_into(module, into, copying=not keeps)
        if keeps:
            keep_memory(module)
    module.recompile()
    forward: Flat = module.forward
    return forward


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    """Return a copy with the same strides, gaps and all; `clone` would close them."""
    copy = torch.empty_strided(
        tensor.shape, tensor.stride(), dtype=tensor.dtype, device=tensor.device
    )
    return copy.copy_(tensor.detach())


class _Recorder(TorchDispatchMode):
    """Notes each operation that runs, with the tensors that it takes from earlier ones."""

    def __init__(self, graph: fx.Graph, inputs: Sequence[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has not typed it
        self._graph = graph
        self._nodes: dict[int, fx.Node] = {}
        self._alive: list[torch.Tensor] = []  # or another tensor could get the same id
        for at, tensor in enumerate(inputs):
            self._note(tensor, graph.placeholder(f"input_{at}"))

    def node_of(self, tensor: torch.Tensor) -> fx.Node:
        """Return the operation that a tensor comes from; a number that torch wraps is a constant.

        Raises:
            ValueError: It is neither an input nor was it made while recording.
        """
        node = self._nodes.get(id(tensor))
        if node is None and tensor.dim() == 0:
            node = self._graph.call_function(
                torch.full,
                ((), tensor.item()),
                {"dtype": tensor.dtype, "device": tensor.device},
            )
            self._note(tensor, node)
        if node is None:
            message = f"a tensor of shape {tuple(tensor.shape)} comes from outside the recording"
            raise ValueError(message)
        return node

    def _note(self, tensor: torch.Tensor, node: fx.Node) -> None:
        node.meta["val"] = tensor
        self._nodes[id(tensor)] = node
        self._alive.append(tensor)

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Run the operation and note it."""
        result = func(*args, **(kwargs or {}))
        node = self._graph.call_function(func, self._named(args), self._named(kwargs or {}))
        if isinstance(result, torch.Tensor):
            self._note(result, node)
        elif isinstance(result, tuple | list):
            for at, part in enumerate(result):
                if isinstance(part, torch.Tensor):
                    self._note(part, self._graph.call_function(getitem, (node, at)))
        return result

    def _named(self, values: Any) -> Any:  # noqa: ANN401 - any nesting
        return tree_map(
            lambda value: self.node_of(value) if isinstance(value, torch.Tensor) else value, values
        )


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
