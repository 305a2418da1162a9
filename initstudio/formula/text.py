"""The text of a formula: its mistakes and its tokens."""

import re
from dataclasses import dataclass
from typing import Literal

LONGEST = 400
"""Most characters of a formula."""


class FormulaError(ValueError):
    """What is wrong in a formula: from which character, over how many, and why."""

    def __init__(self, position: int, length: int, why: str) -> None:
        super().__init__(position, length, why)
        self.position = position
        self.length = length
        self.why = why

    @property
    def sentence(self) -> str:
        """Return the mistake with its place, columns counted from 1."""
        return f"Column {self.position + 1}: {self.why}"


@dataclass(frozen=True)
class Token:
    """A piece of the text; `at` counts characters from 0."""

    kind: Literal["number", "word", "sign", "end"]
    text: str
    at: int

    @property
    def length(self) -> int:
        """Return the number of characters to mark, at least 1."""
        return max(1, len(self.text))


PIECE = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<word>[A-Za-z_][A-Za-z_0-9]*)"
    r"|(?P<sign>\*\*|//|<=|>=|==|!=|[-+*/%<>(),])"
)
HINTS = {
    "^": "a power is written **.",
    "=": "two numbers are compared by ==.",
    "×": "a product is written *.",
    ";": "arguments are separated by a comma.",
    "−": "a minus sign is written -.",
}


def tokens(text: str) -> list[Token]:
    """Return the pieces of the text and an end.

    Raises:
        FormulaError: The text is too long, or has a character that no formula has.
    """
    if len(text) > LONGEST:
        raise FormulaError(LONGEST, 1, f"a formula has at most {LONGEST} characters.")
    found: list[Token] = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        piece = PIECE.match(text, at)
        if piece is None:
            shown = text[at] if text[at].isprintable() else f"U+{ord(text[at]):04X}"
            raise FormulaError(
                at, 1, HINTS.get(text[at], f"'{shown}' has no meaning in a formula.")
            )
        word = piece.group()
        if piece.lastgroup == "number":
            found.append(Token("number", word, at))
        elif piece.lastgroup == "word":
            found.append(Token("word", word, at))
        else:
            found.append(Token("sign", word, at))
        at = piece.end()
    return [*found, Token("end", "", len(text))]
