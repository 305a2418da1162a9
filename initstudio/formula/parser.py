"""From the text of a formula to a tree, by precedence climbing with Python's precedences."""

import difflib
import math
from dataclasses import dataclass
from typing import TypeAlias

from initstudio.formula.facts import FACTS
from initstudio.formula.functions import FUNCTIONS, OUTER, signature
from initstudio.formula.text import FormulaError, Token, tokens

MOST_NODES = 200
DEEPEST = 40
"""Most expressions within one another."""

CHOICE, COMPARISON, SUM, PRODUCT, SIGN, POWER = range(1, 7)
BINDS = {
    "if": CHOICE,
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), COMPARISON),
    **dict.fromkeys("+-", SUM),
    **dict.fromkeys(("*", "/", "//", "%"), PRODUCT),
    "**": POWER,
}
"""How strongly an operator binds its left side."""


@dataclass(frozen=True)
class Part:
    """A part of the formula, from character `at` to before `end`."""

    at: int
    end: int


@dataclass(frozen=True)
class Number(Part):
    """A number as written."""

    value: float


@dataclass(frozen=True)
class Name(Part):
    """A fact of the layer, or a constant of mathematics."""

    name: str


@dataclass(frozen=True)
class Sign(Part):
    """-x or +x."""

    sign: str
    operand: "Node"


@dataclass(frozen=True)
class Operation(Part):
    """Arithmetic with two sides."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True)
class Comparison(Part):
    """first < second <= third: all must hold, as in Python."""

    first: "Node"
    rest: "tuple[tuple[str, Node], ...]"


@dataclass(frozen=True)
class Choice(Part):
    """`value` if `condition` else `other`."""

    value: "Node"
    condition: "Node"
    other: "Node"


@dataclass(frozen=True)
class Call(Part):
    """A function or a distribution with its arguments."""

    name: str
    arguments: "tuple[Node, ...]"


Node: TypeAlias = Number | Name | Sign | Operation | Comparison | Choice | Call


def parse(text: str) -> Node:
    """Return the tree of a formula; its names are known and its calls have the right arguments.

    Raises:
        FormulaError: With the place of the first mistake.
    """
    parser = _Parser(tokens(text))
    if parser.next.kind == "end":
        raise FormulaError(0, 1, "the formula is empty; try normal(0, sqrt(2 / fan_in)).")
    node = parser.expression(CHOICE)
    parser.expect_end()
    return node


class _Parser:
    def __init__(self, pieces: list[Token]) -> None:
        self.pieces = pieces
        self.at = 0
        self.nodes = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        return self.pieces[self.at]

    def take(self) -> Token:
        taken = self.next
        self.at += taken.kind != "end"
        return taken

    def expect_end(self) -> None:
        left = self.next
        if left.kind == "end":
            return
        if left.text == ")":
            raise _mistake(left, "this parenthesis closes nothing.")
        if left.text == ",":
            raise _mistake(left, "a comma stands only between arguments; write 0.5 for a half.")
        raise _mistake(left, f"an operator, such as *, is missing before '{left.text}'.")

    def expression(self, least: int) -> Node:
        """Return the longest expression from here whose operators bind at least so strongly."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise _mistake(self.next, f"more than {DEEPEST} expressions lie within one another.")
        left = self.operand()
        while (bind := BINDS.get(self.next.text, 0)) >= least and bind:
            left = self.extended(left, bind)
        self.depth -= 1
        return left

    def extended(self, left: Node, bind: int) -> Node:
        """Return the expression that the operator from here makes of its left side."""
        sign = self.take()
        self.count(sign)
        if bind == CHOICE:
            condition = self.expression(COMPARISON)
            if self.next.text != "else":
                raise _mistake(self.next, "after 'if' and its condition comes 'else'.")
            self.take()
            other = self.expression(CHOICE)
            return Choice(left.at, other.end, left, condition, other)
        # a sign binds weaker than a power, but may stand right of it: 2 ** -1
        right = self.expression(SIGN if bind == POWER else bind + 1)
        if bind != COMPARISON:
            return Operation(left.at, right.end, sign.text, left, right)
        rest = [(sign.text, right)]
        while BINDS.get(self.next.text) == COMPARISON:
            more = self.take()
            self.count(more)
            rest.append((more.text, self.expression(SUM)))
        return Comparison(left.at, rest[-1][1].end, left, tuple(rest))

    def operand(self) -> Node:
        """Return what an expression begins with."""
        token = self.take()
        self.count(token)
        if token.kind == "number":
            value = float(token.text)
            if math.isinf(value):
                raise _mistake(token, "this number is too large.")
            return Number(token.at, token.at + token.length, value)
        if token.kind == "word" and token.text not in ("if", "else"):
            return self.call(token) if self.next.text == "(" else _named(token)
        if token.text in ("+", "-"):
            operand = self.expression(SIGN)
            return Sign(token.at, operand.end, token.text, operand)
        if token.text == "(":
            inside = self.expression(CHOICE)
            self.close(token)
            return inside
        if token.kind == "end":
            raise _mistake(token, "something is missing at the end.")
        raise _mistake(token, f"a number or a name is missing before '{token.text}'.")

    def call(self, name: Token) -> Node:
        """Return a call; its parenthesis is next."""
        entry = FUNCTIONS.get(name.text) or OUTER.get(name.text)
        if entry is None:
            if name.text in FACTS:
                raise _mistake(name, f"{name.text} is a number, not a function.")
            raise _mistake(name, f"there is no function '{name.text}'{_near(name.text)}")
        opening = self.take()
        arguments: list[Node] = []
        while self.next.text != ")":
            arguments.append(self.expression(CHOICE))
            if self.next.text != ",":
                break
            self.take()
        end = self.close(opening)
        if not entry.allows(len(arguments)):
            given = f"{len(arguments)} were" if len(arguments) != 1 else "1 was"
            why = f"it is {signature(name.text)}, and {given} given."
            raise FormulaError(name.at, end - name.at, why)
        return Call(name.at, end, name.text, tuple(arguments))

    def close(self, opening: Token) -> int:
        """Take the closing parenthesis and return the place after it."""
        if self.next.text == ")":
            return self.take().at + 1
        if self.next.kind == "end":
            raise _mistake(opening, "this parenthesis is not closed.")
        if self.next.text in (",", "if", "else"):
            raise _mistake(self.next, f"'{self.next.text}' cannot stand here.")
        raise _mistake(self.next, f"an operator, such as *, is missing before '{self.next.text}'.")

    def count(self, token: Token) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise _mistake(token, f"a formula has at most {MOST_NODES} numbers, names and signs.")


def _named(token: Token) -> Name:
    if token.text in FACTS:
        return Name(token.at, token.at + token.length, token.text)
    if token.text in FUNCTIONS or token.text in OUTER:
        raise _mistake(token, f"it is written {signature(token.text)}.")
    raise _mistake(token, f"there is no '{token.text}'{_near(token.text)}")


def _near(word: str) -> str:
    near = difflib.get_close_matches(word.lower(), [*FACTS, *FUNCTIONS, *OUTER], n=1)
    return f"; did you mean {near[0]}?" if near else "."


def _mistake(token: Token, why: str) -> FormulaError:
    return FormulaError(token.at, token.length, why)
