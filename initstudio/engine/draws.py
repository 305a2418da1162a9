"""What a constructor draws each parameter from: read from the tensor operations that it runs.

`nn.Linear(3, 4)` ends in `uniform_(-b, b)` on the weight, and a person's own `init.normal_(weight,
std=0.02)` in `normal_`; the last one that fills a tensor whole is the law of its values. What was
made in another way (`orthogonal_`, a product, a copy) has the law "own": whatever its code does.
"""

from math import isfinite, prod
from typing import Any

import torch
from torch import nn
from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

from initstudio.described import DescribedLaw

_aten = torch.ops.aten
_MADE = {
    _aten.randn.default: ("normal", 0.0, 1.0),
    _aten.rand.default: ("uniform", 0.0, 1.0),
}


class Draws(TorchDispatchMode):
    """Notes, while a network is built, what fills each piece of memory."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has not typed it
        self._laws: dict[int, DescribedLaw | None] = {}
        self._alive: list[torch.Tensor] = []  # or another tensor could get the same memory

    def law_of(self, parameter: nn.Parameter) -> DescribedLaw:
        """Return the law of a parameter that was made meanwhile."""
        values = parameter.detach()
        law = self._laws.get(_memory(values))
        if law and law.kind != "own" and prod(values.shape) == _count(values):
            return law
        wide = values.double()
        mean, std = float(wide.mean()), float(wide.std(correction=0))
        if not (isfinite(mean) and isfinite(std)):
            return DescribedLaw("own", 0.0, 0.0)
        if bool((values == values.flatten()[0]).all()):
            return _constant(float(values.flatten()[0]))
        return DescribedLaw("own", mean, std)

    def __torch_dispatch__(
        self,
        func: OpOverload,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Run the operation, and note what it fills."""
        kwargs = kwargs or {}
        result = func(*args, **kwargs)
        given = {one.name: value for one, value in zip(func._schema.arguments, args, strict=False)}  # noqa: SLF001
        given |= kwargs
        for one in func._schema.arguments:  # noqa: SLF001 - it has no public name
            value = given.get(one.name)
            if one.is_write and isinstance(value, torch.Tensor):
                whole = prod(value.shape) == _count(value)
                self._note(value, _filled(func, given) if whole else None)
        if func in _MADE and isinstance(result, torch.Tensor):
            kind, first, second = _MADE[func]
            self._note(result, _law(kind, first, second))
        return result

    def _note(self, tensor: torch.Tensor, law: DescribedLaw | None) -> None:
        self._laws[_memory(tensor)] = law
        self._alive.append(tensor)


def _filled(func: OpOverload, given: dict[str, Any]) -> DescribedLaw | None:
    """Return the law of what an operation fills a tensor with; None where it is none of these."""
    if func is _aten.uniform_.default:
        return _law("uniform", float(given.get("from", 0.0)), float(given.get("to", 1.0)))
    if func is _aten.normal_.default:
        return _law("normal", float(given.get("mean", 0.0)), float(given.get("std", 1.0)))
    if func is _aten.zero_.default:
        return _constant(0.0)
    if func is _aten.fill_.Scalar:
        return _constant(float(given["value"]))
    return None


def _law(kind: str, first: float, second: float) -> DescribedLaw | None:
    if not (isfinite(first) and isfinite(second)):
        return None
    if kind == "normal":
        return DescribedLaw("normal", first, second)
    mean, std = (first + second) / 2, (second - first) / 12**0.5
    return DescribedLaw("uniform", mean, std, first, second)


def _constant(value: float) -> DescribedLaw:
    return DescribedLaw("constant", value, 0.0, value, value)


def _memory(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _count(tensor: torch.Tensor) -> int:
    """Return how many values the memory that a tensor lies in holds."""
    return tensor.untyped_storage().nbytes() // tensor.element_size()
