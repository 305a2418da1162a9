"""What was read from a person's own network, as it is kept in an experiment: no code, no torch.

Reading runs the network's code once (`engine/describe.py`). From then on the layer builder, the
rules and the inspector work from this description alone, so an experiment that holds somebody's
network is shown in full without running a line of it.
"""

from functools import lru_cache
from math import inf
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from initstudio.catalogue import Role, Value, convert
from initstudio.errors import ExperimentError
from initstudio.law import Law

MOST_CODE = 256 * 1024
"""Bytes of a file."""
MOST_DESCRIBED = 4 * 1024 * 1024
MOST_PARTS = 5_000
UNTRUSTED = (
    "The code of this network is not trusted, so it is shown and does not run; "
    "read it, and choose Trust and run in the Network panel."
)

Side: TypeAlias = Annotated[int, Meta(ge=1, le=2**40)]
Sides: TypeAlias = Annotated[tuple[Side, ...], Meta(max_length=16)]
Name: TypeAlias = Annotated[str, Meta(max_length=300)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**40)]


class DescribedLaw(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A `Law`, in which None stands for infinite bounds."""

    kind: Literal["normal", "uniform", "constant", "own"]
    mean: float
    std: Annotated[float, Meta(ge=0)]
    low: float | None = None
    high: float | None = None

    def law(self) -> Law:
        """Return it as the catalogue writes it."""
        low = -inf if self.low is None else self.low
        high = inf if self.high is None else self.high
        return Law(kind=self.kind, mean=self.mean, std=self.std, low=low, high=high)


class DescribedTensor(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A parameter tensor of a part, as in `TensorSpec`; `law` is what the constructor draws."""

    name: Annotated[str, Meta(min_length=1, max_length=300)]
    role: Role
    shape: Sides
    law: DescribedLaw
    fan_in: Count = 0
    fan_out: Count = 0
    gates: Annotated[int, Meta(ge=1, le=16)] = 1


class DescribedPart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part, as in `catalogue.Part`.

    `changed` where its output is changed in place afterwards; `tap` where it is a function, or a
    module that is used again, and so is measured by a tap of the name `module` (see `taps.py`).
    """

    module: Annotated[str, Meta(min_length=1, max_length=300, pattern=r"^[^.]+(\.[^.]+)*$")]
    kind: Name
    name: Name
    shape_in: Sides
    shape_out: Sides | None = None
    key: Name = ""
    params: dict[str, Value] = {}
    tensors: tuple[DescribedTensor, ...] = ()
    watched: bool = False
    changed: bool = False
    tap: bool = False


class Described(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A whole network, read for examples of `shape`, or of numbers of that many `tokens`.

    `tensors` are its own, besides those of its parts. `alone` says why several such networks cannot
    train at once, or is "".
    """

    shape: Sides
    shape_out: Sides
    parts: Annotated[tuple[DescribedPart, ...], Meta(max_length=MOST_PARTS)]
    tensors: tuple[DescribedTensor, ...] = ()
    tokens: Count = 0
    watched: bool = False
    alone: Annotated[str, Meta(max_length=1000)] = ""

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Return the shapes of all parameters by their names in the network."""
        found = {one.name: one.shape for one in self.tensors}
        for part in self.parts:
            found |= {f"{part.module}.{one.name}": one.shape for one in part.tensors}
        return found


class Candidate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A class or function of a file that can be called without arguments, and its first words."""

    name: str
    kind: Literal["class", "function"]
    summary: str = ""


class Reading(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What reading a file gave: what can be chosen in it, and the description of the chosen one.

    `needy` are classes of networks that cannot be chosen, because they need arguments. Where `why`
    is not "", it says what went wrong at `where`.
    """

    candidates: tuple[Candidate, ...] = ()
    needy: tuple[str, ...] = ()
    factory: str = ""
    described: Described | None = None
    where: str = ""
    why: str = ""


def decoded(data: bytes, name: str) -> str:
    """Return the text in a file's bytes.

    Raises:
        ExperimentError: It is too large, or is no text.
    """
    if len(data) > MOST_CODE:
        why = f"It is too large: a network's file has at most {MOST_CODE // 1024} KiB."
        raise ExperimentError(name, why)
    try:
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ExperimentError(name, f"It is no UTF-8 text: see line {line}.") from None


def to_text(described: Described) -> str:
    """Return a description as it is kept in an experiment."""
    return msgspec.json.encode(described).decode()


@lru_cache(maxsize=32)
def from_text(text: str) -> Described:
    """Return the description in a text.

    Raises:
        ExperimentError: It holds none; with the place in it.
    """
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"), type=Described)
    except (msgspec.MsgspecError, RecursionError) as error:
        why, _, at = str(error).partition(" - at `$")
        raise ExperimentError("$" + at.rstrip("`"), why.replace("`", "'")) from None


def reading_from(data: bytes) -> Reading:
    """Return what a process that read a file has written.

    Raises:
        ExperimentError: It wrote something else.
    """
    try:
        return msgspec.json.decode(data, type=Reading)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ExperimentError("file", "What was read of it makes no sense.") from None


def checked(described: Described) -> Described:
    """Return the description if an experiment may hold it.

    Raises:
        ExperimentError: It is too large, or not of the form.
    """
    if len(to_text(described)) > MOST_DESCRIBED:
        raise ExperimentError("file", "The network has too many parts to be shown.")
    convert(msgspec.to_builtins(described), Described, "file")
    return described
