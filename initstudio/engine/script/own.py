"""A person's own network in a script: the text of their file as it is, run as a module of its own.

Its names cannot meet those of the script so, and its `if __name__ == "__main__"` does not run.
"""

from initstudio.engine.script.paste import Pasted
from initstudio.own_network import SOURCE

QUOTES = '"""', "'''"


def source_of(module: object) -> tuple[str, str] | None:
    """Return the text and the name that a module was made by, if a person's own file made it."""
    found: tuple[str, str] | None = vars(module).get(SOURCE)
    return found


def own_network(source: tuple[str, str], pasted: Pasted) -> str:
    """Return the call that makes the network of that text and name."""
    code, factory = source
    text = pasted.own_texts.get(code)
    if text is None:
        text = pasted.own_texts[code] = pasted.own("own_file")
        for line in ("import random", "import sys", "import types", "import numpy as np"):
            pasted.bring(line)
        helpers = "" if len(pasted.own_texts) > 1 else f"{_HELPERS}\n\n\n"
        pasted.blocks.append(f"{helpers}{text} = load_own({_quoted(code)})")
    return f"make_own({text}.{factory})"


def _quoted(code: str) -> str:
    """Return a text as Python writes it: as it is between quotes where it can be."""
    code = code if code.endswith("\n") else f"{code}\n"
    for quotes in QUOTES:
        if quotes not in code and "\r" not in code and "\0" not in code:
            return f"r{quotes}{code}{quotes}"
    return repr(code)


_HELPERS = '''def load_own(text):
    """Return the module that the text of a file makes."""
    module = types.ModuleType("own_network")
    sys.modules[module.__name__] = module
    exec(text, vars(module))
    return module


def make_own(make):
    """Return a network; what it draws with Python or NumPy follows from the seed, too."""
    random.seed(torch.initial_seed())
    np.random.seed(torch.initial_seed() % 2**32)
    return make()'''
