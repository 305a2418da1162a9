"""An experiment as a PyTorch script: plain, readable, and without any import of ours.

What it draws is compared with what we draw, bit for bit, before a person gets to see it.
"""

import json
import re
import sys
import textwrap
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from initstudio.catalogue import Trial
from initstudio.engine import data as data_module
from initstudio.engine.build import build
from initstudio.engine.initialize import initialize
from initstudio.engine.multiplied import plain_name
from initstudio.engine.network import ROOT
from initstudio.engine.plan import Plan, plan
from initstudio.engine.script.examples import data_text
from initstudio.engine.script.literals import constructor, literal, watching
from initstudio.engine.script.paste import CannotPasteError, Pasted
from initstudio.engine.script.starting import init_function
from initstudio.engine.script.training import training_text
from initstudio.errors import ExperimentError
from initstudio.experiment import Experiment

CHECK = "initstudio_script"
KEPT = (
    *("data", "make_data", "network", "start", "loss_of", "scores", "train", "main"),
    *(
        "load_own",
        "make_own",
        "PACKED",
        "CONTENDERS",
        "SEEDS",
        "EPOCHS",
        "BATCH_SIZE",
        "LEARNING_RATE",
    ),
)
"""Names that every script has."""


@dataclass(frozen=True)
class Section:
    """One part of a script, and one cell of a notebook."""

    title: str
    code: str


def script_of(experiment: Experiment) -> str:
    """Return the script.

    Raises:
        ExperimentError: The experiment cannot run, or a part of it cannot be written down.
    """
    head, sections = _sections(experiment)
    parts = [head] + [f"# {'-' * 20} {one.title}\n\n{one.code}" for one in sections]
    return "\n\n\n".join(parts) + '\n\n\nif __name__ == "__main__":\n    main()\n'


def notebook_of(experiment: Experiment) -> str:
    """Return the same as a Jupyter notebook (nbformat 4.5), as JSON.

    Raises:
        ExperimentError: As `script_of`.
    """
    head, sections = _sections(experiment)
    lines = [line.removeprefix("#").strip() for line in head.splitlines() if line.startswith("#")]
    imports = "\n".join(line for line in head.splitlines() if not line.startswith("#")).strip()
    cells = [_cell(0, "markdown", "\n".join(lines)), _cell(1, "code", imports)]
    for one in sections:
        cells.append(_cell(len(cells), "markdown", f"## {one.title}"))
        cells.append(_cell(len(cells), "code", one.code))
    cells.append(_cell(len(cells), "code", "main()"))
    whole = {
        "cells": cells,
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def init_function_of(experiment: Experiment, name: str) -> str:
    """Return how the contender of that name starts the network, as a function to paste.

    Raises:
        ExperimentError: There is no such contender, or it cannot be written down.
    """
    resolved = plan(experiment)
    names = [one.name for one in experiment.contenders]
    if name not in names:
        where = f"{ROOT}.contenders"
        raise ExperimentError(where, f"there is no '{name}'; there are: {', '.join(names)}")
    at = names.index(name)
    pasted = Pasted(imports=["import torch", "from torch import nn"])
    try:
        text = init_function(resolved, at, pasted.own("init"), pasted)
    except CannotPasteError as error:
        raise ExperimentError(f"{ROOT}.contenders[{at}]", f"{error}.") from None
    use = [
        "# torch.manual_seed(seed), build the network, then:",
        "# with torch.no_grad():",
        "#     init(network, torch.default_generator)",
    ]
    if resolved.tunings[at]:
        use.append("# Its tuning on real data is in the whole script.")
    return "\n\n\n".join(["\n".join([*_sorted(pasted), "", *use]), *pasted.blocks, text]) + "\n"


def _sections(experiment: Experiment) -> tuple[str, list[Section]]:
    resolved = plan(experiment)
    pasted = Pasted(imports=["import numpy as np", "import torch", "from torch import nn"])
    for name in KEPT:
        pasted.own(name)
    try:
        sections = [
            _part("Network", pasted, lambda: _network(resolved, pasted)),
            _part("Initialization", pasted, lambda: _starts(resolved, pasted)),
            _part("Data", pasted, lambda: data_text(resolved, pasted)),
            _part("Training", pasted, lambda: training_text(resolved, pasted)),
        ]
    except CannotPasteError as error:
        raise ExperimentError("$.experiment", f"It cannot become a script: {error}.") from None
    head = _head(experiment, pasted)
    _check(resolved, "\n\n\n".join([head, *(one.code for one in sections)]))
    return head, sections


def _part(title: str, pasted: Pasted, write: Callable[[], list[str]]) -> Section:
    """Return a section: what it took over from us, then its own text."""
    before = len(pasted.blocks)
    own = write()
    taken = pasted.blocks[before:]
    return Section(title, "\n\n\n".join([*taken, *own]))


def _head(experiment: Experiment, pasted: Pasted) -> str:
    title = " ".join(experiment.title.split()) or "An experiment"
    lines = [
        f"# {title}",
        "#",
        f"# Made with InitStudio and torch {torch.__version__}. Under the same torch, on a CPU,",
        "# the starting weights are ours bit for bit, and the losses are equal to rounding.",
        "",
        *_sorted(pasted),
        "",
        "torch.set_num_threads(1)  # the last bits of sums depend on it",
    ]
    return "\n".join(lines)


def _sorted(pasted: Pasted) -> list[str]:
    """Return the imports: the standard library's first."""

    def module(line: str) -> str:
        return line.split()[1].split(".", maxsplit=1)[0]

    ours = {line for line in pasted.imports if module(line) in sys.stdlib_module_names}

    def place(line: str) -> tuple[bool, str, str]:
        return line.startswith("from"), module(line), line

    rest = sorted(set(pasted.imports) - ours, key=place)
    return [*sorted(ours, key=place), *([""] if ours else []), *rest]


def _network(resolved: Plan, pasted: Pasted) -> list[str]:
    with watching() as made:
        module = build(resolved)
    text = constructor(module, made, pasted, depth=1)
    return [f"def network():\n    return {text}"]


def _starts(resolved: Plan, pasted: Pasted) -> list[str]:
    experiment = resolved.experiment
    blocks, table = [], []
    for at, contender in enumerate(experiment.contenders):
        plain = re.sub(r"\W+", "_", contender.name.lower(), flags=re.ASCII).strip("_")
        name = pasted.own(f"init_{plain or 'contender'}")
        blocks.append(init_function(resolved, at, name, pasted))
        tuning = resolved.tunings[at]
        tune = "None"
        if tuning:
            tune = pasted.own(f"tune_{plain or 'contender'}")
            blocks.append(_tuning(resolved, at, tune, pasted))
        table.append(f"    ({contender.name!r}, {name}, {tune}),")
    blocks.append("\n".join(["CONTENDERS = [", *table, "]"]))
    blocks.append('''def start(init, tune, seed):
    """Return the network as a contender starts it under a seed."""
    torch.manual_seed(seed)
    model = network()
    with torch.no_grad():
        init(model, torch.default_generator)
    if tune:
        tune(model, seed)
    return model''')
    return blocks


def _tuning(resolved: Plan, at: int, name: str, pasted: Pasted) -> str:
    """Return the text of what changes a started network by a look at real data."""
    chosen = resolved.tunings[at]
    if chosen is None:
        message = "there is no tuning"
        raise ValueError(message)
    tuning, params = chosen
    if tuning.script:
        pasted.bring("import math")
        body = textwrap.indent(tuning.script(params), "    ")
        head = [
            f"def {name}(model, _seed):",
            f'    """{tuning.label}."""',
            "    generator = torch.default_generator",
        ]
        return "\n".join([*head, body])
    training = resolved.experiment.training
    tune, trial = pasted.take(tuning.tune), pasted.take(Trial)
    batches = pasted.take(data_module.batches)
    return f'''def {name}(model, seed):
    """{tuning.label}, on the first batch of training."""
    x, y, _, _ = data(seed)
    first = {batches}(seed, len(x), {training.batch_size}, 0)[0]
    trial = {trial}(
        network=model,
        x=x[first],
        y=y[first],
        all_y=y,
        loss=loss_of,
        generator=torch.default_generator,
    )
    {tune}(trial, {literal(params, pasted)})'''


def _check(resolved: Plan, code: str) -> None:
    """Run the script's starts, and see that they are ours.

    Raises:
        ExperimentError: One of them is not; names the contender and the tensor.
    """
    module = types.ModuleType(CHECK)
    sys.modules[CHECK] = module
    threads = torch.get_num_threads()
    try:
        exec(compile(code, f"<{CHECK}>", "exec"), vars(module))  # noqa: S102 - we wrote it
        seed = next(iter(resolved.experiment.seeds.each()))
        for at, (name, init, tune) in enumerate(vars(module)["CONTENDERS"]):
            with torch.random.fork_rng(devices=[]):
                model = vars(module)["start"](init, tune, seed)
            found = {plain_name(key): value for key, value in model.state_dict().items()}
            for key, value in initialize(resolved, at, seed).state_dict().items():
                if not torch.equal(found[key].nan_to_num(), value.nan_to_num()):
                    where = f"{ROOT}.contenders[{at}]"
                    why = f"the script would start {key} of '{name}' otherwise than we do"
                    raise ExperimentError(where, why)
    finally:
        torch.set_num_threads(threads)
        del sys.modules[CHECK]


def _cell(number: int, kind: str, source: str) -> dict[str, Any]:
    extra: dict[str, Any] = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, **extra, "source": source}
