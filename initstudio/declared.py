"""Declared parameters: fields of a `Params` struct as a form, a listing or a test needs them."""

import math
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from initstudio.catalogue import Value

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Param:
    """One declared parameter, as a form, a table of help or a test needs it."""

    name: str
    label: str
    kind: Literal["switch", "integer", "number", "choice", "text"]
    default: Value
    help: str = ""
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    low_open: bool = False
    high_open: bool = False
    log: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    editor: str = ""
    """Which control of its own a text needs; "" is a plain line."""


def params_of(kind: type[msgspec.Struct]) -> tuple[Param, ...]:
    """Return the declared parameters of a struct, in order, leaving out nested structs."""
    return _params_of(kind)


@cache
def _params_of(kind: Any) -> tuple[Param, ...]:  # noqa: ANN401 - a type, which is hashable
    info = cast("msgspec.inspect.StructType", msgspec.inspect.type_info(kind))
    params = (_param(field) for field in info.fields)
    return tuple(param for param in params if param is not None)


def _param(field: msgspec.inspect.Field) -> Param | None:
    kind = field.type
    schema: Mapping[str, Any] = {}
    extra: Mapping[str, Any] = {}
    if isinstance(kind, msgspec.inspect.Metadata):
        schema, extra, kind = kind.extra_json_schema or {}, kind.extra or {}, kind.type
    common: dict[str, Any] = {
        "name": field.name,
        "label": schema.get("title", field.name.replace("_", " ").capitalize()),
        "default": field.default,
        "help": schema.get("description", ""),
        "unit": extra.get("unit", ""),
        "log": extra.get("log", False),
        "editor": extra.get("editor", ""),
    }
    match kind:
        case msgspec.inspect.BoolType():
            return Param(kind="switch", **common)
        case msgspec.inspect.IntType() | msgspec.inspect.FloatType():
            number = "integer" if isinstance(kind, msgspec.inspect.IntType) else "number"
            return Param(kind=cast("Any", number), **common, **_limits(kind))
        case msgspec.inspect.LiteralType(values=values):
            labels = extra.get("choices", {})
            choices = tuple((str(value), str(labels.get(value, value))) for value in values)
            return Param(kind="choice", choices=choices, **common)
        case msgspec.inspect.StrType():
            return Param(kind="text", **common)
    return None


def _limits(kind: msgspec.inspect.IntType | msgspec.inspect.FloatType) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if kind.ge is not None or kind.gt is not None:
        limits["low"] = kind.ge if kind.ge is not None else kind.gt
        limits["low_open"] = kind.ge is None
    if kind.le is not None or kind.lt is not None:
        limits["high"] = kind.le if kind.le is not None else kind.lt
        limits["high_open"] = kind.le is None
    return limits
