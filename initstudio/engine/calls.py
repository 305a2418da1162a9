"""What a network calls while it works, in the order of the signal: modules, and functions.

A person's own network says in `forward` what follows what; the only way to know is to look.
"""

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Self

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from initstudio.catalogue import Value
from initstudio.layers import LAYERS


@dataclass(eq=False, kw_only=True)
class Call:
    """A module or an activation function that was called; `module` is None for a function."""

    name: str
    module: nn.Module | None
    takes: tuple[int, ...]
    """The shape of the first tensor that comes in, with the batch."""
    gives: torch.Tensor | None
    """What comes out, of several tensors the first."""
    key: str = ""
    params: dict[str, Value] = field(default_factory=dict)
    version: int = 0

    @property
    def changed(self) -> bool:
        """Return whether its output was changed in place since."""
        return self.gives is not None and self.gives._version != self.version  # noqa: SLF001


def is_whole(module: nn.Module) -> bool:
    """Tell whether a module is met as one, whatever is inside of it."""
    return isinstance(module, nn.MultiheadAttention) or not any(True for _ in module.children())


def wholes(network: nn.Module) -> dict[str, nn.Module]:
    """Return by name the modules that are met as one, and those with parameters of their own.

    The network itself is not among them, and nothing that is inside of what is met as one.
    """
    found: dict[str, nn.Module] = {}
    inside: tuple[str, ...] = ()
    for name, module in network.named_modules():
        if not name or name.startswith(inside):
            continue
        if is_whole(module):
            inside = (*inside, f"{name}.")
            found[name] = module
        elif any(True for _ in module.parameters(recurse=False)):
            found[name] = module
    return found


def calls_of(network: nn.Module, x: torch.Tensor) -> tuple[Any, list[Call]]:
    """Return what the network gives for a batch, and its calls."""
    with _Watch(network) as watch:
        return network(x), watch.calls


class _Watch(TorchFunctionMode):
    """Notes the calls of a network's modules, and of functions outside of those met as one."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.calls: list[Call] = []
        self._network = network
        self._depth = 0

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
        """Call the function, and note it if it is an activation."""
        result = func(*args, **(kwargs or {}))
        key = getattr(func, "__name__", "").strip("_")
        known = LAYERS.get(key)
        if self._depth or known is None or known.group != "Activation" or key == "prelu":
            return result
        if isinstance(result, torch.Tensor) and args and isinstance(args[0], torch.Tensor):
            call = Call(
                name="", module=None, takes=tuple(args[0].shape), gives=result, key=key,
                params=_given(func, args, kwargs or {}, key), version=result._version,  # noqa: SLF001
            )  # fmt: skip
            self.calls.append(call)
        return result

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
    ) -> None:
        self._depth -= whole
        came = [one for one in (*args, *kwargs.values()) if isinstance(one, torch.Tensor)]
        first = output[0] if isinstance(output, tuple) and output else output
        gives = first if isinstance(first, torch.Tensor) else None
        version = gives._version if gives is not None else 0  # noqa: SLF001 - it has no public name
        takes = tuple(came[0].shape) if came else ()
        self.calls.append(Call(name=name, module=module, takes=takes, gives=gives, version=version))


def _given(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any], key: str) -> dict[str, Value]:  # noqa: ANN401
    """Return the parameters that an activation function was called with."""
    try:
        given = inspect.signature(func).bind(*args, **kwargs).arguments
    except (TypeError, ValueError):  # written in C, and so with no parameters to speak of
        return {}
    names = LAYERS[key].params.__struct_fields__
    return {name: given[name] for name in names if isinstance(given.get(name), bool | int | float)}
