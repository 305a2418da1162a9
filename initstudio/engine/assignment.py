"""Which scheme starts each tensor of a network: the rules of a contender, met with its layers.

It loads no torch.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from initstudio.catalogue import Params, Scheme, TensorSpec
from initstudio.engine.network import PlannedLayer
from initstudio.experiment import Contender, Rule
from initstudio.law import Law, times
from initstudio.schemes import SCHEMES


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Which scheme starts one tensor: the rule that won, or None for torch's own default."""

    layer: PlannedLayer
    tensor: TensorSpec
    rule: int | None
    scheme: Scheme[Any] | None
    params: Params | None

    @property
    def bites(self) -> bool:
        """Return whether what surprises people in the scheme does so with this tensor."""
        scheme = self.scheme
        if scheme is None:
            scheme = SCHEMES["torch_default"]
            return scheme.bites(scheme.parse({}), self.tensor)
        return bool(scheme.trap) and scheme.bites(self.params, self.tensor)

    @property
    def refused(self) -> bool:
        """Return whether the tensor cannot have its scheme."""
        return self.scheme is not None and bool(self.scheme.refuses(self.params, self.tensor))

    @property
    def drawn(self) -> Law:
        """Return the distribution that the tensor is drawn from."""
        if self.scheme is None:
            return self.tensor.default
        return self.scheme.law(self.params, self.tensor)

    @property
    def multiplier(self) -> float:
        """Return what the network multiplies the tensor by wherever it uses it."""
        if self.scheme is None or self.scheme.multiplier is None:
            return 1.0
        return self.scheme.multiplier(self.params, self.tensor)

    @property
    def law(self) -> Law:
        """Return the distribution of what the network starts with: the draws, multiplied."""
        return times(self.drawn, self.multiplier)

    @property
    def parameter(self) -> str:
        """Return the tensor's name in torch's `named_parameters`."""
        return f"{self.layer.module}.{self.tensor.name}"


def assign(contender: Contender, layers: tuple[PlannedLayer, ...]) -> tuple[Assignment, ...]:
    """Return what starts each tensor of these layers; the last rule that matches wins."""
    schemes = [SCHEMES[rule.scheme.key] for rule in contender.rules]
    chosen = [
        (scheme, scheme.parse(rule.scheme.params))
        for scheme, rule in zip(schemes, contender.rules, strict=True)
    ]
    return tuple(
        _assignment(contender, chosen, layer, tensor)
        for layer in layers
        for tensor in layer.tensors
    )


def multipliers_of(assignments: Iterable[Assignment]) -> dict[str, float]:
    """Return, by the parameter's name, what tensors are multiplied by; those by 1 are left out."""
    found = {one.parameter: one.multiplier for one in assignments}
    return {name: by for name, by in found.items() if by != 1}


def _assignment(
    contender: Contender,
    chosen: Sequence[tuple[Scheme[Any], Params]],
    layer: PlannedLayer,
    tensor: TensorSpec,
) -> Assignment:
    winner = None
    for index, rule in enumerate(contender.rules):
        if _matches(rule, layer, tensor):
            winner = index
    scheme, params = (None, None) if winner is None else chosen[winner]
    return Assignment(layer=layer, tensor=tensor, rule=winner, scheme=scheme, params=params)


def _matches(rule: Rule, layer: PlannedLayer, tensor: TensorSpec) -> bool:
    key = layer.layer.key if layer.layer else ""
    place = rule.position
    return (
        rule.role == tensor.role
        and rule.layer in (None, key)
        and (place is None or layer.path[: len(place)] == place)
        and (rule.parameter is None or fnmatchcase(f"{layer.module}.{tensor.name}", rule.parameter))
    )
