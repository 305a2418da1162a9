"""Read what the probes measure at one moment of training, or before it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from initstudio.engine.data import Ranges
from initstudio.engine.device import is_elsewhere, to_cpu
from initstudio.engine.network import PlannedLayer
from initstudio.engine.plan import Plan
from initstudio.engine.stacked import Scores, Stacked, Step, Tensors
from initstudio.engine.theory import predictions
from initstudio.history import Readings
from initstudio.law import Law
from initstudio.measurement import Cadence, Judged, Moment, Probe, Watched

COSINES = "cosine_theory"
"""The probe that wants examples to be compared by theory."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """What is read besides the stacked tensors.

    `first_batches` gives the inputs of the first batch of each seed, for theory to follow;
    `predict` the outputs [R, n, ...] of the networks for inputs [n, ...]; `losses` the losses
    [points, R] on the first batch of each seed by other parameters, [R, ...] each by name.
    `input_ranges` are those of `engine.data.input_ranges`.
    """

    first_batches: Callable[[], Iterable[npt.NDArray[Any]]]
    predict: Callable[[torch.Tensor], torch.Tensor]
    losses: Callable[[Sequence[Tensors]], torch.Tensor]
    input_ranges: Ranges


LARGEST = 2**21
"""Parameters of all networks whose losses are asked at once, at most."""
MOST = 128
"""Networks whose losses are asked at once, at most."""


class Reader:
    """Measures stacked networks: of these contenders of the plan, for all of its seeds.

    `probes` are those of the plan, unless others are given.
    """

    def __init__(
        self,
        plan: Plan,
        contenders: Sequence[int],
        stacked: Stacked,
        sources: Sources,
        probes: Sequence[Probe] | None = None,
    ) -> None:
        self._plan = plan
        self._contenders = contenders
        self._stacked = stacked
        self._sources = sources
        self._probes = plan.probes if probes is None else probes
        self._elsewhere = is_elsewhere(stacked.device)
        weights = [
            (f"{layer.module}.{tensor.name}", tensor)
            for layer in plan.layers
            for tensor in layer.tensors
            if tensor.role == "weight"
        ]
        self._weights = [name for name, _ in weights]
        self._tensors = tuple(tensor for _, tensor in weights)
        self._laws = _laws(plan, contenders)
        self._layers = watched_layers(plan)
        self._start = stacked.copy()
        self._started = stacked.effective(self._weights, self._start)
        self._previous: torch.Tensor | None = None
        self._theory: dict[str, torch.Tensor] = {}

    def keep_previous(self) -> None:
        """Keep the weights before an update; the next reading will tell how they have changed."""
        self._previous = self._stacked.copy()

    def read(
        self,
        found: Step,
        validation: Scores | None,
        cadences: Sequence[Cadence],
        judged: Judged | None = None,
    ) -> Readings:
        """Return the readings of the plan's probes with one of these cadences, by key."""
        stacked, names = self._stacked, self._plan.header.parameters
        previous, self._previous = self._previous, None
        moment = Moment(
            loss=found.loss,
            correct=found.correct,
            weights=stacked.effective(self._weights),
            gradients=stacked.effective_gradients(self._weights),
            activations=found.activations,
            signals=found.signals,
            layers=self._layers,
            theory=self._predicted,
            started=self._started,
            previous=None if previous is None else stacked.effective(self._weights, previous),
            parameters=stacked.effective(names),
            laws=self._laws,
            tensors=self._tensors,
            validation=validation and (validation.loss, validation.correct),
            judged=judged,
            wanted=frozenset(probe.key for probe in self._probes),
            predict=self._answers,
            along=self._along,
            facts=self._plan.facts,
            input_ranges=self._sources.input_ranges,
        )
        if self._elsewhere:
            moment = to_cpu(moment, whole=list(cadences) != ["step"])
        with torch.no_grad():
            return {
                probe.key: _numpy(probe.measure(moment))
                for probe in self._probes
                if probe.cadence in cadences and not (probe.judges and judged is None)
            }

    def _answers(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs [R, n, ...] of the networks for inputs [n, ...], on the CPU."""
        flat = self._stacked.flat
        with torch.no_grad():
            return self._sources.predict(x.to(flat.device, flat.dtype)).cpu()

    def _along(self, places: Sequence[float]) -> torch.Tensor:
        """Return the losses [R, places] on the line from the start (0) to now (1), on the CPU."""
        stacked, start = self._stacked, self._start
        losses = self._sources.losses
        with torch.no_grad():
            if start is None or torch.equal(start, stacked.flat):
                return losses([stacked.parameters]).expand(len(places), -1).T.cpu()
            replicas = len(self._contenders) * self._plan.experiment.seeds.count
            size = max(1, min(LARGEST // max(1, len(start)), MOST // replicas))
            found = []
            for first in range(0, len(places), size):
                flats = (torch.lerp(start, stacked.flat, at) for at in places[first : first + size])
                found.append(losses([stacked.at(flat) for flat in flats]))
        return torch.cat(found).T.cpu()

    def _predicted(self, quantity: str) -> torch.Tensor:
        """Return what theory says of the start, for the first batch of each seed [R, layers]."""
        if not self._theory:
            batches = list(self._sources.first_batches())
            compared = any(probe.key == COSINES for probe in self._probes)
            rows = [
                predictions(self._plan, at, x, compared=compared)
                for at in self._contenders
                for x in batches
            ]
            self._theory = {
                key: torch.from_numpy(np.array([row[key] for row in rows])) for key in rows[0]
            }
        return self._theory[quantity]


def watched_layers(plan: Plan) -> tuple[Watched, ...]:
    """Return what is told of the layers whose outputs are measured."""
    found = []
    first = len(plan.facts.shape) > 2
    for layer in plan.layers:
        first = _channels_first(layer, before=first)
        if layer.gives_own_output:
            kind = layer.layer
            one = Watched(
                label=layer.label,
                key=kind.key if kind else "",
                params=layer.values,
                activates=kind is not None and kind.group == "Activation",
                channels_first=first,
            )
            found.append(one)
    return tuple(found)


def _channels_first(layer: PlannedLayer, *, before: bool) -> bool:
    """Return whether the first axis of an example that a layer gives counts its units.

    `before` is the same of what the layer before it gives. An image's channels come first, as a
    convolution leaves them; the features of a sequence come last.
    """
    sides = len(layer.shape_out or ())
    if sides < 2 or layer.layer is None:
        return sides > 2
    match layer.layer.group:
        case "Convolution" | "Pooling":
            return True
        case "Shape":
            return sides > 2
        case "Linear" | "Recurrent" | "Attention":
            return False
    return before


def _laws(plan: Plan, contenders: Sequence[int]) -> tuple[tuple[Law | None, ...], ...]:
    """Return what each parameter of each replica was drawn from; None where it was tuned since."""
    found: list[tuple[Law | None, ...]] = []
    for at in contenders:
        laws = tuple(None if plan.tunings[at] else one.law for one in plan.assignments[at])
        found += [laws] * plan.experiment.seeds.count
    return tuple(found)


def _numpy(values: torch.Tensor) -> npt.NDArray[Any]:
    """Return a copy, as the program reuses its tensors; reals as float32, or as float16."""
    kind = torch.float32 if values.is_floating_point() else torch.int32
    kind = torch.float16 if values.dtype == torch.float16 else kind
    return values.detach().to("cpu", kind, copy=True).numpy()
