"""The network of an experiment, layer by layer: shapes, tensors, where each stands, what is wrong.

It loads no torch, so that the window shows shapes and mistakes by the code that the engine builds
by.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import msgspec

from initstudio.catalogue import (
    Branch,
    DataFacts,
    Entry,
    Inside,
    Layer,
    Params,
    Part,
    Place,
    Shape,
    Site,
    TensorSpec,
)
from initstudio.described import UNTRUSTED
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Path
from initstudio.layers import LAYERS
from initstudio.trust import is_trusted

ROOT = "$.experiment"
NETWORK = f"{ROOT}.network"


@dataclass(frozen=True, kw_only=True)
class PlannedLayer:
    """One layer in its place; where it cannot stand, `problem` says why and shape_out is None."""

    path: Path
    """Its place in the network as a person builds it."""
    copy: int
    """Counts the copies, from 0, that a block around it builds of it."""
    module: str
    """Its name in the torch module: "2", or "2.body.0" inside of a block."""
    label: str
    """Its number and kind, and its copy from the second on: "3 Linear", "4.1 Linear #2"."""
    layer: Layer[Any] | None
    params: Params | None
    place: Place | None
    shape_out: Shape | None
    tensors: tuple[TensorSpec, ...]
    problem: ExperimentError | None
    bodies: tuple[tuple["PlannedLayer", ...], ...] = ()
    """Of a block: the layers of each copy; of a person's own network its parts."""
    own: str = ""
    """The module of the person's own network that this is, or that it is a part of."""
    watched: bool = True
    """Of a person's own network and its parts: whether there is an output to measure."""
    vectorised: bool = True
    code: str = ""
    """What building it runs, if the person has trusted it."""

    @property
    def shape_in(self) -> Shape | None:
        """Return the shape of one example coming in."""
        return self.place.shape if self.place else None

    @property
    def values(self) -> dict[str, Any]:
        """Return its parameters by name."""
        if self.params is None:
            return {}
        return {name: getattr(self.params, name) for name in self.params.__struct_fields__}

    @property
    def parameters(self) -> int:
        """Return the number of trained values in this layer, and in all that is inside."""
        own = sum(tensor.size for tensor in self.tensors)
        return own + sum(layer.parameters for body in self.bodies for layer in body)

    @property
    def gives_own_output(self) -> bool:
        """Return whether its output is another than that of the last layer inside."""
        if self.own:
            return self.watched
        return not self.bodies or (self.layer is not None and self.layer.adds)

    @property
    def is_part(self) -> bool:
        """Return whether it is a part of a person's own network, which is not edited here."""
        return bool(self.own) and self.own != self.module


def network_layers(network: Sequence[Choice], facts: DataFacts | None) -> tuple[PlannedLayer, ...]:
    """Return each layer with its shapes, tensors and problem; those after a problem go on.

    A layer that cannot follow passes its input on, so that the rest of the builder stays usable.
    Without facts of the data nothing has a shape.
    """
    if any(_is_opened(choice) for choice in network):
        return _follow(tuple(network), facts)  # its file and its trust may change meanwhile
    return _followed(msgspec.msgpack.encode(tuple(network)), facts)


@lru_cache(maxsize=8)
def _followed(network: bytes, facts: DataFacts | None) -> tuple[PlannedLayer, ...]:
    """Return the layers; kept, as each edit in the window asks for them several times."""
    return _follow(msgspec.msgpack.decode(network, type=tuple[Choice, ...]), facts)


def _is_opened(choice: Choice) -> bool:
    layer = LAYERS.get(choice.key)
    return bool(layer and layer.opened) or any(_is_opened(one) for one in choice.inside)


def _follow(network: tuple[Choice, ...], facts: DataFacts | None) -> tuple[PlannedLayer, ...]:
    if facts is None:
        return tuple(_unplaced((at,), choice) for at, choice in enumerate(network))
    chain = _Chain(facts)
    layers = chain.follow(network, facts.shape, facts.tokens, (), "", 0)
    if layers and chain.shape != facts.answer and not any(one.problem for one in every(layers)):
        layers = (*layers[:-1], _misfit(layers[-1], chain.shape, facts))
    return _sited(layers)


def every(layers: Sequence[PlannedLayer]) -> Iterator[PlannedLayer]:
    """Return all layers in the order of the signal: those inside of a block before the block."""
    for layer in layers:
        for body in layer.bodies:
            yield from every(body)
        yield layer


def shown(layers: Sequence[PlannedLayer]) -> Iterator[PlannedLayer]:
    """Return the layers as a person builds them: a block, then once what is inside of it."""
    for layer in layers:
        yield layer
        for body in layer.bodies[:1]:
            yield from shown(body)


def choice_problem(
    where: str, choice: Choice, catalogue: Mapping[str, Entry[Any]]
) -> ExperimentError | None:
    """Return what is wrong with a choice by itself: no such entry, or parameters it does not take.

    What is inside of a block is not looked at.
    """
    entry = catalogue.get(choice.key)
    if entry is None:
        return ExperimentError(
            f"{where}.key", f"there is no '{choice.key}'; known: {', '.join(catalogue)}"
        )
    if choice.inside and not (isinstance(entry, Layer) and entry.bodies):
        return ExperimentError(f"{where}.inside", f"{entry.label} holds no layers")
    try:
        entry.parse(choice.params, f"{where}.params")
    except ExperimentError as problem:
        return problem
    return None


def network_problems(layers: Sequence[PlannedLayer]) -> list[ExperimentError]:
    """Return what keeps the network, all of whose layers these are, from being built."""
    if not layers:
        return [ExperimentError(NETWORK, "The network has no layers; add one.")]
    found = {layer.path: layer.problem for layer in layers if layer.problem}
    if not found and not any(one.role == "weight" for layer in layers for one in layer.tensors):
        why = "The network has no weights to start; add a Linear layer or Output."
        return [ExperimentError(NETWORK, why)]
    for layer in layers:
        if layer.code and not is_trusted(layer.code):
            where = f"{place_in_file(layer.path)}.params.code"
            found.setdefault(layer.path, ExperimentError(where, UNTRUSTED))
    return list(found.values())


def place_in_file(path: Path) -> str:
    """Return the JSON path of a layer."""
    inside = "".join(f".inside[{at}]" for at in path[1:])
    return f"{NETWORK}[{path[0]}]{inside}"


class _Chain:
    """Follows the signal from layer to layer; `shape` is where it has come to."""

    def __init__(self, facts: DataFacts) -> None:
        self.shape = facts.shape
        self._facts = facts

    def follow(  # noqa: PLR0913, PLR0917 - where the layers are, each by its name
        self,
        network: Sequence[Choice],
        shape: Shape,
        tokens: int,
        path: Path,
        module: str,
        copy: int,
    ) -> tuple[PlannedLayer, ...]:
        found = []
        self.shape, self._tokens = shape, tokens
        for at, choice in enumerate(network):
            layer = self._layer(choice, (*path, at), f"{module}{at}", copy)
            self.shape = layer.shape_out or (layer.place.shape if layer.place else self.shape)
            found.append(layer)
        return tuple(found)

    def _layer(self, choice: Choice, path: Path, module: str, copy: int) -> PlannedLayer:
        where = place_in_file(path)
        problem = choice_problem(where, choice, LAYERS)
        planned = _unplaced(path, choice, module=module, copy=copy)
        layer = planned.layer
        place = Place(shape=self.shape, outputs=self._facts.outputs, tokens=self._tokens)
        if layer is None or problem:
            return replace(planned, place=place, problem=problem)
        params = layer.parse(choice.params)
        planned = replace(planned, place=place, params=params)
        if layer.bodies:
            bodies = self._bodies(choice, layer.bodies(params), path, module, copy)
            place = replace(place, inside=self.shape)
            planned = replace(planned, place=place, bodies=bodies)
        elif place.tokens and not layer.reads_tokens:
            why = f"{layer.label} works on numbers, and these are tokens; put Embedding before it."
            return replace(planned, problem=ExperimentError(where, why))
        if layer.reads_tokens:
            self._tokens = 0
        if layer.opened:
            planned = _opened(planned, layer.opened)
        try:
            shape_out = layer.shape(params, place)
            tensors = layer.tensors(params, place)
        except ValueError as error:
            return replace(planned, problem=ExperimentError(where, str(error)))
        return replace(planned, shape_out=shape_out, tensors=tensors)

    def _bodies(
        self, choice: Choice, names: Sequence[str], path: Path, module: str, copy: int
    ) -> tuple[tuple[PlannedLayer, ...], ...]:
        return tuple(
            self.follow(
                choice.inside,
                self.shape,
                self._tokens,
                path,
                f"{module}.{name}.",
                copy * len(names) + number,
            )
            for number, name in enumerate(names)
        )


def _unplaced(path: Path, choice: Choice, *, module: str = "", copy: int = 0) -> PlannedLayer:
    layer = LAYERS.get(choice.key)
    number = ".".join(str(at + 1) for at in path)
    mark = f" #{copy + 1}" if copy else ""
    inside = tuple(_unplaced((*path, at), one) for at, one in enumerate(choice.inside))
    return PlannedLayer(
        path=path,
        copy=copy,
        module=module,
        label=f"{number} {layer.label if layer else choice.key}{mark}",
        layer=layer,
        params=None,
        place=None,
        shape_out=None,
        tensors=(),
        problem=None,
        bodies=(inside,) if inside else (),
        vectorised=layer is None or layer.vectorised,
    )


def _opened(planned: PlannedLayer, opened: Callable[[Any], Inside]) -> PlannedLayer:
    """Return a person's own network with its parts, or as it was where nothing was read of it."""
    try:
        inside = opened(planned.params)
    except ValueError:
        return planned  # its shape says so
    parts = tuple(_part(planned, at, part) for at, part in enumerate(inside.parts))
    return replace(
        planned,
        bodies=(parts,) if parts else (),
        own=planned.module,
        watched=inside.watched,
        vectorised=inside.vectorised,
        code=inside.code,
    )


def _part(whole: PlannedLayer, at: int, part: Part) -> PlannedLayer:
    layer = LAYERS.get(part.key)
    number = ".".join(str(step + 1) for step in (*whole.path, at))
    mark = f" #{whole.copy + 1}" if whole.copy else ""
    params: Params | None = None
    if layer and layer.group == "Activation":
        try:
            params = layer.parse(part.params)
        except ExperimentError:  # of a kind that the catalogue has not: as if it were unknown
            layer = None
    outputs = whole.place.outputs if whole.place else 0
    return PlannedLayer(
        path=(*whole.path, at),
        copy=whole.copy,
        module=f"{whole.module}.{part.module}",
        label=f"{number} {part.kind} {part.name}{mark}",
        layer=layer,
        params=params,
        place=Place(shape=part.shape_in, outputs=outputs),
        shape_out=part.shape_out,
        tensors=part.tensors,
        problem=None,
        own=whole.module,
        watched=part.watched,
    )


def _misfit(last: PlannedLayer, shape: Shape, facts: DataFacts) -> PlannedLayer:
    ends = " x ".join(str(side) for side in shape)
    needs = " x ".join(str(side) for side in facts.answer)
    what = "classes" if facts.task == "classes" else "values to predict"
    why = (
        f"The network ends with {ends} values and the data has {needs} {what}; end it with Output."
    )
    if len(shape) > len(facts.answer):
        why = f"{why[:-1]}, after a layer that brings it down to one row."
    return replace(last, problem=ExperimentError(place_in_file(last.path), why))


def _sited(layers: tuple[PlannedLayer, ...]) -> tuple[PlannedLayer, ...]:
    """Return the layers with their tensors told where they stand."""
    order = list(every(layers))
    weighted = [layer for layer in order if _has_weights(layer)]
    numbers = {layer.module: at for at, layer in enumerate(weighted)}
    branches = _branches(layers)
    attentions = sum(
        tensor.name.endswith("out_proj.weight") for layer in order for tensor in layer.tensors
    )
    sites: dict[str, Site] = {}
    follows: tuple[str, Mapping[str, Any]] = ("linear", {})
    for layer in reversed(order):
        kind = layer.layer
        if kind is not None and kind.group == "Activation":
            follows = (kind.key, layer.values)
        sites[layer.module] = Site(
            activation=follows[0],
            activation_params=follows[1],
            at=numbers.get(layer.module, 0),
            layers=len(weighted),
            attentions=attentions,
            branch=branches.get(layer.module),
        )
        if _has_weights(layer) and not layer.bodies:
            follows = ("linear", {})
    return tuple(_with_sites(layer, sites) for layer in layers)


def _with_sites(layer: PlannedLayer, sites: Mapping[str, Site]) -> PlannedLayer:
    key = layer.layer.key if layer.layer else ""
    site = sites[layer.module]
    tensors = tuple(replace(tensor, layer=key, site=site) for tensor in layer.tensors)
    bodies = tuple(tuple(_with_sites(one, sites) for one in body) for body in layer.bodies)
    return replace(layer, tensors=tensors, bodies=bodies)


def _branches(layers: Sequence[PlannedLayer]) -> dict[str, Branch]:
    """Return, by module, the innermost residual branch that a layer lies in."""
    residual = [layer for layer in every(layers) if layer.layer and layer.layer.adds]
    found: dict[str, Branch] = {}
    for number, block in enumerate(residual):
        inside = [one for body in block.bodies for one in every(body)]
        weighted = [one.module for one in inside if _has_weights(one)]
        done = 0
        for one in inside:
            branch = Branch(number=number, branches=len(residual), at=done, layers=len(weighted))
            found.setdefault(one.module, branch)
            done += _has_weights(one)
    return found


def _has_weights(layer: PlannedLayer) -> bool:
    return any(tensor.role == "weight" for tensor in layer.tensors)
