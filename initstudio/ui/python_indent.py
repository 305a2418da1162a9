"""How far in lines of Python begin, and moving them in and out."""

import re

from PySide6.QtGui import QTextCursor

from initstudio.ui.python_colours import stretches

INDENT = 4

_ENDS = re.compile(r"\s*(return|pass|raise|break|continue)\b")


def next_indent(before: str, state: int = 0) -> int:
    """Return the spaces that a line begins with after one that reads `before` up to the cursor.

    `state` is that of `stretches` at the beginning of the line.
    """
    found, after = stretches(before, state)
    spaces = len(before) - len(before.lstrip(" "))
    if after:  # within a string that goes on
        return spaces
    code = before[: found[-1].start] if found and found[-1].kind == "comment" else before
    if code.rstrip().endswith((":", "(", "[", "{")):
        return spaces + INDENT
    return max(spaces - INDENT, 0) if _ENDS.match(code) else spaces


def erased(before: str) -> int:
    """Return how many spaces Backspace takes; 0 where not only spaces stand before the cursor."""
    return 0 if not before or before.strip(" ") else (len(before) - 1) % INDENT + 1


def shift_lines(cursor: QTextCursor, by: int) -> None:
    """Move the selected lines, or the cursor's, by so many steps, as one edit."""
    document = cursor.document()
    first = document.findBlock(cursor.selectionStart()).blockNumber()
    end = document.findBlock(cursor.selectionEnd())
    last = end.blockNumber()
    if last > first and end.position() == cursor.selectionEnd():
        last -= 1  # nothing of that line is selected
    cursor.beginEditBlock()
    for number in range(first, last + 1):
        block = document.findBlockByNumber(number)
        text = block.text()
        spaces = len(text) - len(text.lstrip(" "))
        line = QTextCursor(block)
        if wanted := _more(spaces, by):
            line.insertText(" " * wanted if text.strip() else "")
        elif by < 0 and spaces:
            most = min((spaces - 1) % INDENT + 1 + (-by - 1) * INDENT, spaces)
            line.setPosition(block.position() + most, QTextCursor.MoveMode.KeepAnchor)
            line.removeSelectedText()
    cursor.endEditBlock()


def _more(spaces: int, by: int) -> int:
    return (spaces // INDENT + by) * INDENT - spaces if by > 0 else 0
