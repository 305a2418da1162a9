"""How rooms collect their entries, and how parameters are declared."""

import subprocess
import sys
import types
from pathlib import Path
from typing import Annotated, Literal

import pytest
from msgspec import Meta

from initstudio.catalogue import Entry, Layer, NoParams, Params, collect, convert
from initstudio.declared import params_of
from initstudio.errors import ExperimentError
from initstudio.layers import LAYERS

# Collecting


def entry(key: str, label: str = "Label", order: int = 1) -> Entry[NoParams]:
    return Entry(key=key, label=label, summary="One.", params=NoParams, order=order)


def room(monkeypatch: pytest.MonkeyPatch, folder: Path, **modules: dict[str, object]) -> str:
    package = types.ModuleType("a_room")
    package.__path__ = [str(folder)]
    monkeypatch.setitem(sys.modules, "a_room", package)
    for name, values in modules.items():
        (folder / f"{name}.py").touch()
        module = types.ModuleType(f"a_room.{name}")
        vars(module).update(values)
        monkeypatch.setitem(sys.modules, f"a_room.{name}", module)
    return "a_room"


def test_two_entries_with_one_key_are_a_mistake(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = room(monkeypatch, tmp_path, one={"A": entry("same")}, two={"B": entry("same", "B")})
    with pytest.raises(ValueError, match="a_room has two entries with the key 'same'"):
        collect(package, Entry)


def test_an_entry_seen_twice_under_one_name_is_one_entry(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shared = entry("same")
    package = room(monkeypatch, tmp_path, one={"A": shared, "ALIAS": shared}, two={"B": shared})
    assert collect(package, Entry) == {"same": shared}


def test_entries_come_in_their_order_then_by_label(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    late = entry("a", "A", order=9)
    second, first = entry("b", "Zeta"), entry("c", "Eta")
    package = room(monkeypatch, tmp_path, one={"X": late, "Y": second}, two={"Z": first, "N": 3})
    assert list(collect(package, Entry)) == ["c", "b", "a"]


def test_only_the_kind_asked_for_is_collected(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = room(monkeypatch, tmp_path, one={"A": entry("a"), "R": LAYERS["relu"]})
    assert collect(package, Layer) == {"relu": LAYERS["relu"]}


def test_catalogues_are_read_without_loading_torch() -> None:
    code = (
        "import sys; from initstudio.catalogue import Place; "
        "from initstudio.schemes import SCHEMES as s; from initstudio.layers import LAYERS as l; "
        "place = Place(shape=(4,), outputs=2); "
        "spec = l['linear'].tensors(l['linear'].parse({}), place)[0]; "
        "[one.law(one.parse({}), spec) for one in s.values()]; "
        "print('torch._C' in sys.modules, 'scipy' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


# Declared parameters


class Sample(Params, frozen=True):
    """One field of each kind."""

    switch: Annotated[bool, Meta(title="Switch", description="Helps.")] = True
    count: Annotated[int, Meta(gt=0, lt=10, extra={"unit": "examples"})] = 3
    size: Annotated[float, Meta(ge=-1, le=2, extra={"log": True})] = 1.0
    mode: Annotated[Literal["a", "b"], Meta(extra={"choices": {"a": "First"}})] = "a"
    name: str = "x"
    nested: NoParams = NoParams()


def test_params_of_reads_each_kind() -> None:
    switch, count, size, mode, name = params_of(Sample)
    assert (switch.kind, switch.label, switch.help, switch.default) == (
        "switch",
        "Switch",
        "Helps.",
        True,
    )
    assert (count.kind, count.low, count.high, count.unit) == ("integer", 0, 10, "examples")
    assert count.low_open
    assert count.high_open
    assert (size.kind, size.low, size.high, size.log) == ("number", -1, 2, True)
    assert not size.low_open
    assert not size.high_open
    assert (mode.kind, mode.choices) == ("choice", (("a", "First"), ("b", "b")))
    assert (name.kind, name.label) == ("text", "Name")


def test_a_float_takes_an_integer_and_an_integer_no_float() -> None:
    assert convert({"size": 1}, Sample, "$").size == 1.0
    with pytest.raises(ExperimentError, match=r"^\$\.count: "):
        convert({"count": 1.5}, Sample, "$")
