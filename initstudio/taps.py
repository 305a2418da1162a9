"""What a person's own `forward` calls besides modules: activation functions, seen as if they were.

Measurements hook modules. A function has nothing to hook, nor has a module that is used again; so
their results are led through a module that does nothing, a tap, which is put into the network for
it. Loads torch.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import MethodType
from typing import Any, Self

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

TAPS = "_taps"
"""The attribute of a network that holds the names of its taps."""


def tap_name(what: str, number: int) -> str:
    """Return the name of the tap for one call of a module, or of a function such as "relu()"."""
    return f"call {number} of {what}".replace(".", "/")


def is_whole(module: nn.Module) -> bool:
    """Tell whether a module is met as one, whatever is inside of it."""
    return isinstance(module, nn.MultiheadAttention) or not any(True for _ in module.children())


def wholes(network: nn.Module) -> dict[str, nn.Module]:
    """Return by name the modules that are met as one, and those with parameters of their own.

    The network itself is not among them, nothing that is inside of what is met as one, and no tap.
    """
    found: dict[str, nn.Module] = {}
    inside: tuple[str, ...] = tuple(vars(network).get(TAPS, ()))
    for name, module in network.named_modules():
        if not name or name.startswith(inside):
            continue
        if is_whole(module):
            inside = (*inside, f"{name}.")
            found[name] = module
        elif any(True for _ in module.parameters(recurse=False)):
            found[name] = module
    return found


@dataclass(frozen=True, kw_only=True)
class Met:
    """A call: of a module by its name, or of a function, "relu()", whose key is "relu"."""

    name: str
    number: int
    """Counts the calls of it from 1."""
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any
    module: nn.Module | None = None
    key: str = ""
    function: Callable[..., Any] | None = None


class Calls(TorchFunctionMode):
    """Meets, while it is entered, the calls of a network's modules and of activation functions.

    A function is met by its key, one of `keys`, unless a module that is met as one calls it.
    """

    def __init__(self, network: nn.Module, keys: Collection[str]) -> None:
        super().__init__()
        self._network = network
        self._keys = keys
        self._depth = 0
        self._counts: dict[str, int] = {}

    def met(self, call: Met) -> object:
        """Return what goes on in the place of the call's output."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self._hooks = self._hooked()
        self._hooks.__enter__()
        super().__enter__()  # type: ignore[no-untyped-call]  # torch has not typed it
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]  # as above
        self._hooks.__exit__(None, None, None)

    def __torch_function__(
        self,
        func: Any,  # noqa: ANN401 - whatever torch has
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> object:
        """Call the function, and meet it if it is an activation of a tensor."""
        result = func(*args, **(kwargs or {}))
        key = getattr(func, "__name__", "").strip("_")
        if self._depth or key not in self._keys or not isinstance(result, torch.Tensor):
            return result
        if not (args and isinstance(args[0], torch.Tensor)):
            return result
        name = f"{key}()"
        call = Met(
            name=name,
            number=self._count(name),
            args=args,
            kwargs=kwargs or {},
            output=result,
            key=key,
            function=func,
        )
        return self.met(call)

    def _count(self, what: str) -> int:
        self._counts[what] = self._counts.get(what, 0) + 1
        return self._counts[what]

    @contextmanager
    def _hooked(self) -> Iterator[None]:
        hooks = []
        for name, module in wholes(self._network).items():
            whole = is_whole(module)
            if whole:
                hooks.append(module.register_forward_pre_hook(self._entered))
            left = partial(self._left, name, whole)
            hooks.append(module.register_forward_hook(left, with_kwargs=True))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _entered(self, _module: object, _inputs: object) -> None:
        self._depth += 1

    def _left(  # noqa: PLR0913, PLR0917 - as torch calls it
        self,
        name: str,
        whole: bool,  # noqa: FBT001
        module: nn.Module,
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        output: object,
    ) -> object:
        self._depth -= whole
        number = self._count(name)
        return self.met(
            Met(name=name, number=number, args=args, kwargs=kwargs, output=output, module=module)
        )


class _Leading(Calls):
    """Leads what comes out through the network's taps."""

    def met(self, call: Met) -> object:
        """Return the output of the tap, if there is one for this call."""
        # the taps lie in the network itself, under names that are no paths
        tap = self._network._modules.get(tap_name(call.name, call.number))  # noqa: SLF001
        return call.output if tap is None else tap(call.output)


def add_taps(network: nn.Module, names: Collection[str], keys: Collection[str]) -> None:
    """Put taps of these names into a network, for the functions of these keys and for modules."""
    if not names:
        return
    for name in names:
        network.add_module(name, nn.Identity())
    setattr(network, TAPS, tuple(names))
    network._tapped = tuple(keys)  # type: ignore[assignment] # noqa: SLF001 - ours
    # a bound method, as a copy of the network then has one that is bound to the copy
    network.forward = MethodType(_forward, network)


def _forward(network: nn.Module, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401
    with _Leading(network, vars(network)["_tapped"]):
        return type(network).forward(network, *args, **kwargs)
