"""Named arrangements of a board: which pictures with which options, and how large they are.

Some come with the program; a person's own are kept in one file of theirs, for any experiment.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from initstudio import paths
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Shares
from initstudio.files import atomic_write

FILE = "arrangements.json"
MOST = 6
OF_EXPERIMENT = ("contenders",)
"""Options that stand for things of one experiment, and so are in no arrangement."""
PageField: TypeAlias = Literal["board", "xray"]


class Arrangement(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One arrangement of the board of the race or the start, `page`, under its name."""

    name: Annotated[str, Meta(min_length=1, max_length=60)]
    page: PageField
    pictures: Annotated[tuple[Choice, ...], Meta(max_length=MOST)]
    shares: Shares = Shares()


class _File(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    format: Literal["initstudio arrangements"]
    version: Literal[1]
    arrangements: tuple[Arrangement, ...]


def _of(name: str, page: PageField, *pictures: str | Choice, shares: Shares | None = None) -> (
    Arrangement
):  # fmt: skip
    choices = tuple(one if isinstance(one, Choice) else Choice(one) for one in pictures)
    return Arrangement(name=name, page=page, pictures=choices, shares=shares or Shares())


_ONE_LARGE = Shares(columns=(2.0, 1.0))
BUILT_IN: tuple[Arrangement, ...] = (
    _of("Race", "board", "loss", "weights", "gradient_norm", "activation_std"),
    _of("Learning", "board", "loss", "accuracy", "convergence"),
    _of(
        "Signal", "board", "activation_std", "gradient_norm", "activity", "similarity",
        "activations", "spectrum",
    ),
    _of("Lecture: one large", "board", "loss", "weights", "activation_std", shares=_ONE_LARGE),
    _of("Signal", "xray", "activation_std", "gradient_norm", "similarity", "phase"),
    _of("Trainability", "xray", "trainability", "jacobian", "first_step", "luck"),
    _of("Lecture: one large", "xray", "activation_std", "gradient_norm", "phase",
        shares=_ONE_LARGE),
)  # fmt: skip


def built_in(page: PageField) -> tuple[Arrangement, ...]:
    """Return those of a page that come with the program."""
    return tuple(one for one in BUILT_IN if one.page == page)


def own() -> tuple[Arrangement, ...]:
    """Return all that the person has saved, in order of their names; none where there is no file.

    Raises:
        ExperimentError: The file could not be read. If it was no file of ours, it has been given
            another name, which the sentence tells, and the next call finds none.
    """
    path = _path()
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        why = f"they could not be read from {path}: {error.strerror or error}"
        raise ExperimentError("Arrangements", why) from None
    try:
        found = msgspec.json.decode(data, type=_File).arrangements
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise ExperimentError("Arrangements", _set_aside(path)) from None
    return _sorted(found)


def own_of(page: PageField) -> tuple[Arrangement, ...]:
    """Return those of a page that the person has saved.

    Raises:
        ExperimentError: As `own`.
    """
    return tuple(one for one in own() if one.page == page)


def save(arrangement: Arrangement) -> None:
    """Keep an arrangement, in the place of the one of that name if there is one.

    Raises:
        ExperimentError: Its name is that of a built-in one, or the file cannot be read or written.
    """
    _refuse_built_in(arrangement.page, arrangement.name)
    pictures = tuple(_of_any(choice) for choice in arrangement.pictures)
    others = _without(own(), arrangement.page, arrangement.name)
    _write([*others, replace(arrangement, pictures=pictures)])


def rename(page: PageField, name: str, to: str) -> None:
    """Give a saved arrangement another name; one that has it already is replaced.

    Raises:
        ExperimentError: The name is that of a built-in one, or the file cannot be read or written.
    """
    _refuse_built_in(page, to)
    found = own()
    renamed = [replace(one, name=to) for one in found if (one.page, one.name) == (page, name)]
    if renamed and name != to:
        _write([*_without(_without(found, page, name), page, to), *renamed])


def delete(page: PageField, name: str) -> None:
    """Forget a saved arrangement.

    Raises:
        ExperimentError: The file cannot be read or written.
    """
    _write(_without(own(), page, name))


def _path() -> Path:
    return paths.user_data() / FILE


def _sorted(found: Sequence[Arrangement]) -> tuple[Arrangement, ...]:
    """Return them by name, the last of those that are called the same."""
    by_name = {(one.page, one.name): one for one in found}
    return tuple(sorted(by_name.values(), key=lambda one: (one.name.casefold(), one.name)))


def _without(found: Sequence[Arrangement], page: PageField, name: str) -> list[Arrangement]:
    return [one for one in found if (one.page, one.name) != (page, name)]


def _of_any(choice: Choice) -> Choice:
    """Return a picture without what it has to do with one experiment only."""
    kept = {name: value for name, value in choice.params.items() if name not in OF_EXPERIMENT}
    return replace(choice, params=kept)


def _refuse_built_in(page: PageField, name: str) -> None:
    if not name.strip() or len(name) > 60:
        raise ExperimentError("Arrangements", "a name has 1 to 60 characters")
    if any(one.name == name for one in built_in(page)):
        why = f"“{name}” comes with InitStudio and stays as it is; choose another name"
        raise ExperimentError("Arrangements", why)


def _write(found: Sequence[Arrangement]) -> None:
    file = _File(format="initstudio arrangements", version=1, arrangements=_sorted(found))
    path = _path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic_write(path, msgspec.json.format(msgspec.json.encode(file), indent=2) + b"\n")
    except OSError as error:
        why = f"they could not be saved in {path}: {error.strerror or error}"
        raise ExperimentError("Arrangements", why) from None


def _set_aside(path: Path) -> str:
    """Give a file that cannot be understood another name, and return a sentence about it."""
    number, aside = 1, path.with_name(f"{path.stem} unreadable{path.suffix}")
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.stem} unreadable {number}{path.suffix}")
    try:
        path.rename(aside)
    except OSError as error:
        return f"{path} is no file of arrangements, nor can it be renamed: {error.strerror}"
    return f"the file of saved arrangements could not be understood; it is now called {aside}"
