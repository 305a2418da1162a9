"""The laws of the house, read from the source: who may import whom, and what nobody may do.

Each law is a function from a module's name and source to its violations, so that the last part of
this file can show that each one catches what it is there for.
"""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

Law: TypeAlias = Callable[[str, str], list[str]]

ROOT = Path(__file__).parents[1]

STEPS: tuple[frozenset[str], ...] = (
    # floor 0
    frozenset({"", "errors", "paths", "files", "law", "nonlinearities"}),
    # floor 1
    frozenset({"bins", "catalogue", "gaussian", "rehearsal", "tables", "trust"}),
    frozenset({"counting", "distribution", "packing"}),
    frozenset({"formula", "own_code", "schedule", "weights", "described", "taps", "levels"}),
    frozenset({"trajectories"}),
    frozenset({"own_network", "averages", "album", "clock", "series"}),
    frozenset({"declared", "experiment", "elementwise", "shapes", "modules"}),
    frozenset({"history", "measurement", "presets", "edits", "alike", "arrangements"}),
    frozenset({"layer_edits", "cells"}),
    frozenset({"finding", "target"}),
    frozenset({"results", "alarms"}),
    frozenset({"convergence"}),
    frozenset({"ranking"}),
    # floor 2
    frozenset({"layers", "schemes", "tunings", "datasets", "probes", "findings"}),
    # floor 3
    frozenset({"engine", "library"}),
    # floor 4
    frozenset({"ui"}),
    # floor 5
    frozenset({"listing", "progress"}),
    frozenset({"headless", "describing", "examining"}),
    frozenset({"verbs"}),
    frozenset({"commands"}),
    frozenset({"__main__"}),
)
"""The rooms from below upward; those of one step know nothing of one another."""

LEVEL = {room: level for level, rooms in enumerate(STEPS) for room in rooms}
CATALOGUES = {"layers", "schemes", "tunings", "datasets", "probes", "findings"}
QT = {"PySide6", "shiboken6", "pyqtgraph"}
BASES = {
    "initstudio.ui.plots.plot",
    "initstudio.ui.plots.distribution_plot",
    "initstudio.ui.plots.layer_plot",
    "initstudio.ui.plots.step_plot",
    "initstudio.ui.plots.quantity",
    "initstudio.ui.plots.one_seed",
    "initstudio.ui.plots.curve_plot",
    "initstudio.ui.plots.study_plot",
    "initstudio.ui.plots.judged_plot",
    "initstudio.ui.panels.panel",
}
VAGUE = {"util", "utils", "helper", "helpers", "common", "misc", "manager", "managers"}
SLEEPS = {"sleep", "msleep", "usleep", "qWait", "qSleep"}
MOST_LINES = 400


def modules() -> dict[str, Path]:
    """Return the modules of the package by name."""
    paths = sorted((ROOT / "initstudio").rglob("*.py"))
    return {_name(path): path for path in paths}


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = modules()


def imported(source: str) -> Iterator[tuple[str, bool]]:
    """Return the full name of everything that is imported anywhere, and whether it is relative."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from ((one.name, False) for one in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                yield from ((f"{module or ''}.{one.name}", level > 0) for one in names)
            case ast.Call(func=function, args=[ast.Constant(value=str(name)), *_]) if (
                "import_module" in ast.unparse(function) or "load" in ast.unparse(function)
            ):
                yield name, False


def room_of(name: str) -> str:
    """Return the room of a module, or of something in it: "initstudio.ui.app" is in "ui"."""
    return [*name.split("."), ""][1]


def import_violations(module: str, source: str) -> list[str]:
    """Imports point down; a catalogue's entries do not know one another."""
    room = room_of(module)
    if room not in LEVEL:
        return [f"{module} stands on no floor; give it one in {Path(__file__).name}"]
    found = []
    for name, relative in imported(source):
        if relative:
            found.append(f"{module} imports {name} relatively")
        if name.split(".")[0] != "initstudio":
            continue
        other = room_of(name) if room_of(name) in LEVEL else ""
        if other != room and LEVEL[other] >= LEVEL[room]:
            found.append(f"{module} imports {name}, which is not below it")
        if other == room and room in CATALOGUES and module != f"initstudio.{room}":
            found.append(f"{module} imports its sibling {name}")
    return found


def qt_violations(module: str, source: str) -> list[str]:
    """Qt is only in ui/."""
    if room_of(module) == "ui":
        return []
    return [f"{module} imports {name}" for name, _ in imported(source) if name.split(".")[0] in QT]


def torch_violations(module: str, source: str) -> list[str]:
    """The window names torch nowhere, not even lazily."""
    if room_of(module) != "ui":
        return []
    return [
        f"{module} imports {name}"
        for name, _ in imported(source)
        if name.split(".")[0] in {"torch", "scipy", "sklearn"}
    ]


def panel_violations(module: str, source: str) -> list[str]:
    """A panel or plot knows no other: of their folders it knows at most the base."""
    folders = ("initstudio.ui.panels.", "initstudio.ui.plots.")
    if not module.startswith(folders):
        return []
    return [
        f"{module} imports {name}"
        for name, _ in imported(source)
        if name.startswith(tuple(folder.rstrip(".") for folder in folders))
        and not any(name == base or name.startswith(f"{base}.") for base in BASES)
        and not name.startswith(f"{module}.")
    ]


def name_violations(module: str, _source: str) -> list[str]:
    """A name says what is in a room."""
    words = {word for part in module.split(".") for word in part.split("_")}
    return [f"{module} is called {word}" for word in sorted(words & VAGUE)]


def length_violations(module: str, source: str) -> list[str]:
    """A file can be read in one go."""
    lines = source.count("\n")
    return [f"{module} has {lines} lines"] if lines > MOST_LINES else []


def sleep_violations(module: str, source: str) -> list[str]:
    """A test waits for what it waits for, not for the time to pass."""
    found = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ImportFrom(names=names):
                used = {one.name for one in names}
            case ast.Attribute(value=ast.Name(id="qtbot"), attr="wait"):
                used = {"qWait"}
            case ast.Attribute(attr=name) | ast.Name(id=name):
                used = {name}
            case _:
                continue
        found += [f"{module}:{node.lineno} sleeps" for _ in used & SLEEPS]
    return found


def silence_violations(module: str, source: str) -> list[str]:
    """A checker is silenced for one rule at one line."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    comments = [token for token in tokens if token.type == tokenize.COMMENT]
    return [
        f"{module}:{token.start[0]} silences too much: {token.string}"
        for token in comments
        if re.search(r"noqa(?!: ?[A-Z]+[0-9]+)", token.string, re.IGNORECASE)
        or re.search(r"type: ?ignore(?!\[)", token.string)
        or re.search(r"(ruff|flake8): ?noqa|mypy: ", token.string)
    ]


PACKAGE_LAWS = (
    import_violations,
    qt_violations,
    torch_violations,
    panel_violations,
    name_violations,
    length_violations,
)


@pytest.mark.parametrize("law", PACKAGE_LAWS)
def test_the_package_keeps_the_law(law: Law) -> None:
    found = [
        one for name, path in MODULES.items() for one in law(name, path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_the_whole_package_was_looked_at() -> None:
    assert {"initstudio", "initstudio.ui.session", "initstudio.schemes.xavier"} <= MODULES.keys()


def test_no_test_sleeps() -> None:
    """A process that plays a stuck engine may; what waits for it may not."""
    paths = [*(ROOT / "tests").rglob("test_*.py"), *(ROOT / "tests").rglob("conftest.py")]
    assert len(paths) > 10
    found = [
        one
        for path in paths
        for one in sleep_violations(_name(path), path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_no_checker_is_silenced_wholesale() -> None:
    folders = ("initstudio", "tests", "packaging")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    found = [
        one
        for path in paths
        for one in silence_violations(_name(path), path.read_text(encoding="utf-8"))
    ]
    assert found == []


WINDOW = "import pkgutil, initstudio.ui as ui\nnames = ['initstudio.ui'] + [info.name for info in \
pkgutil.walk_packages(ui.__path__, 'initstudio.ui.')]"
TORCH_FREE = "names = ['initstudio.' + name for name in ('convergence', 'edits', 'presets', \
'layers', 'schemes', 'tunings', 'datasets', 'probes', 'engine.client', 'engine.data', \
'engine.messages', 'engine.plan', 'engine.schema', 'engine.summary', 'engine.tidy', 'listing', \
'headless')]"


@pytest.mark.parametrize("names", [WINDOW, TORCH_FREE], ids=["window", "torch-free rooms"])
def test_what_the_window_loads_is_quick_to_load(names: str) -> None:
    """A lazily imported torch is in sys.modules as a placeholder; loaded, it has its `_C`."""
    script = f"""
import importlib, sys
{names}
for name in names:
    importlib.import_module(name)
heavy = {{"torch._C", "scipy", "sklearn"}} & sys.modules.keys()
print(len(names) > 10, sorted(heavy))
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("True []\n", "")


@pytest.mark.parametrize("room", ["engine", "layers", "schemes", "tunings", "datasets", "probes"])
def test_rooms_below_the_window_load_no_qt(room: str) -> None:
    names = [name for name in MODULES if room_of(name) == room]
    script = f"""
import importlib, sys
for name in {names!r}:
    importlib.import_module(name)
print(sorted({QT!r} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


# That the laws catch what they are there for.

CAUGHT = [
    (import_violations, "initstudio.errors", "from initstudio.catalogue import Entry"),
    (import_violations, "initstudio.catalogue", "import initstudio.experiment"),
    (import_violations, "initstudio.presets", "from initstudio import edits"),
    (import_violations, "initstudio.layers.conv", "from initstudio.schemes import SCHEMES"),
    (import_violations, "initstudio.layers.conv", "from initstudio.layers.linear import LINEAR"),
    (import_violations, "initstudio.layers.conv", "from initstudio.layers import LAYERS"),
    (import_violations, "initstudio.schemes", "from initstudio.engine.plan import plan"),
    (import_violations, "initstudio.engine.plan", "def late():\n    import initstudio.ui.app"),
    (import_violations, "initstudio.engine.plan", "import_module('initstudio.ui.app')"),
    (import_violations, "initstudio.engine.plan", "from initstudio.library import runs"),
    (import_violations, "initstudio.ui.app", "from initstudio.headless import run"),
    (import_violations, "initstudio.headless", "from initstudio.__main__ import main"),
    (import_violations, "initstudio.engine.plan", "from .data import stream"),
    (import_violations, "initstudio.newroom", ""),
    (qt_violations, "initstudio.engine.host", "from PySide6.QtCore import QObject"),
    (qt_violations, "initstudio.headless", "def late():\n    import pyqtgraph as pg"),
    (torch_violations, "initstudio.ui.session", "import torch"),
    (torch_violations, "initstudio.ui.session", "torch = lazy_loader.load('torch')"),
    (torch_violations, "initstudio.ui.session", "from scipy.stats import gaussian_kde"),
    (panel_violations, "initstudio.ui.panels.a", "from initstudio.ui.panels.b import B"),
    (panel_violations, "initstudio.ui.panels.a", "from initstudio.ui.panels import b"),
    (panel_violations, "initstudio.ui.panels.a", "from initstudio.ui.plots.plot_like import C"),
    (panel_violations, "initstudio.ui.plots.a", "from initstudio.ui.plots import PLOTS"),
    (name_violations, "initstudio.ui.plot_utils", ""),
    (name_violations, "initstudio.helpers.text", ""),
    (length_violations, "initstudio.long", "\n" * (MOST_LINES + 1)),
    (sleep_violations, "test_a", "import time\ntime.sleep(1)"),
    (sleep_violations, "test_a", "from time import sleep"),
    (sleep_violations, "test_a", "def test(qtbot):\n    qtbot.wait(100)"),
    (sleep_violations, "test_a", "QTest.qWait(100)"),
    (silence_violations, "a", "x = 1  # noqa"),
    (silence_violations, "a", "x = 1  # NOQA because"),
    (silence_violations, "a", "x = 1  # type: ignore"),
    (silence_violations, "a", "# ruff: noqa"),
    (silence_violations, "a", "# ruff: noqa: E501"),
    (silence_violations, "a", "# mypy: ignore-errors"),
]

ALLOWED = [
    (import_violations, "initstudio.layers.conv", "from initstudio.catalogue import Layer"),
    (import_violations, "initstudio.layers", "from initstudio.layers import conv"),
    (import_violations, "initstudio.engine.plan", "from initstudio.engine.data import stream"),
    (import_violations, "initstudio.ui.app", "from initstudio import __version__"),
    (import_violations, "initstudio.__main__", "from initstudio import commands"),
    (qt_violations, "initstudio.ui.app", "from PySide6.QtCore import QObject"),
    (torch_violations, "initstudio.engine.train", "import torch"),
    (panel_violations, "initstudio.ui.plots.a", "from initstudio.ui.plots.plot import Plot"),
    (panel_violations, "initstudio.ui.board", "from initstudio.ui.plots import PLOTS"),
    (name_violations, "initstudio.ui.plots.commonplace", ""),
    (length_violations, "initstudio.long", "\n" * MOST_LINES),
    (sleep_violations, "test_a", "qtbot.waitUntil(lambda: True)\nprocess.wait(1)"),
    (
        silence_violations,
        "a",
        "x = 1  # noqa: E501 - a table\ny = 'noqa'  # type: ignore[arg-type]",
    ),
]


@pytest.mark.parametrize(("law", "module", "source"), CAUGHT)
def test_a_violation_is_caught(law: Law, module: str, source: str) -> None:
    assert law(module, source) != []


@pytest.mark.parametrize(("law", "module", "source"), ALLOWED)
def test_what_is_allowed_is_let_pass(law: Law, module: str, source: str) -> None:
    assert law(module, source) == []
