"""The colours of Python code, line by line."""

import builtins
import keyword
import re
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from PySide6.QtGui import QColor, QFont, QSyntaxHighlighter, QTextCharFormat, QTextDocument

from initstudio.ui import theme
from initstudio.ui.completing_edit import units

StretchKind: TypeAlias = Literal[
    "keyword", "builtin", "string", "comment", "number", "defined", "decorator"
]

KEYWORDS = frozenset(keyword.kwlist)
BUILTINS = frozenset(name for name in dir(builtins) if not name.startswith("_")) - KEYWORDS
_QUOTES = ("'''", '"""', "'", '"')
"""A string that goes on in the next line is known by its place here, counted from 1."""
_TOKEN = re.compile(
    r"""
    (?P<comment>\#.*)
  | (?P<string>(?:[rRuUbBfF]|[rR][bBfF]|[bBfF][rR])?(?P<quote>'''|\"\"\"|'|\"))
  | (?P<number>0[xX][\da-fA-F_]+ | 0[bB][01_]+ | 0[oO][0-7_]+
      | (?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?[jJ]?)
  | (?P<name>[^\W\d]\w*)
  | (?P<decorator>(?<=^)\s*@\s*[^\W\d][\w.]*)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Stretch:
    """A part of a line that has a colour."""

    start: int
    length: int
    kind: StretchKind


def stretches(line: str, state: int = 0) -> tuple[list[Stretch], int]:
    """Return the coloured parts of a line, and the state that the next one starts with.

    A state is 0, or tells which kind of string goes on.
    """
    found: list[Stretch] = []
    at, after = 0, ""
    if state:
        at, state = _string_end(line, 0, state)
        found.append(Stretch(0, at, "string"))
    elif match := re.match(r"\s*@\s*[^\W\d][\w.]*", line):
        at = match.end()
        indent = len(line) - len(line.lstrip())
        found.append(Stretch(indent, at - indent, "decorator"))
    while match := _TOKEN.search(line, at):
        start, at = match.span()
        kind: StretchKind | None = None
        if match["string"]:
            at, state = _string_end(line, at, 1 + _QUOTES.index(match["quote"]))
            kind = "string"
        elif match["comment"] or match["number"]:
            kind = "comment" if match["comment"] else "number"
        elif match["name"]:
            kind = _kind_of(match["name"], after, line[:start])
            after = match["name"]
        if kind:
            found.append(Stretch(start, at - start, kind))
    return found, state


def _string_end(line: str, at: int, state: int) -> tuple[int, int]:
    """Return where the string ends that goes on at `at`, and the state after it."""
    quote = _QUOTES[state - 1]
    while at < len(line):
        if line[at] == "\\":
            at += 2
            if at > len(line):  # the line itself goes on
                return len(line), state
        elif line.startswith(quote, at):
            return at + len(quote), 0
        else:
            at += 1
    # an empty line cannot go on by a backslash; a short string left open ends with its line
    return min(at, len(line)), state if len(quote) == 3 else 0


def _kind_of(name: str, after: str, before: str) -> StretchKind | None:
    if name in KEYWORDS:
        return "keyword"
    if after in ("def", "class") and before.rstrip().endswith(after):
        return "defined"
    if name in BUILTINS and not before.rstrip().endswith("."):
        return "builtin"
    return None


class PythonColours(QSyntaxHighlighter):
    """Colours a document in those of the theme."""

    _COLOURS: ClassVar[dict[StretchKind, str]] = {
        "keyword": "accent",
        "builtin": "accent",
        "string": "good",
        "comment": "muted",
        "number": "warning",
        "defined": "text",
        "decorator": "warning",
    }

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)
        theme.present.theme_changed.connect(self._on_theme_changed)

    def _on_theme_changed(self, _theme: theme.Theme) -> None:
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:  # noqa: N802 - Qt's name
        """Colour one line."""
        found, state = stretches(text, max(self.previousBlockState(), 0))
        self.setCurrentBlockState(state)
        for one in found:
            start, end = units(text[: one.start]), units(text[: one.start + one.length])
            self.setFormat(start, end - start, _look(self._COLOURS[one.kind], one.kind))


def _look(colour: str, kind: StretchKind) -> QTextCharFormat:
    look = QTextCharFormat()
    look.setForeground(QColor(getattr(theme.present.theme, colour)))
    if kind in ("keyword", "defined"):
        look.setFontWeight(QFont.Weight.Bold)
    look.setFontItalic(kind == "comment")
    return look
