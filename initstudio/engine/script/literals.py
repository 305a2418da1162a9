"""Values and modules as the text that makes them."""

import dataclasses
import inspect
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeAlias

import msgspec
from torch import nn

from initstudio.engine.script.own import own_network, source_of
from initstudio.engine.script.paste import CannotPasteError, Pasted

Made: TypeAlias = dict[int, tuple[nn.Module, dict[str, Any]]]
"""For the id of each module: itself, and the arguments that it was made with."""
WIDE = 88
FEWEST, LONGEST = 3, 8
"""Repetitions from which on a loop is written; and the most layers that one makes."""


def literal(value: object, pasted: Pasted) -> str:
    """Return the expression that gives this value.

    Raises:
        CannotPasteError: There is none.
    """
    if value is None or isinstance(value, bool | int | str):
        return repr(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'float("{value}")'
    if isinstance(value, tuple | list | Mapping):
        return _container(value, pasted)
    return _struct(value, pasted)


def _container(value: tuple[Any, ...] | list[Any] | Mapping[Any, Any], pasted: Pasted) -> str:
    if isinstance(value, Mapping):
        pairs = (f"{literal(k, pasted)}: {literal(v, pasted)}" for k, v in value.items())
        return "{" + ", ".join(pairs) + "}"
    inside = ", ".join(literal(one, pasted) for one in value)
    if isinstance(value, list):
        return f"[{inside}]"
    return f"({inside},)" if len(value) == 1 else f"({inside})"


def _struct(value: object, pasted: Pasted) -> str:
    if isinstance(value, msgspec.Struct):
        pasted.bring("from types import SimpleNamespace")
        return f"SimpleNamespace({_keywords(msgspec.structs.asdict(value), pasted)})"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {
            one.name: getattr(value, one.name)
            for one in dataclasses.fields(value)
            if getattr(value, one.name) != one.default
        }
        return f"{pasted.take(type(value))}({_keywords(changed, pasted)})"
    message = f"a {type(value).__name__} cannot be written down"
    raise CannotPasteError(message)


@contextmanager
def watching() -> Iterator[Made]:
    """Note the arguments of every module that is made meanwhile."""
    made: Made = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event != "call" or frame.f_code.co_name != "__init__" or not frame.f_code.co_argcount:
            return
        one = frame.f_locals.get(frame.f_code.co_varnames[0])
        # the first to be called is that of the module's own class
        if isinstance(one, nn.Module) and id(one) not in made:
            made[id(one)] = (one, dict(frame.f_locals))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield made
    finally:
        sys.setprofile(before)


def constructor(module: nn.Module, made: Made, pasted: Pasted, depth: int = 0) -> str:
    """Return the call that makes a module, over several lines where it is long."""
    if source := source_of(module):
        return own_network(source, pasted)
    kind = type(module)
    name = f"nn.{kind.__name__}"
    if getattr(nn, kind.__name__, None) is not kind:
        name = pasted.take(kind)
    _, given = made.get(id(module), (module, {}))

    def text(value: object) -> str:
        if isinstance(value, nn.Module):
            return constructor(value, made, pasted, depth + 1)
        return literal(value, pasted)

    arguments = list(_arguments(kind, given, text)) if given else []
    whole = f"{name}({', '.join(arguments)})"
    if "\n" not in whole and len(whole) + 4 * depth <= WIDE:
        return whole
    indent = "    " * (depth + 1)
    lines = "".join(f"{indent}{one},\n" for one in arguments)
    return f"{name}(\n{lines}{'    ' * depth})"


def _arguments(
    kind: type[nn.Module], given: Mapping[str, Any], text: Callable[[object], str]
) -> Iterator[str]:
    """Yield the arguments that differ from their defaults, the needed ones without names."""
    positional = True
    for name, one in list(inspect.signature(kind.__init__).parameters.items())[1:]:
        value = given[name]
        if one.kind is one.VAR_POSITIONAL:
            yield from folded([text(each) for each in value])
        elif one.kind is one.VAR_KEYWORD:
            yield from (f"{key}={text(each)}" for key, each in value.items())
        elif one.default is one.empty and positional:
            yield text(value)
        elif isinstance(value, nn.Module) or (value is not one.default and value != one.default):
            positional = False
            yield f"{name}={text(value)}"
        else:
            positional = False


def folded(texts: list[str]) -> list[str]:
    """Return the arguments with what is repeated three times or more written once, in a loop."""
    found, at = [], 0
    while at < len(texts):
        period, times = _repeats(texts, at)
        if times < FEWEST:
            found.append(texts[at])
            at += 1
            continue
        inside = ", ".join(texts[at : at + period])
        one = f"({inside},)" if period == 1 else f"({inside})"
        found.append(f"*(layer for _ in range({times}) for layer in {one})")
        at += period * times
    return found


def _repeats(texts: list[str], at: int) -> tuple[int, int]:
    """Return the period, and how often it is there, of the repetition that covers most."""
    best = (1, 1)
    for period in range(1, min(LONGEST, (len(texts) - at) // FEWEST) + 1):
        whole, times = texts[at : at + period], 1
        if any("\n" in one for one in whole):
            continue
        while texts[at + period * times : at + period * (times + 1)] == whole:
            times += 1
        if times >= FEWEST and period * times > best[0] * best[1]:
            best = (period, times)
    return best


def _keywords(values: Mapping[str, object], pasted: Pasted) -> str:
    return ", ".join(f"{name}={literal(value, pasted)}" for name, value in values.items())
