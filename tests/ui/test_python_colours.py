"""The parts of Python code, against the standard library's tokenizer."""

import dataclasses
import inspect
import io
import keyword
import textwrap
import tokenize
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import initstudio
from initstudio.ui.python_colours import BUILTINS, Stretch, stretches
from initstudio.ui.python_indent import erased, next_indent

HERE = Path(initstudio.__file__).parent
SOURCES = [
    *sorted(HERE.glob("*.py")),
    *sorted((HERE / "ui").glob("*.py")),
    *(Path(inspect.getfile(module)) for module in (textwrap, dataclasses, tokenize, inspect)),
]
Cell = tuple[int, int]


def by_tokenize(source: str) -> dict[str, set[Cell]]:
    """Return the places (line, column) of each kind, by the standard library."""
    found: dict[str, set[Cell]] = {kind: set() for kind in ("string", "comment", "number", "word")}
    lines = source.splitlines()
    kinds = {tokenize.STRING: "string", tokenize.COMMENT: "comment", tokenize.NUMBER: "number"}
    starts, ends = getattr(tokenize, "FSTRING_START", -1), getattr(tokenize, "FSTRING_END", -1)
    opened: list[Cell] = []
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        start = token.start
        if token.type == starts:
            opened.append(start)
            continue
        if token.type == ends:
            start = opened.pop()
        if opened:
            continue
        kind = "string" if token.type == ends else kinds.get(token.type)
        if token.type == tokenize.NAME and keyword.iskeyword(token.string):
            kind = "word"
        if kind:
            found[kind] |= _cells(lines, start, token.end)
    return found


def _cells(lines: list[str], start: Cell, end: Cell) -> set[Cell]:
    return {
        (row, column)
        for row in range(start[0], end[0] + 1)
        for column in range(len(lines[row - 1]))
        if start <= (row, column) < end
    }


def by_stretches(source: str) -> dict[str, set[Cell]]:
    found: dict[str, set[Cell]] = {kind: set() for kind in ("string", "comment", "number", "word")}
    state = 0
    for row, line in enumerate(source.splitlines(), start=1):
        parts, state = stretches(line, state)
        for one in parts:
            kind = "word" if one.kind == "keyword" else one.kind
            columns = range(one.start, one.start + one.length)
            found.setdefault(kind, set()).update((row, column) for column in columns)
    assert state == 0
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: "/".join(path.parts[-2:]))
def test_real_code_falls_into_the_parts_that_the_tokenizer_finds(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    expected, found = by_tokenize(source), by_stretches(source)
    for kind, cells in expected.items():
        assert found[kind] == cells, kind


HARD = "\n".join(
    [
        r"""a = 'it\'s' + "a \\" + r'\' ' + rb"x" + f'{a!r}' # 'no string'""",
        'b = """one # no comment',
        r'\""" two',
        "\"\"\" + '''x''' * 2",
        "c = 0xFF + 1_000.5e-3j + .5 + 1. + 0b1 + 0o7 + 1if c else 2",
        "d = 'goes on \\",
        "here' if c else None",
        "",
    ]
)


def test_hard_code_too() -> None:
    expected, found = by_tokenize(HARD), by_stretches(HARD)
    for kind, cells in expected.items():
        assert found[kind] == cells, kind


def kinds(line: str) -> list[tuple[str, str]]:
    return [(line[one.start : one.start + one.length], one.kind) for one in stretches(line)[0]]


def test_names_of_functions_decorators_and_builtins_stand_out() -> None:
    assert kinds("    def init(module):") == [("def", "keyword"), ("init", "defined")]
    assert kinds("class Rule(nn.Module):") == [("class", "keyword"), ("Rule", "defined")]
    assert kinds("  @torch.no_grad()") == [("@torch.no_grad", "decorator")]
    assert kinds("x = a @ b") == []
    assert kinds("len(x.max())") == [("len", "builtin")]
    assert "print" in BUILTINS
    assert not any(map(keyword.iskeyword, BUILTINS))


def test_a_string_without_end_ends_with_its_line_or_goes_on() -> None:
    assert stretches("x = 'abc") == ([Stretch(4, 4, "string")], 0)
    parts, state = stretches('x = """abc')
    assert (parts, state) == ([Stretch(4, 6, "string")], 2)
    assert stretches("", state) == ([Stretch(0, 0, "string")], 2)
    assert stretches('end""" + 1', state) == ([Stretch(0, 6, "string"), Stretch(9, 1, "number")], 0)


@given(st.text(max_size=80), st.integers(0, 4))
def test_any_line_gives_parts_in_order(line: str, state: int) -> None:
    parts, after = stretches(line, state)
    assert after in range(5)
    at = 0
    for one in parts:
        assert at <= one.start <= one.start + one.length <= len(line)
        at = one.start + one.length


@pytest.mark.parametrize(
    ("before", "spaces"),
    [
        ("", 0),
        ("x = 1", 0),
        ("    x = 1", 4),
        ("def init(module, generator):", 4),
        ("    if x:  # why: because", 8),
        ("    x = ':'", 4),
        ("    f(", 8),
        ("# see:", 0),
        ("        return x", 4),
        ("    pass", 0),
        ("    returned = 1", 4),
        ("x = '''", 0),
    ],
)
def test_a_new_line_begins_where_the_code_asks_for(before: str, spaces: int) -> None:
    assert next_indent(before) == spaces


def test_a_new_line_in_a_string_begins_below() -> None:
    assert next_indent("    what it does:", 2) == 4


@pytest.mark.parametrize(
    ("before", "spaces"), [("", 0), ("    ", 4), ("     ", 1), ("  ", 2), ("  x", 0), ("x   ", 0)]
)
def test_backspace_takes_a_step(before: str, spaces: int) -> None:
    assert erased(before) == spaces
