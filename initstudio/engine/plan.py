"""Resolve an Experiment against the catalogues: what exactly is built, started and trained.

A pure function from the person's intent to a frozen Plan; it loads no torch, so the window shows
shapes, counts and mistakes with the same code that the engine trains by.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from initstudio.catalogue import (
    DataFacts,
    Dataset,
    Entry,
    Layer,
    Params,
    Probe,
    Scheme,
    Shape,
    TensorSpec,
)
from initstudio.datasets import DATASETS
from initstudio.errors import ExperimentError
from initstudio.experiment import (
    MAX_REPLICAS,
    SGD,
    Choice,
    Contender,
    Experiment,
    Rule,
    decode,
    structure_problems,
)
from initstudio.history import Header
from initstudio.layers import LAYERS
from initstudio.probes import PROBES
from initstudio.schemes import SCHEMES

ROOT = "$.experiment"


@dataclass(frozen=True, kw_only=True)
class PlannedLayer:
    """One layer in its place; where it cannot stand, `problem` says why and shape_out is None."""

    index: int
    label: str
    layer: Layer[Any] | None
    params: Params | None
    shape_in: Shape | None
    shape_out: Shape | None
    tensors: tuple[TensorSpec, ...]
    problem: ExperimentError | None

    @property
    def parameters(self) -> int:
        """Return the number of trained values in this layer."""
        return sum(tensor.size for tensor in self.tensors)


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Which scheme starts one tensor: the rule that won, or None for torch's own default."""

    layer: int
    tensor: TensorSpec
    rule: int | None
    scheme: Scheme[Any] | None
    params: Params | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An experiment whose every part is known and fits."""

    experiment: Experiment
    dataset: Dataset[Any]
    dataset_params: Params
    facts: DataFacts
    training_examples: int
    validation_examples: int
    layers: tuple[PlannedLayer, ...]
    assignments: tuple[tuple[Assignment, ...], ...]
    """For each contender, for each tensor in order of layers."""
    probes: tuple[Probe, ...]
    header: Header


def plan(experiment: Experiment) -> Plan:
    """Return the resolved experiment.

    Raises:
        ExperimentError: The first of its `problems`.
    """
    for problem in problems(experiment):
        raise problem
    facts = data_facts(experiment)
    layers = network_layers(experiment)
    training, validation = split_sizes(experiment, facts)
    named = experiment.recording.probes
    dataset = DATASETS[experiment.data.dataset.key]
    return Plan(
        experiment=experiment,
        dataset=dataset,
        dataset_params=dataset.parse(experiment.data.dataset.params),
        facts=facts,
        training_examples=training,
        validation_examples=validation,
        layers=layers,
        assignments=tuple(assign(contender, layers) for contender in experiment.contenders),
        probes=tuple(PROBES.values() if named is None else (PROBES[key] for key in named)),
        header=_header(experiment, layers, training),
    )


def read(data: bytes) -> Experiment:
    """Return the experiment in a file's bytes, all of whose choices the catalogues know.

    It may still have `problems`, such as a layer that does not fit: those are a person's to solve
    in the window, and no mistakes of the file.

    Raises:
        ExperimentError: The JSON path of the first mistake, and the mistake.
    """
    experiment = decode(data)
    for problem in choice_problems(experiment):
        raise problem
    return experiment


def problems(experiment: Experiment) -> list[ExperimentError]:
    """Return everything that keeps the experiment from running, each with its place."""
    found = [*structure_problems(experiment), *choice_problems(experiment)]
    if found:
        return found
    layers = network_layers(experiment)
    found += _network_problems(layers)
    found += _size_problems(experiment)
    for index, contender in enumerate(experiment.contenders):
        found += _contender_problems(f"{ROOT}.contenders[{index}]", contender, layers)
    return found


def choice_problems(experiment: Experiment) -> list[ExperimentError]:
    """Return the keys that no catalogue has and the parameters that no entry takes."""
    places: list[tuple[str, Choice, Mapping[str, Entry[Any]]]] = [
        (f"{ROOT}.network[{index}]", choice, LAYERS)
        for index, choice in enumerate(experiment.network)
    ]
    places.append((f"{ROOT}.data.dataset", experiment.data.dataset, DATASETS))
    for index, contender in enumerate(experiment.contenders):
        places += [
            (f"{ROOT}.contenders[{index}].rules[{at}].scheme", rule.scheme, SCHEMES)
            for at, rule in enumerate(contender.rules)
        ]
    found = [problem for place in places if (problem := _choice_problem(*place))]
    for index, key in enumerate(experiment.recording.probes or ()):
        if key not in PROBES:
            where = f"{ROOT}.recording.probes[{index}]"
            found.append(ExperimentError(where, f"there is no probe '{key}'"))
    return found


def data_facts(experiment: Experiment) -> DataFacts:
    """Return the size and shape of the experiment's data; its choices must be sound."""
    choice = experiment.data.dataset
    dataset = DATASETS[choice.key]
    return dataset.facts(dataset.parse(choice.params))


def split_sizes(experiment: Experiment, facts: DataFacts) -> tuple[int, int]:
    """Return the numbers of training and of validation examples."""
    validation = round(facts.examples * experiment.data.validation)
    return facts.examples - validation, validation


def network_layers(experiment: Experiment) -> tuple[PlannedLayer, ...]:
    """Return each layer with its shapes, tensors and problem; those after a problem go on.

    A layer that cannot follow passes its input on, so that the rest of the builder stays usable.
    """
    facts = data_facts(experiment)
    shape = facts.shape
    layers = []
    for index, choice in enumerate(experiment.network):
        layer = _plan_layer(index, choice, shape, facts.classes)
        layers.append(layer)
        shape = layer.shape_out or shape
    if layers and not layers[-1].problem and shape != (facts.classes,):
        layers[-1] = _misfit(layers[-1], shape, facts.classes)
    return tuple(layers)


def assign(contender: Contender, layers: tuple[PlannedLayer, ...]) -> tuple[Assignment, ...]:
    """Return what starts each tensor of the network; the last rule that matches wins."""
    return tuple(
        _assignment(contender, layer, tensor) for layer in layers for tensor in layer.tensors
    )


def _choice_problem(
    where: str, choice: Choice, catalogue: Mapping[str, Entry[Any]]
) -> ExperimentError | None:
    entry = catalogue.get(choice.key)
    if entry is None:
        return ExperimentError(
            f"{where}.key", f"there is no '{choice.key}'; known: {', '.join(catalogue)}"
        )
    try:
        entry.parse(choice.params, f"{where}.params")
    except ExperimentError as problem:
        return problem
    return None


def _plan_layer(index: int, choice: Choice, shape: Shape, outputs: int) -> PlannedLayer:
    where = f"{ROOT}.network[{index}]"
    problem = _choice_problem(where, choice, LAYERS)
    layer = LAYERS.get(choice.key)
    label = f"{index + 1} {layer.label if layer else choice.key}"
    params, shape_out = None, None
    tensors: tuple[TensorSpec, ...] = ()
    if layer and not problem:
        params = layer.parse(choice.params)
        try:
            shape_out = layer.shape(params, shape, outputs)
            tensors = layer.tensors(params, shape, outputs)
        except ValueError as error:
            problem = ExperimentError(where, str(error))
    return PlannedLayer(
        index=index,
        label=label,
        layer=layer,
        params=params,
        shape_in=shape,
        shape_out=shape_out,
        tensors=tensors,
        problem=problem,
    )


def _misfit(last: PlannedLayer, shape: Shape, classes: int) -> PlannedLayer:
    size = " x ".join(str(side) for side in shape)
    why = (
        f"The network ends with {size} values and the data has {classes} classes; "
        "end it with Output."
    )
    return replace(last, problem=ExperimentError(f"{ROOT}.network[{last.index}]", why))


def _network_problems(layers: tuple[PlannedLayer, ...]) -> list[ExperimentError]:
    if not layers:
        return [ExperimentError(f"{ROOT}.network", "The network has no layers; add one.")]
    found = [layer.problem for layer in layers if layer.problem]
    if not found and not any(one.role == "weight" for layer in layers for one in layer.tensors):
        why = "The network has no weights to start; add a Linear layer or Output."
        found.append(ExperimentError(f"{ROOT}.network", why))
    return found


def _size_problems(experiment: Experiment) -> list[ExperimentError]:
    found = []
    facts = data_facts(experiment)
    training, _ = split_sizes(experiment, facts)
    batch = experiment.training.batch_size
    optimizer = experiment.training.optimizer
    if not experiment.contenders:
        found.append(ExperimentError(f"{ROOT}.contenders", "There are no contenders; add one."))
    if batch > training:
        why = f"A batch of {batch} is larger than the training part of {training} examples."
        found.append(ExperimentError(f"{ROOT}.training.batch_size", why))
    found += _least_batch_problems(experiment, training)
    if isinstance(optimizer, SGD) and optimizer.nesterov and optimizer.momentum == 0:
        why = "Nesterov needs a momentum above 0."
        found.append(ExperimentError(f"{ROOT}.training.optimizer.nesterov", why))
    if experiment.replicas > MAX_REPLICAS:
        why = f"{experiment.replicas} networks would train at once; at most {MAX_REPLICAS} can."
        found.append(ExperimentError(f"{ROOT}.seeds.count", why))
    return found


def _least_batch_problems(experiment: Experiment, training: int) -> list[ExperimentError]:
    batch = experiment.training.batch_size
    last = training % batch or batch
    for choice in experiment.network:
        layer = LAYERS[choice.key]
        if last < layer.least_batch:
            why = (
                f"{layer.label} needs batches of at least {layer.least_batch} examples, and the "
                f"last of an epoch has {last}; choose another batch size."
            )
            return [ExperimentError(f"{ROOT}.training.batch_size", why)]
    return []


def _contender_problems(
    where: str, contender: Contender, layers: tuple[PlannedLayer, ...]
) -> list[ExperimentError]:
    found: dict[int, ExperimentError] = {}
    for item in assign(contender, layers):
        if item.scheme is None or item.rule is None:
            continue
        if why := item.scheme.refuses(item.params, item.tensor):
            place = f"{where}.rules[{item.rule}].scheme"
            tensor = f"the {item.tensor.role} of layer {layers[item.layer].label}"
            problem = ExperimentError(place, f"{contender.name}: {why} ({tensor})")
            found.setdefault(item.rule, problem)
    return list(found.values())


def _assignment(contender: Contender, layer: PlannedLayer, tensor: TensorSpec) -> Assignment:
    key = layer.layer.key if layer.layer else ""
    winner = None
    for index, rule in enumerate(contender.rules):
        if _matches(rule, key, layer.index, tensor):
            winner = index
    scheme = params = None
    if winner is not None:
        choice = contender.rules[winner].scheme
        scheme = SCHEMES[choice.key]
        params = scheme.parse(choice.params)
    return Assignment(layer=layer.index, tensor=tensor, rule=winner, scheme=scheme, params=params)


def _matches(rule: Rule, key: str, position: int, tensor: TensorSpec) -> bool:
    return (
        rule.role == tensor.role and rule.layer in (None, key) and rule.position in (None, position)
    )


def _header(experiment: Experiment, layers: tuple[PlannedLayer, ...], training: int) -> Header:
    seeds = tuple(experiment.seeds.each())
    weights = [
        (layer, tensor) for layer in layers for tensor in layer.tensors if tensor.role == "weight"
    ]
    per_epoch = ceil(training / experiment.training.batch_size)
    return Header(
        experiment=experiment,
        slots=tuple(one.slot for one in experiment.contenders for _ in seeds),
        seeds=seeds * len(experiment.contenders),
        layers=tuple(layer.label for layer in layers),
        activations=tuple(
            layer.index for layer in layers if layer.layer and layer.layer.group == "Activation"
        ),
        tensors=tuple(layer.label for layer, _ in weights),
        tensor_shapes=tuple(tensor.shape for _, tensor in weights),
        steps=per_epoch * experiment.training.epochs,
        steps_per_epoch=per_epoch,
    )
