"""Width: how the outputs' size depends on the width after a few steps, muP's coordinate check."""

from collections.abc import Callable, Generator, Iterator, Sequence
from functools import partial
from math import log2, nan
from typing import Annotated, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from msgspec import Meta
from msgspec.structs import replace
from torch import nn
from torch.func import functional_call

from initstudio.catalogue import Params
from initstudio.engine.build import build
from initstudio.engine.network import NETWORK, PlannedLayer
from initstudio.engine.plan import Plan, problems
from initstudio.engine.plan import plan as plan_of
from initstudio.engine.stacked import Output, Tensors, first_of
from initstudio.engine.study import Heed, Study
from initstudio.engine.train import Networks, dropout_generator, train
from initstudio.engine.xray import first_batch
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Experiment, Path, Recording
from initstudio.layer_edits import replace_layers
from initstudio.results import Results
from initstudio.schedule import Constant

Floats: TypeAlias = npt.NDArray[np.float64]

LEAST = 32
"""The narrowest width."""
WIDENED = {
    "linear": "units",
    "bilinear": "units",
    "conv1d": "channels",
    "conv2d": "channels",
    "conv3d": "channels",
    "conv_transpose1d": "channels",
    "conv_transpose2d": "channels",
    "conv_transpose3d": "channels",
}
"""Layers that can be widened, and by which of their parameters."""
GROWS = 0.2
"""Slope from which on outputs are said to depend on the width: 1.7 times at 16 times the width."""


class WidthParams(Params, frozen=True):
    """How long, and how wide."""

    steps: Annotated[
        int, Meta(ge=1, le=100, title="Steps", description="Updates after which sizes compare.")
    ] = 4
    most: Annotated[
        int,
        Meta(
            ge=2 * LEAST,
            le=4096,
            title="Widest",
            description="Widths are doubled from 32 up to this one.",
            extra={"unit": "units"},
        ),
    ] = 512


def _begin(plan: Plan, params: WidthParams, heed: Heed) -> Iterator[Results | None]:
    """Yield the mean |output| `size` float64 [contenders, widths, steps + 1, layers], NaN before.

    It is that for the first batch of the first seed, after so many updates. `widths` int64
    [widths], `layers` int64 [layers]: those with weights, as places in `plan.watched`; `slope`
    float64 [contenders, layers]: of log2 of the last size against log2 of the width.
    """
    widths = widths_up_to(params.most)
    asked = [widened(plan, width, params.steps) for width in widths]
    layers = [at for at, layer in enumerate(plan.watched) if _has_weights(layer)]
    names = [contender.name for contender in plan.experiment.contenders]
    size = np.full((len(names), len(widths), params.steps + 1, len(layers)), nan)
    slope = np.full((len(names), len(layers)), nan)
    notes: tuple[str, ...] = ()
    for at, one in enumerate(asked):
        modules = [plan.watched[layer].module for layer in layers]
        yield from _measured(one, modules, size[:, at], partial(heed, at / len(widths)))
        if at == len(widths) - 1:
            slope = slopes(widths, size[:, :, -1])
            started = slopes(widths, size[:, :, 0])
            labels = [plan.watched[layer].label for layer in layers]
            notes = tuple(
                _in_words(name, labels, last, first, params.steps)
                for name, last, first in zip(names, slope, started, strict=True)
            )
        yield Results(
            values={
                "widths": np.array(widths, np.int64),
                "layers": np.array(layers, np.int64),
                "size": size.copy(),
                "slope": slope,
            },
            share=(at + 1) / len(widths),
            notes=notes,
        )


def widths_up_to(most: int) -> list[int]:
    """Return the widths, doubled from 32 on."""
    return [2**power for power in range(int(log2(LEAST)), int(log2(most)) + 1)]


def widened(plan: Plan, width: int, steps: int) -> Experiment:
    """Return the experiment with hidden layers of this width, under one seed and a steady rate.

    Raises:
        ExperimentError: The network cannot be widened.
    """
    experiment = plan.experiment
    last = [layer.path for layer in plan.layers if _has_weights(layer)][-1]
    wider: dict[Path, Choice] = {}
    for layer in plan.layers:
        key = layer.layer.key if layer.layer else ""
        if key in WIDENED and layer.path != last and not layer.own:
            values = {name: getattr(layer.params, name) for name in layer.values}
            wider[layer.path] = Choice(key, {**values, WIDENED[key]: width})
    if not wider:
        raise ExperimentError(NETWORK, "The network has no hidden layer that can be widened.")
    changed = replace(
        replace_layers(experiment, wider),
        training=replace(
            experiment.training,
            epochs=max(experiment.training.epochs, steps),  # an epoch has at least one step
            schedule=Constant(),
        ),
        seeds=replace(experiment.seeds, count=1),
        recording=Recording(probes=("loss",)),
    )
    for problem in problems(changed)[:1]:
        why = f"The network cannot be made {width} wide. {problem.why}"
        raise ExperimentError(problem.where, why)
    return changed


def slopes(widths: Sequence[int], size: Floats) -> Floats:
    """Return how log2 of sizes [contenders, widths, layers] rises with log2 of the width.

    By least squares [contenders, layers]; NaN where a size is 0 or not finite.
    """
    known = np.isfinite(size) & (size > 0)
    logarithms = np.log2(np.where(known, size, 1))
    x = np.log2(widths)
    x -= x.mean()
    found = np.einsum("w,cwl->cl", x, logarithms) / (x**2).sum()
    return np.where(known.all(1), found, nan)


def _measured(
    asked: Experiment, modules: Sequence[str], size: Floats, heed: Callable[[], None]
) -> Generator[None, None, None]:
    """Train at one width, and fill in the sizes [contenders, steps + 1, layers]."""
    resolved = plan_of(asked)
    seed = asked.seeds.first
    gauge = _Gauge(resolved, modules, heed)
    x = torch.from_numpy(first_batch(resolved, seed).x)
    met: list[Networks] = []

    def meet(networks: Networks) -> None:
        met.append(networks)
        heed()

    running = train(asked, meet)
    for step in range(size.shape[1]):
        next(running)
        yield None
        for contender in range(len(size)):
            size[contender, step] = gauge.sizes(met[0](contender), x)
            yield None
    running.close()


class _Gauge:
    """Runs a network with any weights, and measures what its layers give."""

    def __init__(self, plan: Plan, modules: Sequence[str], heed: Callable[[], None]) -> None:
        with torch.random.fork_rng(devices=[]):
            self._network = build(plan)
        self._noise = dropout_generator(plan.experiment.seeds.first).get_state()
        self._modules = modules
        self._heed = heed
        self._found: dict[str, float] = {}
        for path in modules:
            module = self._network.get_submodule(path)
            module.register_forward_hook(partial(self._note, path), prepend=True)

    def sizes(self, state: Tensors, x: torch.Tensor) -> list[float]:
        """Return the mean absolute output of each layer, at its first use; NaN if it has none."""
        self._found.clear()
        with torch.no_grad(), torch.random.fork_rng(devices=[]):
            torch.set_rng_state(self._noise)
            functional_call(self._network, state, (x,))
        return [self._found.get(path, nan) for path in self._modules]

    def _note(self, path: str, _module: nn.Module, _inputs: object, output: Output) -> None:
        self._heed()
        self._found.setdefault(path, float(first_of(output).double().abs().mean()))


def _has_weights(layer: PlannedLayer) -> bool:
    return any(tensor.role == "weight" for tensor in layer.tensors)


def _in_words(name: str, labels: Sequence[str], slope: Floats, started: Floats, steps: int) -> str:
    after = "a step" if steps == 1 else f"{steps} steps"
    if np.isnan(slope).any():
        return f"{name}: after {after} outputs are 0 or not finite at some width."
    most = int(np.argmax(slope))
    if slope[most] > GROWS:
        why = (
            "they do before the first, as the start does not allow for the width"
            if started[most] > GROWS
            else "a wider network needs a lower learning rate"
        )
        return (
            f"{name}: after {after} the outputs of {labels[most]} grow like the width to the "
            f"power of {slope[most]:.2f}; {why}."
        )
    if slope[most] < -GROWS:
        return f"{name}: after {after} the outputs of all layers shrink as the width grows."
    return f"{name}: after {after} no layer's outputs grow with the width."


WIDTH = Study(
    key="width",
    label="Width",
    summary="The size of each layer's outputs against the width, after a few steps of training.",
    source="Yang et al. 2022, Tensor Programs V, appendix D.1",
    order=15,
    params=WidthParams,
    begin=_begin,
)
