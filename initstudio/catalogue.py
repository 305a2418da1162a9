"""What a Layer, Scheme, Tuning and Dataset look like, and how a room collects its entries.

A catalogue entry is a frozen module-level value with a `key`. A room (`layers/`, `schemes/`, ...)
collects the entries of its modules by itself: adding one is adding one file. The parameters of
an entry are declared once, as the fields of a `Params` struct; the file format, its errors, the
forms, their limits and help all come from that declaration.
"""

import importlib
import math
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeAlias, TypeVar, cast

import msgspec
import numpy as np
import numpy.typing as npt

from initstudio.errors import ExperimentError
from initstudio.law import Law

if TYPE_CHECKING:
    import torch
    from torch import nn

Value: TypeAlias = bool | int | float | str
Shape: TypeAlias = tuple[int, ...]
Role: TypeAlias = Literal["weight", "bias", "scale", "shift", "slope"]


class Params(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The parameters of one catalogue entry; a subclass annotates each field with `msgspec.Meta`.

    `title` is the label, `description` the help; `extra` may hold `unit` (str), `log` (bool: steps
    by factors rather than by differences), `choices` (value -> label) and `editor` (str; "none": it
    is set elsewhere, and no form shows it).
    """


P = TypeVar("P", bound=Params)
E = TypeVar("E", bound="Entry[Any]")


class NoParams(Params, frozen=True):
    """For an entry that has none."""


@dataclass(frozen=True, kw_only=True)
class Branch:
    """The residual branch that a tensor lies in.

    `number` counts the network's branches from 0 and `branches` is how many there are; `at` counts
    the branch's layers with weights from 0 and `layers` is how many those are.
    """

    number: int
    branches: int
    at: int
    layers: int

    @property
    def is_last(self) -> bool:
        """Return whether the branch's last layer with weights is meant."""
        return self.at == self.layers - 1


@dataclass(frozen=True, kw_only=True)
class Site:
    """Where a tensor stands in its network, for schemes that depend on it.

    `activation` is the key of the activation that the layer's output goes through first, with the
    parameters of that choice; "linear" where there is none before the next layer with weights.
    `at` counts the network's layers with weights from 0 and `layers` is how many there are;
    `attentions` is how many of the network's tensors project attention's heads together.
    """

    activation: str = "linear"
    activation_params: Mapping[str, Value] = field(default_factory=dict)
    at: int = 0
    layers: int = 1
    attentions: int = 0
    branch: Branch | None = None

    @property
    def is_first(self) -> bool:
        """Return whether this is the network's first layer with weights."""
        return self.at == 0

    @property
    def is_last(self) -> bool:
        """Return whether this is the network's last layer with weights."""
        return self.at == self.layers - 1


@dataclass(frozen=True, kw_only=True)
class TensorSpec:
    """One parameter tensor of a layer, before it exists: enough to choose and check a scheme.

    `fan_in` and `fan_out` are those of the layer's weight as `torch.nn.init` counts them, for its
    bias too (torch's default bias depends on them); 0 where the layer has no weight with fans.
    `default` is what torch itself starts the tensor with. `gates` is how many matrices of equal
    size are stacked along the first axis: 4 in an LSTM, 3 in a packed attention. `groups` is how
    many parts of a convolution's channels do not meet. `layer` is the layer's key in the catalogue,
    "" outside of a network.
    """

    name: str
    role: Role
    shape: Shape
    fan_in: int
    fan_out: int
    default: Law
    gates: int = 1
    groups: int = 1
    layer: str = ""
    site: Site = Site()

    @property
    def size(self) -> int:
        """Return the number of values."""
        return math.prod(self.shape)


@dataclass(frozen=True, kw_only=True)
class Place:
    """What a layer finds where it stands.

    `shape` is that of one example coming in; `outputs` is how many numbers the data needs for each
    of its targets. `tokens` is the size of the vocabulary where the values coming in are numbers of
    tokens, and else 0. A block finds the shape that its layers give, `inside`, and when it is built
    also the layers, one of `bodies` for each copy.
    """

    shape: Shape
    outputs: int
    tokens: int = 0
    inside: Shape = ()
    bodies: "tuple[nn.Module, ...]" = ()


@dataclass(frozen=True, kw_only=True)
class DataFacts:
    """What is known of a data set without making it.

    A target is one of `outputs` classes, or `outputs` real values. Where the network is to answer
    at several `positions` (of a sequence), each has a target of its own. `tokens` is the size of
    the vocabulary where the features are numbers of tokens, and else 0. `image` is the shape
    (channels, height, width) of images whose pixels come in a row.
    """

    examples: int
    shape: Shape
    outputs: int
    task: Literal["classes", "values"] = "classes"
    positions: Shape = ()
    tokens: int = 0
    image: Shape = ()

    @property
    def answer(self) -> Shape:
        """Return the shape that the network must end with."""
        return (*self.positions, self.outputs)

    @property
    def picture(self) -> Shape:
        """Return the shape (channels, height, width) of an example that is an image; else ()."""
        return self.image or (self.shape if len(self.shape) == 3 else ())


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
class Part:
    """A step inside of a layer that is a person's own code: shown, started, measured, not edited.

    `module` is its name within the layer's module. `kind` is the name of its class, and `key` that
    of the catalogue's layer which does the same, or "". `shape_out` is None where no batch of
    examples comes out.
    """

    module: str
    kind: str
    name: str
    key: str
    params: Mapping[str, Value]
    shape_in: Shape
    shape_out: Shape | None
    tensors: tuple[TensorSpec, ...]
    watched: bool


@dataclass(frozen=True, kw_only=True)
class Inside:
    """What is inside of a layer that is a person's own code, in the order of the signal.

    `watched` tells whether the layer's output is another than that of its last watched part, and
    `vectorised` whether several such networks can run at once. `code` is the text that building the
    layer runs, if the person has trusted it.
    """

    parts: tuple[Part, ...]
    watched: bool
    vectorised: bool
    code: str


@dataclass(frozen=True, kw_only=True)
class Layer(Entry[P]):
    """A layer: what it does to the shape of one example, its tensors, and the torch module.

    `shape` raises ValueError with one sentence where the layer cannot stand. `least_batch` is the
    smallest batch that it can be trained on. Only a layer that `reads_tokens` can follow data that
    are numbers of tokens. A block holds layers: `bodies` gives the names, in the module, of the
    copies of them that are built, each of which follows the one before; one that `adds` is residual
    and gives another output than the last of its layers. A layer that is not `vectorised` cannot
    run for several networks at once. One that is a person's own code tells by `opened` what is in
    it.
    """

    group: str
    shape: Callable[[P, Place], Shape]
    tensors: Callable[[P, Place], tuple[TensorSpec, ...]]
    build: "Callable[[P, Place], nn.Module]"
    least_batch: int = 1
    reads_tokens: bool = False
    bodies: Callable[[P], tuple[str, ...]] | None = None
    adds: bool = False
    vectorised: bool = True
    opened: Callable[[P], Inside] | None = None


def _always(_params: object, _tensor: TensorSpec) -> bool:
    return True


@dataclass(frozen=True, kw_only=True)
class Scheme(Entry[P]):
    """A way to set starting weights.

    `draw` fills the tensor in place by the real `torch.nn.init` function, where there is one; None
    keeps what torch drew when the layer was built. `refuses` says in one sentence why a tensor
    cannot have this scheme, or None. `formula` is plain text with the parameters' names. `trap` is
    a sentence about what surprises people in it, where something does, and `bites` tells whether
    it does for these parameters and this tensor. `roles` are those that it is offered for.

    `multiplier` makes it a parametrization (the a of abc in Yang and Hu 2021, Tensor Programs IV):
    what is drawn by `law` and trained is w, and the network computes with this number, above 0,
    times w. None stands for 1.
    """

    formula: str
    law: Callable[[P, TensorSpec], Law]
    refuses: Callable[[P, TensorSpec], str | None]
    draw: "Callable[[torch.Tensor, P, TensorSpec, torch.Generator], object] | None"
    multiplier: Callable[[P, TensorSpec], float] | None = None
    roles: tuple[Role, ...] = ("weight", "bias")
    whole: bool = False
    """Whether it is meant for all tensors of a network at once."""
    trap: str = ""
    bites: Callable[[P, TensorSpec], bool] = _always


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What a tuning works with: a network just started, and real data to try it on.

    `loss` takes (outputs, targets) and gives their mean loss, as in training. Randomness comes from
    `generator` alone.
    """

    network: "nn.Sequential"
    x: "torch.Tensor"
    """A batch of training examples [batch, *shape]."""
    y: "torch.Tensor"
    """Their targets."""
    all_y: "torch.Tensor"
    """The targets of the whole training part."""
    loss: "Callable[[torch.Tensor, torch.Tensor], torch.Tensor]"
    generator: "torch.Generator"


@dataclass(frozen=True, kw_only=True)
class Tuning(Entry[P]):
    """A second step of starting a network, after its tensors were drawn: it looks at real data.

    `tune` changes the parameters of the trial's network in place, and nothing else of it. It raises
    ValueError with one sentence where this network cannot be tuned so. Its tries are limited.
    `script` gives what a script does instead, in terms of `model` and `generator`; without it, a
    script gets the source of `tune`.
    """

    tune: Callable[[Trial, P], None]
    script: Callable[[P], str] | None = None


Features: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.int64]
Targets: TypeAlias = npt.NDArray[np.float32] | npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Dataset(Entry[P]):
    """A data set; `make` gives features [examples, *shape] and targets.

    Features are float32, or int64 for numbers of tokens. Targets are classes int64 [examples,
    *positions], or values float32 [examples, *positions, outputs].
    """

    facts: Callable[[P], DataFacts]
    make: Callable[[P, np.random.Generator], tuple[Features, Targets]]


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
