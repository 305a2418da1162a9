"""Start a network: the weights of one contender under one seed.

They are those of a person's own script, bit for bit: `torch.manual_seed(seed)`, the network built
(which draws torch's own defaults), then `network.apply(init)` with the functions of
`torch.nn.init`, tensor by tensor in order; last, where the contender has one, its tuning on the
first batch of training.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import groupby

import torch
from torch import nn

from initstudio.catalogue import Trial
from initstudio.engine.assignment import Assignment
from initstudio.engine.build import build
from initstudio.engine.data import batches, prepare
from initstudio.engine.network import ROOT
from initstudio.engine.objective import loss_of
from initstudio.engine.plan import Plan
from initstudio.errors import ExperimentError


def initialize(
    plan: Plan, contender: int, seed: int, heed: Callable[[], object] | None = None
) -> nn.Sequential:
    """Return the network of the plan's contender of that index, started under `seed`.

    `heed` is called before each tensor is drawn.

    Raises:
        ExperimentError: Its tuning cannot be done with this network.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        with torch.no_grad():
            network = build(plan)
            for one in in_order(plan.assignments[contender], network):
                if heed:
                    heed()
                if one.scheme and one.scheme.draw:
                    tensor = network.get_parameter(one.parameter)
                    one.scheme.draw(tensor, one.params, one.tensor, torch.default_generator)
        _tune(plan, contender, seed, network)
    return network


def in_order(assigned: Sequence[Assignment], network: nn.Module) -> Iterator[Assignment]:
    """Return what starts each tensor in the order in which `network.apply` would come to it.

    Planned layers are in that order, but those of a person's own network in that of the signal.
    """
    for own, together in groupby(assigned, key=lambda one: one.layer.own):
        if own:
            places = {name: at for at, name in enumerate(_applied(network.get_submodule(own), own))}
            yield from sorted(together, key=lambda one: places[one.parameter])
        else:
            yield from together


def _applied(module: nn.Module, path: str) -> Iterator[str]:
    """Return the names of all parameters, those of the modules inside before a module's own."""
    for name, part in module.named_children():
        yield from _applied(part, f"{path}.{name}")
    yield from (f"{path}.{name}" for name, _ in module.named_parameters(recurse=False))


def _tune(plan: Plan, contender: int, seed: int, network: nn.Sequential) -> None:
    """Do what the contender's tuning asks for, on the first batch that it will be trained on."""
    chosen = plan.tunings[contender]
    if chosen is None:
        return
    tuning, params = chosen
    data = prepare(plan, seed)
    training = plan.experiment.training
    first = batches(seed, len(data.train_x), training.batch_size, 0)[0]
    trial = Trial(
        network=network,
        x=torch.from_numpy(data.train_x[first]),
        y=torch.from_numpy(data.train_y[first]),
        all_y=torch.from_numpy(data.train_y),
        loss=partial(loss_of, training.loss),
        generator=torch.default_generator,
    )
    try:
        tuning.tune(trial, params)
    except ValueError as error:
        where = f"{ROOT}.contenders[{contender}].tuning"
        name = plan.experiment.contenders[contender].name
        raise ExperimentError(where, f"{name}: {error}") from None
