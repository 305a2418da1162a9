"""Edits of an experiment's network, as pure functions: `Experiment -> Experiment`.

They know the structure of a network and no catalogue; a function that needs to know what an entry
is (which layers are activations) is told. A layer is named by its path: (2,) is the third, (2, 0)
the first inside of it. A rule that names a layer so follows it through every edit, and goes with it
when it is deleted.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec.structs import replace

from initstudio.catalogue import Value
from initstudio.edits import with_param
from initstudio.experiment import Choice, Experiment, Path, Rule

Network = tuple[Choice, ...]
T = TypeVar("T")

LINEAR = "linear"
OUTPUT = "output"
MAX_DEPTH = 200
HIDDEN = (Choice(LINEAR, {"units": 64}), Choice("relu"))
"""What a network without hidden layers grows by."""


def layer_at(network: Network, path: Path) -> Choice:
    """Return the layer of a path.

    Raises:
        IndexError: There is none.
    """
    layer = network[path[0]]
    return layer if len(path) == 1 else layer_at(layer.inside, path[1:])


def every_path(network: Network, above: Path = ()) -> Iterator[Path]:
    """Return the paths of all layers, a block before what is inside of it."""
    for at, layer in enumerate(network):
        yield (*above, at)
        yield from every_path(layer.inside, (*above, at))


def place_for_new(network: Network, after: Path | None) -> Path:
    """Return where a new layer goes: after that layer; but before an Output that ends the network.

    None stands for no place in particular, so the end.
    """
    if after is not None and len(after) > 1:
        return (*after[:-1], after[-1] + 1)
    at = len(network) if after is None else after[0] + 1
    ends = bool(network) and network[-1].key == OUTPUT
    return (min(at, len(network) - 1) if ends else at,)


def insert_layers(experiment: Experiment, at: Path, layers: Sequence[Choice]) -> Experiment:
    """Return the experiment with `layers` put in before the layer that is at `at`."""
    tree = _Tree(experiment.network)
    tree.siblings(at)[at[-1] : at[-1]] = [_Node(layer) for layer in layers]
    return tree.rebuilt(experiment)


def remove_layers(experiment: Experiment, paths: Collection[Path]) -> Experiment:
    """Return the experiment without these layers and what is inside of them."""
    tree = _Tree(experiment.network)
    tree.take(paths)
    return tree.rebuilt(experiment)


def move_layers(experiment: Experiment, paths: Collection[Path], to: Path) -> Experiment:
    """Return the experiment with these layers, in their order, before the one that is at `to`.

    Nothing can be moved into itself: then the experiment is returned as it was.
    """
    tree = _moved(experiment.network, paths, to)
    return tree.rebuilt(experiment) if tree else experiment


def places_after_move(network: Network, paths: Collection[Path], to: Path) -> list[Path]:
    """Return where `move_layers` puts these layers, without those inside of another one."""
    tree = _moved(network, paths, to)
    tops = _outermost(paths)
    if tree is None:
        return tops
    places = dict(_places(tree.top, ()))
    return [places[path] for path in tops]


def duplicate_layers(experiment: Experiment, paths: Collection[Path]) -> Experiment:
    """Return the experiment with copies of these layers behind the last of them."""
    tops = _outermost(paths)
    copies = [layer_at(experiment.network, path) for path in tops]
    return insert_layers(experiment, (*tops[-1][:-1], tops[-1][-1] + 1), copies)


def wrap_layers(experiment: Experiment, paths: Collection[Path], block: Choice) -> Experiment:
    """Return the experiment with these layers inside a new block, where the first of them was."""
    tree = _Tree(experiment.network)
    taken = tree.nodes(paths)
    siblings = tree.list_of(taken[0])
    wrapper = _Node(block)
    siblings.insert(siblings.index(taken[0]), wrapper)
    for node in taken:
        tree.list_of(node).remove(node)
    wrapper.inside.extend(taken)
    return tree.rebuilt(experiment)


def unwrap_block(experiment: Experiment, path: Path) -> Experiment:
    """Return the experiment with the layers inside of a block in its place."""
    tree = _Tree(experiment.network)
    siblings = tree.siblings(path)
    siblings[path[-1] : path[-1] + 1] = siblings[path[-1]].inside
    return tree.rebuilt(experiment)


def set_network(experiment: Experiment, network: Network) -> Experiment:
    """Return the experiment with another network; rules keep the positions that they name."""
    return replace(experiment, network=network)


def replace_layers(experiment: Experiment, layers: Mapping[Path, Choice]) -> Experiment:
    """Return the experiment with other layers at some places; what is inside of them stays."""
    return replace(experiment, network=_replaced(experiment.network, layers, ()))


def set_layer_param(
    experiment: Experiment, paths: Collection[Path], name: str, value: Value
) -> Experiment:
    """Return the experiment with one parameter of these layers changed."""
    changed = {path: with_param(layer_at(experiment.network, path), name, value) for path in paths}
    return replace_layers(experiment, changed)


# The network as a row of hidden layers: each a Linear with what follows it.


def hidden_layers(network: Network) -> list[int]:
    """Return the positions of the hidden Linear layers; a Linear at the very end is the output."""
    found = [at for at, layer in enumerate(network) if layer.key == LINEAR]
    return found[:-1] if found and found[-1] == len(network) - 1 else found


def width_of(network: Network, default: int = 64) -> int | None:
    """Return the units that all hidden layers have, or None where they differ or there are none."""
    units = _common(network[at].params.get("units", default) for at in hidden_layers(network))
    return units if isinstance(units, int) else None


def activation_of(network: Network, activations: Collection[str]) -> str | None:
    """Return the key of the activation that the network uses throughout, or None."""
    layers = (layer_at(network, path) for path in every_path(network))
    return _common(layer.key for layer in layers if layer.key in activations)


def set_depth(experiment: Experiment, depth: int) -> Experiment:
    """Return the experiment with that many hidden layers, grown or cut at the deep end.

    A hidden layer is repeated with all that follows it: activation, dropout, normalization.

    Raises:
        ValueError: The depth is not from 0 to MAX_DEPTH.
    """
    if not 0 <= depth <= MAX_DEPTH:
        message = f"depth is {depth}, not from 0 to {MAX_DEPTH}"
        raise ValueError(message)
    network = experiment.network
    starts = hidden_layers(network)
    if not starts:
        return insert_layers(experiment, place_for_new(network, None), HIDDEN * depth)
    end = _end_of_row(network, starts[-1])
    if depth < len(starts):
        return remove_layers(experiment, [(at,) for at in range(starts[depth], end)])
    return insert_layers(experiment, (end,), network[starts[-1] : end] * (depth - len(starts)))


def set_width(experiment: Experiment, units: int) -> Experiment:
    """Return the experiment with that many units in every hidden layer."""
    paths = [(at,) for at in hidden_layers(experiment.network)]
    return set_layer_param(experiment, paths, "units", units)


def set_activation(experiment: Experiment, key: str, activations: Collection[str]) -> Experiment:
    """Return the experiment with every activation replaced by the one with this key."""
    network = experiment.network
    found = {path: layer_at(network, path).key for path in every_path(network)}
    others = [path for path, old in found.items() if old in activations and old != key]
    return replace_layers(experiment, dict.fromkeys(others, Choice(key)))


class _Node:
    """A layer that can be moved about, and remembers where it was; a new one was nowhere."""

    def __init__(self, layer: Choice, path: Path | None = None) -> None:
        self.layer = layer
        self.path = path
        self.inside = [
            _Node(one, None if path is None else (*path, at)) for at, one in enumerate(layer.inside)
        ]

    def choice(self) -> Choice:
        return replace(self.layer, inside=tuple(one.choice() for one in self.inside))


class _Tree:
    """A network whose layers can be moved about."""

    def __init__(self, network: Network) -> None:
        self.top = [_Node(layer, (at,)) for at, layer in enumerate(network)]

    def siblings(self, path: Path) -> list[_Node]:
        """Return the row of layers in which a path's last step counts."""
        row = self.top
        for at in path[:-1]:
            row = row[at].inside
        return row

    def nodes(self, paths: Collection[Path]) -> list[_Node]:
        """Return the layers of the paths; those inside of another one go with that."""
        return [self.siblings(path)[path[-1]] for path in _outermost(paths)]

    def list_of(self, node: _Node) -> list[_Node]:
        """Return the row in which a layer stands now."""
        rows = [self.top]
        for row in rows:
            if node in row:
                return row
            rows.extend(one.inside for one in row)
        message = "the layer stands in no row"
        raise ValueError(message)

    def take(self, paths: Collection[Path]) -> None:
        """Take the layers of the paths out."""
        for node in self.nodes(paths):
            self.list_of(node).remove(node)

    def rebuilt(self, experiment: Experiment) -> Experiment:
        """Return the experiment with this network, and rules that have followed their layers."""
        old = set(every_path(experiment.network))
        places = dict(_places(self.top, ()))
        contenders = tuple(
            replace(one, rules=_followed(one.rules, places, old)) for one in experiment.contenders
        )
        network = tuple(node.choice() for node in self.top)
        return replace(experiment, network=network, contenders=contenders)


def _moved(network: Network, paths: Collection[Path], to: Path) -> _Tree | None:
    """Return the tree with these layers moved; None where that would be into one of them."""
    if any(to[: len(path)] == path and len(to) > len(path) for path in paths):
        return None
    tree, mark = _Tree(network), _Node(Choice(""))
    taken = tree.nodes(paths)
    siblings = tree.siblings(to)
    siblings.insert(to[-1], mark)
    for node in taken:
        tree.list_of(node).remove(node)
    at = siblings.index(mark)
    siblings[at : at + 1] = taken
    return tree


def _places(nodes: Sequence[_Node], above: Path) -> Iterator[tuple[Path, Path]]:
    """Return where each old layer was and is."""
    for at, node in enumerate(nodes):
        if node.path is not None:
            yield node.path, (*above, at)
        yield from _places(node.inside, (*above, at))


def _followed(
    rules: Iterable[Rule], places: Mapping[Path, Path], old: Collection[Path]
) -> tuple[Rule, ...]:
    kept = []
    for rule in rules:
        if rule.position is None or rule.position not in old:
            kept.append(rule)
        elif rule.position in places:
            kept.append(replace(rule, position=places[rule.position]))
    return tuple(kept)


def _replaced(network: Network, layers: Mapping[Path, Choice], above: Path) -> Network:
    found = []
    for at, layer in enumerate(network):
        path = (*above, at)
        new = layers.get(path, layer)
        found.append(replace(new, inside=_replaced(layer.inside, layers, path)))
    return tuple(found)


def _outermost(paths: Collection[Path]) -> list[Path]:
    """Return the paths in order, without those inside of another one of them."""
    chosen = set(paths)
    return sorted(
        path for path in chosen if not any(path[:end] in chosen for end in range(1, len(path)))
    )


def _end_of_row(network: Network, start: int) -> int:
    end = start + 1
    while end < len(network) and network[end].key not in (LINEAR, OUTPUT):
        end += 1
    return end


def _common(values: Iterable[T]) -> T | None:
    different = set(values)
    return different.pop() if len(different) == 1 else None
