"""A person's own starting distribution as a line of text: "normal(0, sqrt(2 / fan_in))".

The text is read and computed by this room alone, over a list of what is allowed; nothing of it is
ever run as Python. So a file with a formula is safe to open, and no formula takes long.
"""

from initstudio.formula.completion import completions
from initstudio.formula.facts import GAIN, facts_of
from initstudio.formula.laws import Start, evaluate, start
from initstudio.formula.text import LONGEST, FormulaError

__all__ = [
    "GAIN",
    "LONGEST",
    "FormulaError",
    "Start",
    "completions",
    "evaluate",
    "facts_of",
    "start",
]
