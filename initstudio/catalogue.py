"""What a Layer, Scheme, Dataset and Probe look like, and how a room collects its entries.

A catalogue entry is a frozen module-level value with a `key`. A room (`layers/`, `schemes/`, ...)
collects the entries of its modules by itself: adding one is adding one file. The parameters of
an entry are declared once, as the fields of a `Params` struct; the file format, its errors, the
forms, their limits and help all come from that declaration.
"""

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.errors import ExperimentError

if TYPE_CHECKING:
    import torch
    from torch import nn

Value: TypeAlias = bool | int | float | str
Shape: TypeAlias = tuple[int, ...]
Role: TypeAlias = Literal["weight", "bias", "scale", "shift", "slope"]
Axis: TypeAlias = Literal["replica", "layer", "tensor", "bin"]
Cadence: TypeAlias = Literal["step", "snapshot", "epoch"]


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The parameters of one catalogue entry; a subclass annotates each field with `msgspec.Meta`.

    `title` is the label, `description` the help; `extra` may hold `unit` (str), `log` (bool: steps
    by factors rather than by differences) and `choices` (value -> label).
    """


P = TypeVar("P", bound=Params)
E = TypeVar("E", bound="Entry[Any]")


class NoParams(Params, frozen=True):
    """For an entry that has none."""


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


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """One parameter tensor of a layer, before it exists: enough to choose and check a scheme.

    `fan_in` and `fan_out` are those of the layer's weight, for its bias too (torch's default bias
    depends on them); 0 where the layer has no weight with fans.
    """

    name: str
    role: Role
    shape: Shape
    fan_in: int
    fan_out: int

    @property
    def size(self) -> int:
        """Return the number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class Law:
    """The distribution that a scheme draws from; for `orthogonal` that of one entry.

    `low` and `high` bound every draw; for a normal they are infinite.
    """

    kind: Literal["normal", "uniform", "truncated normal", "constant", "orthogonal"]
    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What is known of a data set without making it."""

    examples: int
    shape: Shape
    classes: int


@dataclass(frozen=True, kw_only=True)
class Entry(Generic[P]):
    """What every catalogue entry has: its key in files, its label and one line of help."""

    key: str
    label: str
    summary: str
    params: type[P]
    source: str = ""
    order: int = 100

    def parse(self, values: Mapping[str, Value], where: str = "$") -> P:
        """Return the typed parameters.

        Raises:
            ExperimentError: A value is unknown, of the wrong type or out of its limits.
        """
        return cast("P", convert(dict(values), self.params, where))


@dataclass(frozen=True, kw_only=True)
class Layer(Entry[P]):
    """A layer: what it does to the shape of one example, its tensors, and the torch module.

    Every function takes (params, shape of one example coming in, outputs that the data needs).
    `shape` raises ValueError with one sentence where the layer cannot follow. `least_batch` is the
    smallest batch that it can be trained on.
    """

    group: str
    shape: Callable[[P, Shape, int], Shape]
    tensors: Callable[[P, Shape, int], tuple[TensorSpec, ...]]
    build: "Callable[[P, Shape, int], nn.Module]"
    least_batch: int = 1


@dataclass(frozen=True, kw_only=True)
class Scheme(Entry[P]):
    """A way to set starting weights.

    `draw` fills the tensor in place by the real `torch.nn.init` function; None keeps what torch
    drew when the layer was built. `refuses` says in one sentence why a tensor cannot have this
    scheme, or None. `formula` is plain text with the parameters' names. `trap` is a sentence about
    what surprises people in it, where something does. `roles` are those that it is offered for.
    """

    formula: str
    law: Callable[[P, TensorSpec], Law]
    refuses: Callable[[P, TensorSpec], str | None]
    draw: "Callable[[torch.Tensor, P, torch.Generator], object] | None"
    roles: tuple[Role, ...] = ("weight", "bias")
    trap: str = ""


@dataclass(frozen=True, kw_only=True)
class Dataset(Entry[P]):
    """A data set; `make` gives features float32 [examples, *shape] and classes int64 [examples]."""

    facts: Callable[[P], DataFacts]
    make: Callable[[P, np.random.Generator], tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]]


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a probe may read, for all R replicas stacked on the leading axis.

    At step k the weights are those after k updates, and loss, outputs, activations and gradients
    belong to the batch of the update to come. Gradients are unclipped.
    """

    loss: "torch.Tensor"
    """[R], mean over the batch."""
    correct: "torch.Tensor"
    """[R], share of the batch that is classified rightly."""
    weights: "tuple[torch.Tensor, ...]"
    """One [R, *shape] for each tensor with the role weight, in order of the layers."""
    gradients: "tuple[torch.Tensor, ...]"
    """The gradients of `weights`, in the same order and shapes."""
    activations: "tuple[torch.Tensor, ...]"
    """The output [R, batch, *shape] of each layer, in order."""
    validation: "tuple[torch.Tensor, torch.Tensor] | None" = None
    """Mean loss [R] and accuracy [R] on the whole validation part; at an epoch's end only."""


@dataclass(frozen=True, kw_only=True)
class Probe(Entry[NoParams]):
    """A measurement.

    `axes` name the axes of its reading; "tensor" counts the weight tensors, "layer" all layers.
    `cadence`: at each step, at each snapshot (every few steps), or at step 0 and each epoch's end.
    """

    params: type[NoParams] = NoParams
    unit: str
    axes: tuple[Axis, ...]
    cadence: Cadence
    measure: "Callable[[Moment], torch.Tensor]"


def collect(package: str, kind: type[E]) -> dict[str, E]:
    """Return the entries of `kind` that the modules of a room define, by key, in their order.

    Raises:
        ValueError: Two entries share a key.
    """
    found: dict[str, E] = {}
    room = importlib.import_module(package)
    for info in pkgutil.iter_modules(room.__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        for value in vars(module).values():
            # not isinstance, which asks the value and so would load a lazily imported torch
            if not issubclass(type(value), kind):
                continue
            entry = cast("E", value)
            if found.setdefault(entry.key, entry) is not entry:
                message = f"{package} has two entries with the key {entry.key!r}"
                raise ValueError(message)
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[1].label)))


def convert(values: Any, kind: Any, where: str) -> Any:  # noqa: ANN401
    """Return `values` as a `kind`, checked; a float field takes an integer, and only finite values.

    Raises:
        ExperimentError: With the JSON path below `where`.
    """
    try:
        return msgspec.convert(values, kind, strict=True)
    except msgspec.ValidationError as error:
        raise explain(error, where) from None


def explain(error: msgspec.MsgspecError, where: str) -> ExperimentError:
    """Return msgspec's complaint as place and sentence."""
    why, at, path = str(error).rpartition(" - at `$")
    if not at:
        return ExperimentError(where, str(error).replace("`", "'"))
    return ExperimentError(where + path.rstrip("`"), why.replace("`", "'"))


def params_of(kind: type[msgspec.Struct]) -> tuple[Param, ...]:
    """Return the declared parameters of a struct, in order, leaving out nested structs."""
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
