"""How a contender starts the network, as a function: the calls of torch.nn.init that it makes."""

import inspect
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import torch
from torch import nn

from initstudio.engine.assignment import Assignment
from initstudio.engine.build import build
from initstudio.engine.initialize import in_order
from initstudio.engine.multiplied import multiply
from initstudio.engine.plan import Plan
from initstudio.engine.script.literals import literal
from initstudio.engine.script.paste import Pasted

DRAWS = tuple(
    name
    for name, value in vars(nn.init).items()
    if inspect.isfunction(value) and name.endswith("_") and not name.startswith("_")
)
"""The functions of torch.nn.init that fill a tensor."""


@dataclass(frozen=True)
class Call:
    """One way of filling a tensor: `before` and `after` stand around it in the text."""

    before: str
    after: str

    def of(self, tensor: str) -> str:
        """Return the statement for the tensor of that name."""
        return f"{self.before}{tensor}{self.after}"


def init_function(plan: Plan, contender: int, name: str, pasted: Pasted) -> str:
    """Return the text of `def <name>(network, generator)`, which draws what the contender draws.

    Raises:
        CannotPasteError: A scheme has no text of its own.
    """
    calls = list(_calls(plan, contender, pasted))
    body = _looped(plan, calls) or [
        call.of(f"network{_path(parameter)}") for parameter, call in calls
    ]
    multipliers = plan.multipliers[contender]
    if multipliers:
        body += [
            "# what is drawn is trained, and the network computes with it times a number",
            "for name, by in {",
            *(f"    {name!r}: {by!r}," for name, by in multipliers.items()),
            "}.items():",
            f"    {pasted.take(multiply)}(network, name, by)",
        ]
    head = repr(f"Start the network as {plan.experiment.contenders[contender].name} does.")
    lines = [f"def {name}(network, generator):", f"    {_docstring(head)}"]
    lines += [f"    {line}" for line in body or ["pass  # as torch itself starts it"]]
    return "\n".join(lines)


def _docstring(text: str) -> str:
    return f'"""{text[1:-1]}"""' if '"' not in text and "\\" not in text else text


def _calls(plan: Plan, contender: int, pasted: Pasted) -> Iterator[tuple[str, Call]]:
    """Yield each parameter that is drawn anew, in the order of the draws, with its call."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        network = build(plan)
        for one in in_order(plan.assignments[contender], network):
            if one.scheme is None or one.scheme.draw is None:
                continue
            tensor = network.get_parameter(one.parameter)
            yield one.parameter, _call(one, tensor, pasted)


def _call(one: Assignment, tensor: torch.Tensor, pasted: Pasted) -> Call:
    """Return the one call of torch.nn.init that does all of it, or one of the scheme's source."""
    scheme = one.scheme
    if scheme is None or scheme.draw is None:
        message = "torch's own default is no call"
        raise ValueError(message)
    drawn, replayed = tensor.detach().clone(), tensor.detach().clone()
    generator, again = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    torch.manual_seed(7)
    with _recording(drawn) as found:
        scheme.draw(drawn, one.params, one.tensor, generator)
    after = torch.get_rng_state()
    if len(found) == 1:
        (function, values, takes), *_ = found
        torch.manual_seed(7)
        getattr(nn.init, function)(replayed, **values, **({"generator": again} if takes else {}))
        same = torch.equal(generator.get_state(), again.get_state())
        same &= torch.equal(after, torch.get_rng_state())
        if same and torch.equal(drawn.nan_to_num(), replayed.nan_to_num()):
            words = [f"{key}={literal(value, pasted)}" for key, value in values.items()]
            words += ["generator=generator"] if takes else []
            return Call(f"nn.init.{function}(", "".join(f", {word}" for word in words) + ")")
    draw = pasted.take(scheme.draw)
    params, spec = literal(one.params, pasted), literal(one.tensor, pasted)
    return Call(f"{draw}(", f", {params}, {spec}, generator)")


@contextmanager
def _recording(tensor: torch.Tensor) -> Iterator[list[tuple[str, dict[str, Any], bool]]]:
    """Note the calls of torch.nn.init, outermost ones only: name, arguments, whether it draws.

    A call that fills another tensor is noted under no name, so that it is never the one.
    """
    found: list[tuple[str, dict[str, Any], bool]] = []
    depth = itertools.count()
    inside = [False]
    originals = {name: getattr(nn.init, name) for name in DRAWS}

    def called(name: str, *args: Any, **kwargs: Any) -> object:  # noqa: ANN401 - passed on
        function = originals[name]
        if inside[0]:
            return function(*args, **kwargs)
        bound = inspect.signature(function).bind(*args, **kwargs)
        first, *rest = inspect.signature(function).parameters
        takes = bound.arguments.get("generator") is not None
        given = {
            key: value
            for key, value in bound.arguments.items()
            if key in rest
            and key != "generator"
            and value != inspect.signature(function).parameters[key].default
        }
        found.append((name if bound.arguments[first] is tensor else "", given, takes))
        inside[0] = True
        try:
            return function(*args, **kwargs)
        finally:
            inside[0] = False
            next(depth)

    try:
        for name, function in originals.items():
            setattr(nn.init, name, wraps(function)(partial(called, name)))
        yield found
    finally:
        for name, function in originals.items():
            setattr(nn.init, name, function)


def _looped(plan: Plan, calls: list[tuple[str, Call]]) -> list[str]:
    """Return one loop over the modules that makes these calls in this order, if there is one.

    That is where all modules of a class are filled alike, and the network's order is the draws'.
    """
    network = build(plan)
    order = [
        (f"{path}.{name}" if path else name, type(module), name)
        for path, module in network.named_modules()
        for name, _ in module.named_parameters(recurse=False)
    ]
    places = {parameter: at for at, (parameter, _, _) in enumerate(order)}
    if [places[parameter] for parameter, _ in calls] != sorted(
        places[parameter] for parameter, _ in calls
    ):
        return []
    filled = dict(calls)
    kinds: dict[type[nn.Module], dict[str, Call | None]] = {}
    for parameter, kind, name in order:
        call = filled.get(parameter)
        if kinds.setdefault(kind, {}).setdefault(name, call) != call:
            return []
    alike = {kind: {n: c for n, c in of.items() if c} for kind, of in kinds.items()}
    alike = {kind: of for kind, of in alike.items() if of}
    if not _worth_it(alike, calls):
        return []
    lines = ["for module in network.modules():"]
    for kind, of in alike.items():
        lines.append(f"    if type(module) is nn.{kind.__name__}:")
        for name, call in of.items():
            optional = any(
                getattr(module, name, None) is None
                for module in network.modules()
                if type(module) is kind
            )
            if optional:
                lines.append(f"        if module.{name} is not None:")
            indent = "            " if optional else "        "
            lines.append(indent + call.of(f"module.{name}"))
    return lines


def _worth_it(alike: dict[type[nn.Module], dict[str, Call]], calls: list[tuple[str, Call]]) -> bool:
    """Return whether a loop is shorter, and all its classes are torch's own."""
    lines = 1 + sum(1 + len(of) for of in alike.values())
    return lines < len(calls) and all(getattr(nn, kind.__name__, None) is kind for kind in alike)


def _path(parameter: str) -> str:
    """Return how a parameter is reached from the network: "[3].body[0].weight"."""
    return re.sub(r"\.(\d+)(?=\.|$)", r"[\1]", f".{parameter}")
