"""What a half-written word of a formula may become."""

import re

from initstudio.formula.facts import FACTS
from initstudio.formula.functions import FUNCTIONS, OUTER, signature

WORD = re.compile(r"(?<![\w.])[A-Za-z_][A-Za-z_0-9]*$")


def word_before(text: str, cursor: int) -> str:
    """Return the letters of the word that the cursor stands behind; "" where there is none."""
    found = WORD.search(text[: max(0, cursor)])
    return found.group() if found else ""


def completions(text: str, cursor: int) -> list[tuple[str, str]]:
    """Return every word that begins as the one before the cursor, with its help.

    Distributions come first, then facts, then functions; without a word before it, all of them.
    """
    begun = word_before(text, cursor).lower()
    known = {
        **{name: f"{signature(name)}: {entry.help}" for name, entry in OUTER.items()},
        **FACTS,
        **{name: f"{signature(name)}: {entry.help}" for name, entry in FUNCTIONS.items()},
    }
    return [(word, help_) for word, help_ in known.items() if word.startswith(begun)]
