"""Resolve an Experiment against the catalogues: what exactly is built, started and trained.

A pure function from the person's intent to a frozen Plan; it loads no torch, so the window shows
counts and mistakes with the same code that the engine trains by.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from msgspec.structs import replace

from initstudio.catalogue import DataFacts, Dataset, Entry, Params, TensorSpec, Tuning
from initstudio.datasets import DATASETS
from initstudio.engine.assignment import Assignment, assign, multipliers_of
from initstudio.engine.network import (
    ROOT,
    PlannedLayer,
    choice_problem,
    every,
    network_layers,
    network_problems,
    place_in_file,
)
from initstudio.errors import ExperimentError
from initstudio.experiment import (
    MAX_REPLICAS,
    SGD,
    Choice,
    Contender,
    Data,
    Experiment,
    decode,
    structure_problems,
)
from initstudio.history import Header
from initstudio.layers import LAYERS
from initstudio.measurement import Probe
from initstudio.probes import PROBES
from initstudio.schemes import SCHEMES
from initstudio.tunings import TUNINGS

DATASET = f"{ROOT}.data.dataset"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """An experiment whose every part is known and fits."""

    experiment: Experiment
    dataset: Dataset[Any]
    dataset_params: Params
    facts: DataFacts
    training_examples: int
    validation_examples: int
    network: tuple[PlannedLayer, ...]
    """The layers as they stand in one another."""
    layers: tuple[PlannedLayer, ...]
    """All of them, in the order of the signal."""
    assignments: tuple[tuple[Assignment, ...], ...]
    """For each contender, for each tensor in order of layers."""
    tunings: tuple[tuple[Tuning[Any], Params] | None, ...]
    """For each contender."""
    probes: tuple[Probe, ...]
    header: Header

    @property
    def multipliers(self) -> tuple[dict[str, float], ...]:
        """Return, for each contender by the parameter's name, what multiplies it, if not 1."""
        return tuple(multipliers_of(one) for one in self.assignments)

    @property
    def watched(self) -> tuple[PlannedLayer, ...]:
        """Return the layers whose outputs are measured."""
        return tuple(layer for layer in self.layers if layer.gives_own_output)


def plan(experiment: Experiment) -> Plan:
    """Return the resolved experiment.

    Raises:
        ExperimentError: The first of its `problems`.
    """
    for problem in problems(experiment):
        # another one, as what is raised keeps its frames, and problems are kept
        raise ExperimentError(problem.where, problem.why)
    facts = data_facts(experiment)
    network = network_layers(experiment.network, facts)
    layers = tuple(every(network))
    training, validation = split_sizes(experiment, facts)
    dataset = DATASETS[experiment.data.dataset.key]
    return Plan(
        experiment=experiment,
        dataset=dataset,
        dataset_params=dataset.parse(experiment.data.dataset.params),
        facts=facts,
        training_examples=training,
        validation_examples=validation,
        network=network,
        layers=layers,
        assignments=tuple(assign(contender, layers) for contender in experiment.contenders),
        tunings=tuple(_tuning(contender) for contender in experiment.contenders),
        probes=_probes(experiment, facts),
        header=_header(experiment, layers, training, facts.outputs),
    )


def header_of(experiment: Experiment) -> Header:
    """Return what the readings of an experiment without `problems` stand for."""
    facts = data_facts(experiment)
    layers = tuple(every(network_layers(experiment.network, facts)))
    return _header(experiment, layers, split_sizes(experiment, facts)[0], facts.outputs)


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
    if not found and (trouble := data_problem(experiment)):
        found.append(trouble)
    if found:
        return found
    facts = data_facts(experiment)
    layers = tuple(every(network_layers(experiment.network, facts)))
    found += network_problems(layers)
    found += _training_problems(experiment, facts, layers)
    for index, contender in enumerate(experiment.contenders):
        found += _contender_problems(f"{ROOT}.contenders[{index}]", contender, layers)
    return found


def choice_problems(experiment: Experiment) -> list[ExperimentError]:
    """Return the keys that no catalogue has and the parameters that no entry takes."""
    places: list[tuple[str, Choice, Mapping[str, Entry[Any]]]] = [
        (where, choice, LAYERS) for where, choice in _choices_inside(experiment.network, ())
    ]
    places.append((DATASET, experiment.data.dataset, DATASETS))
    for index, contender in enumerate(experiment.contenders):
        where = f"{ROOT}.contenders[{index}]"
        places += [
            (f"{where}.rules[{at}].scheme", rule.scheme, SCHEMES)
            for at, rule in enumerate(contender.rules)
        ]
        if contender.tuning:
            places.append((f"{where}.tuning", contender.tuning, TUNINGS))
    found = [problem for place in places if (problem := choice_problem(*place))]
    for index, key in enumerate(experiment.recording.probes or ()):
        if key not in PROBES:
            where = f"{ROOT}.recording.probes[{index}]"
            found.append(ExperimentError(where, f"there is no probe '{key}'"))
    return found


def data_problem(experiment: Experiment) -> ExperimentError | None:
    """Return why the data cannot be had: its choice is wrong, or its file is."""
    choice = experiment.data.dataset
    if problem := choice_problem(DATASET, choice, DATASETS):
        return problem
    try:
        data_facts(experiment)
    except ExperimentError as error:
        return ExperimentError(f"{DATASET}.params{error.where.removeprefix('$')}", error.why)
    return None


def data_facts(experiment: Experiment) -> DataFacts:
    """Return the size and shape of the experiment's data; its choice must be sound.

    Raises:
        ExperimentError: A person's own file is missing or bad.
    """
    choice = experiment.data.dataset
    dataset = DATASETS[choice.key]
    return dataset.facts(dataset.parse(choice.params))


def layers_of(experiment: Experiment) -> tuple[PlannedLayer, ...]:
    """Return the network's layers in their places; without shapes where the data is not known."""
    facts = None if data_problem(experiment) else data_facts(experiment)
    return network_layers(experiment.network, facts)


def split_sizes(experiment: Experiment, facts: DataFacts) -> tuple[int, int]:
    """Return the numbers of training and of validation examples."""
    validation = round(facts.examples * experiment.data.validation)
    return facts.examples - validation, validation


def suits(loss: str, facts: DataFacts) -> bool:
    """Return whether a loss can be had with the targets of this data."""
    return facts.task == "classes" or loss in {"mse", "huber"}


def with_data(experiment: Experiment, data: Data) -> Experiment:
    """Return the experiment with other data; where they ask for another kind of loss, with that.

    Cross-entropy for classes, mean squared error for values.
    """
    changed = replace(experiment, data=data)
    if data_problem(experiment) or data_problem(changed):
        return changed
    task = data_facts(changed).task
    if task == data_facts(experiment).task:
        return changed
    loss = "cross_entropy" if task == "classes" else "mse"
    return replace(changed, training=replace(experiment.training, loss=loss))


def _choices_inside(
    choices: tuple[Choice, ...], path: tuple[int, ...]
) -> Iterator[tuple[str, Choice]]:
    for at, choice in enumerate(choices):
        yield place_in_file((*path, at)), choice
        yield from _choices_inside(choice.inside, (*path, at))


def _training_problems(
    experiment: Experiment, facts: DataFacts, layers: tuple[PlannedLayer, ...]
) -> list[ExperimentError]:
    found = []
    training, _ = split_sizes(experiment, facts)
    batch = experiment.training.batch_size
    optimizer = experiment.training.optimizer
    if not experiment.contenders:
        found.append(ExperimentError(f"{ROOT}.contenders", "There are no contenders; add one."))
    if batch > training:
        why = f"A batch of {batch} is larger than the training part of {training} examples."
        found.append(ExperimentError(f"{ROOT}.training.batch_size", why))
    found += _least_batch_problems(experiment, training, layers)
    if not suits(experiment.training.loss, facts):
        why = "This loss needs classes, and the data has values; choose mean squared error."
        found.append(ExperimentError(f"{ROOT}.training.loss", why))
    if isinstance(optimizer, SGD) and optimizer.nesterov and optimizer.momentum == 0:
        why = "Nesterov needs a momentum above 0."
        found.append(ExperimentError(f"{ROOT}.training.optimizer.nesterov", why))
    if experiment.replicas > MAX_REPLICAS:
        why = f"{experiment.replicas} networks would train at once; at most {MAX_REPLICAS} can."
        found.append(ExperimentError(f"{ROOT}.seeds.count", why))
    return found


def _least_batch_problems(
    experiment: Experiment, training: int, layers: tuple[PlannedLayer, ...]
) -> list[ExperimentError]:
    batch = experiment.training.batch_size
    last = training % batch or batch
    for planned in layers:
        if planned.layer and last < planned.layer.least_batch:
            why = (
                f"{planned.layer.label} needs batches of at least {planned.layer.least_batch} "
                f"examples, and the last of an epoch has {last}; choose another batch size."
            )
            return [ExperimentError(f"{ROOT}.training.batch_size", why)]
    return []


def _contender_problems(
    where: str, contender: Contender, layers: tuple[PlannedLayer, ...]
) -> list[ExperimentError]:
    found: dict[int, ExperimentError] = {}
    assigned = assign(contender, layers)
    for item in assigned:
        if item.scheme is None or item.rule is None:
            continue
        if why := item.scheme.refuses(item.params, item.tensor):
            place = f"{where}.rules[{item.rule}].scheme"
            tensor = f"the {item.tensor.role} of layer {item.layer.label}"
            problem = ExperimentError(place, f"{contender.name}: {why} ({tensor})")
            found.setdefault(item.rule, problem)
    if found or contender.tuning is None:
        return list(found.values())
    if scaled := next((one for one in assigned if one.multiplier != 1), None):
        label = scaled.scheme.label if scaled.scheme else ""
        why = (
            f"{contender.name}: A tuning sets the weights that the network computes with, and "
            f"{label} multiplies them at each step; use the one or the other."
        )
        return [ExperimentError(f"{where}.tuning", why)]
    return []


def _probes(experiment: Experiment, facts: DataFacts) -> tuple[Probe, ...]:
    """Return what is measured: what is named, or all, as far as it can be had of such data."""
    named = experiment.recording.probes
    wanted = PROBES.values() if named is None else (PROBES[key] for key in named)
    return tuple(probe for probe in wanted if probe.applies(facts))


def _tuning(contender: Contender) -> tuple[Tuning[Any], Params] | None:
    if contender.tuning is None:
        return None
    tuning = TUNINGS[contender.tuning.key]
    return tuning, tuning.parse(contender.tuning.params)


def _header(
    experiment: Experiment, layers: tuple[PlannedLayer, ...], training: int, outputs: int
) -> Header:
    seeds = tuple(experiment.seeds.each())
    weights = [
        (_tensor_label(layer, tensor), tensor)
        for layer in layers
        for tensor in layer.tensors
        if tensor.role == "weight"
    ]
    watched = [layer for layer in layers if layer.gives_own_output]
    per_epoch = ceil(training / experiment.training.batch_size)
    return Header(
        experiment=experiment,
        slots=tuple(one.slot for one in experiment.contenders for _ in seeds),
        seeds=seeds * len(experiment.contenders),
        layers=tuple(layer.label for layer in watched),
        activations=tuple(
            at
            for at, layer in enumerate(watched)
            if layer.layer and layer.layer.group == "Activation"
        ),
        tensors=tuple(label for label, _ in weights),
        tensor_shapes=tuple(tensor.shape for _, tensor in weights),
        parameters=tuple(
            f"{layer.module}.{tensor.name}" for layer in layers for tensor in layer.tensors
        ),
        steps=per_epoch * experiment.training.epochs,
        steps_per_epoch=per_epoch,
        outputs=outputs,
        one_by_one=tuple(
            dict.fromkeys(
                layer.layer.label for layer in layers if layer.layer and not layer.vectorised
            )
        ),
    )


def _tensor_label(layer: PlannedLayer, tensor: TensorSpec) -> str:
    """Return the layer's label, with the tensor's name where the layer has several weights."""
    several = sum(one.role == "weight" for one in layer.tensors) > 1
    return f"{layer.label} {tensor.name}" if several else layer.label
