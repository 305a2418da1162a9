"""A person's own network: running the text that makes it, with a sentence for whatever goes wrong.

Nothing here asks whether the text is trusted but `build`, which runs it in the engine; `load` and
`make` are for who has asked already. This protects from mistakes, not from malice.
"""

import inspect
import linecache
import random
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from types import ModuleType
from typing import TYPE_CHECKING, Any

import lazy_loader
import numpy as np

from initstudio.described import UNTRUSTED, Candidate, DescribedPart, from_text
from initstudio.errors import ExperimentError
from initstudio.trust import is_trusted

if TYPE_CHECKING:
    import torch
    from torch import nn
else:
    torch = lazy_loader.load("torch")

FILE = "<own network>"
NETWORK = "$.experiment.network"
SOURCE = "_own_source"
"""The attribute of a network that holds the text and the name that it was made by."""
LONGEST = 300
"""Characters of an error's text that are shown."""
HOW = "add a function without any that returns one, such as: def make(): return Net(10)"


@lru_cache(maxsize=8)
def load(code: str) -> ModuleType:
    """Return the module that the text makes, run once. Random numbers go on as if it had not been.

    Raises:
        ExperimentError: The text is no Python, or it fails; with the line.
    """
    name = f"own_network_{sha256(code.encode('utf-8', 'replace')).hexdigest()[:16]}"
    module = ModuleType(name)
    module.__file__ = FILE
    try:
        compiled = compile(code, FILE, "exec", dont_inherit=True)
    except SyntaxError as error:
        where = f"line {error.lineno}" if error.lineno else "file"
        raise ExperimentError(where, f"This is no Python: {error.msg}.") from None
    except (ValueError, MemoryError, RecursionError, OverflowError) as error:
        raise ExperimentError("file", f"This is no Python: {error}.") from None
    # dataclasses and others look a class's module up by its name, and errors their lines
    sys.modules[name] = module
    linecache.cache[FILE] = (len(code), None, code.splitlines(keepends=True), FILE)
    with _own_randomness(), _in_a_sentence("The file cannot be run"):
        exec(compiled, module.__dict__)  # noqa: S102 - the person has trusted this very text
    return module


def candidates(module: ModuleType) -> tuple[list[Candidate], list[str]]:
    """Return what can be chosen in a file, and the classes of networks that need arguments.

    Classes come before functions, and what is written later before what it is likely made of.
    """
    found, needy = [], []
    for name, value in reversed(vars(module).items()):
        if name.startswith("_") or getattr(value, "__module__", None) != module.__name__:
            continue
        is_class = inspect.isclass(value) and issubclass(value, torch.nn.Module)
        if not is_class and not (inspect.isfunction(value) and _may_return_module(value)):
            continue
        if not _needs_nothing(value):
            needy += [name] * is_class
            continue
        summary = (inspect.getdoc(value) if value.__doc__ else "") or ""
        kind = "class" if is_class else "function"
        found.append(Candidate(name, kind, summary.partition("\n")[0][:LONGEST]))  # type: ignore[arg-type]
    return sorted(found, key=lambda one: one.kind), needy


def make(code: str, factory: str) -> "nn.Module":
    """Return the network that a class or function of the text gives, drawn from torch's generator.

    Python's and NumPy's random numbers follow from torch's seed, too.

    Raises:
        ExperimentError: The text has no such candidate, it fails, or it gives something else.
    """
    module = load(code)
    known, needy = candidates(module)
    if factory not in {one.name for one in known}:
        why = f"There is no '{factory}' to choose in it."
        if factory in needy:
            why = f"{factory} needs arguments; {HOW}."
        raise ExperimentError("file", why)
    with _seeded(torch.initial_seed()), _in_a_sentence(f"{factory}() fails"):
        made = getattr(module, factory)()
    if not isinstance(made, torch.nn.Module):
        why = f"{factory}() returns {_a(made)}, and a torch.nn.Module is needed."
        raise ExperimentError(factory, why)
    vars(made)[SOURCE] = code, factory
    return made.train()


def build(code: str, factory: str, described: str) -> "nn.Module":
    """Return the network if its text is trusted and its parameters are those that were read.

    Raises:
        ExperimentError: It is not, or they are not.
    """
    if not is_trusted(code):
        raise ExperimentError(NETWORK, UNTRUSTED)
    read = from_text(described)
    network = make(code, factory)
    parameters = {name: tuple(one.shape) for name, one in network.named_parameters()}
    modules = dict(network.named_modules())
    known = read.parameters()
    for name in [*known, *parameters]:
        if known.get(name) != parameters.get(name):
            was, now = _size(known.get(name)), _size(parameters.get(name))
            why = f"{name} is {now}, and was {was} when the network was read; read it again."
            raise ExperimentError(NETWORK, why)
    for part in read.parts:
        if (part.watched or part.changed) and not part.tap and part.module not in modules:
            why = f"The network has no {part.module}, which it had when it was read; read it again."
            raise ExperimentError(NETWORK, why)
    return prepared(network, read.parts)


def prepared(network: "nn.Module", parts: Sequence[DescribedPart]) -> "nn.Module":
    """Return the network made ready to be measured.

    What functions give is led through taps. What follows a part changes a copy of its output, not
    the output itself, which is noted before the copy is made.
    """
    from initstudio.taps import add_taps  # noqa: PLC0415 - it loads torch

    add_taps(network, [part.module for part in parts if part.tap], {part.key for part in parts})
    for part in parts:
        if part.changed:
            network.get_submodule(part.module).register_forward_hook(_copied)
    return network


def failure(error: BaseException) -> str:
    """Return an error in own code as one sentence, with the line of the text that it came from."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == FILE
    ]
    text = " ".join(str(error).split())
    text = f"{text[:LONGEST]}…" if len(text) > LONGEST else text
    what = f"{type(error).__name__}: {text}" if text else type(error).__name__
    if isinstance(error, MemoryError) or "allocate memory" in text:
        what = "it asks for more memory than there is"
    return f"{what.rstrip('.')}{f' (line {lines[-1]})' if lines else ''}."


@contextmanager
def _in_a_sentence(what: str) -> Iterator[None]:
    """Turn whatever own code raises into an ExperimentError."""
    try:
        yield
    except KeyboardInterrupt:
        raise
    except ModuleNotFoundError as error:
        why = f"{what}: it needs {error.name}, which is not installed here. A network's file "
        raise ExperimentError("file", f"{why}stands by itself.") from None
    except BaseException as error:  # noqa: BLE001 - whatever it is, SystemExit too, it is theirs
        raise ExperimentError("file", f"{what}: {failure(error)}") from None


@contextmanager
def _own_randomness() -> Iterator[None]:
    """Let what runs inside draw as it likes, and no stream outside notice."""
    with torch.random.fork_rng(devices=[]), _seeded(0):
        yield


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Let Python's and NumPy's random numbers follow from a seed, and go back to what they were."""
    before, numpy_before = random.getstate(), np.random.get_state()  # noqa: NPY002 - own code uses it
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - as above
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)  # noqa: NPY002 - as above


def _may_return_module(function: Callable[..., Any]) -> bool:
    """Tell whether a function says that it returns a network, or does not say."""
    found = inspect.get_annotations(function).get("return", torch.nn.Module)
    if isinstance(found, str):
        found = function.__globals__.get(found, torch.nn.Module)
    return inspect.isclass(found) and issubclass(found, torch.nn.Module)


def _needs_nothing(value: Callable[..., Any]) -> bool:
    if inspect.isabstract(value):
        return False
    try:
        inspect.signature(value).bind()
    except (TypeError, ValueError):
        return False
    return True


def _copied(_module: object, _inputs: object, output: object) -> object:
    return output.clone() if isinstance(output, torch.Tensor) else output


def _size(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "not there"
    return " x ".join(str(side) for side in shape) or "one number"


def _a(value: object) -> str:
    name = type(value).__name__
    if value is None:
        return "nothing"
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
