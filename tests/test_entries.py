"""The contract that every catalogue entry keeps, present and future."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast

import msgspec
import pytest
import torch

from initstudio.catalogue import Entry, Layer, Place, Role, Scheme, Shape, TensorSpec
from initstudio.datasets import DATASETS
from initstudio.declared import Param, params_of
from initstudio.errors import ExperimentError
from initstudio.layers import LAYERS
from initstudio.measurement import Probe
from initstudio.probes import PROBES
from initstudio.schemes import SCHEMES
from initstudio.tunings import TUNINGS
from tests.specs import spec

CATALOGUES: dict[str, Mapping[str, Entry[Any]]] = {
    "layers": LAYERS,
    "schemes": SCHEMES,
    "tunings": TUNINGS,
    "datasets": DATASETS,
    "probes": PROBES,
}
ENTRIES = [
    pytest.param(entry, id=f"{room}.{key}")
    for room, catalogue in CATALOGUES.items()
    for key, entry in catalogue.items()
]
PARAMETERS = [
    pytest.param(entry, param, id=f"{room}.{entry.key}.{param.name}")
    for room, catalogue in CATALOGUES.items()
    for entry in catalogue.values()
    for param in params_of(entry.params)
]

NAMED_LAYERS = {"linear", "output", "dropout", "batch_norm", "layer_norm", "flatten"}
NAMED_ACTIVATIONS = {
    *("relu", "leaky_relu", "tanh", "sigmoid", "gelu", "silu", "elu", "selu"),
    *("softplus", "softsign", "mish", "prelu"),
}
NAMED_SCHEMES = {
    *("torch_default", "xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"),
    *("uniform", "normal", "truncated_normal", "constant", "zeros", "ones", "orthogonal"),
    "lecun_normal",
}


REFUSED_BY_TORCH = {
    *("xavier_uniform", "xavier_normal", "kaiming_uniform", "kaiming_normal"),
    *("lecun_normal", "lecun_uniform", "orthogonal"),
}
"""Schemes whose functions in torch refuse what has one dimension, too."""

FAN_IN, FAN_OUT = 300, 200
SIGMAS = 5.2
"""A right implementation strays further from its mean with probability 2e-7."""

every_entry = pytest.mark.parametrize("entry", ENTRIES)
every_layer = pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
every_scheme = pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)


def tensor_of(role: Role) -> TensorSpec:
    if role == "weight":
        return spec(FAN_OUT, FAN_IN)
    if role == "slope":
        return spec(1, role=role)
    return spec(FAN_OUT, role=role, fans=(FAN_IN, FAN_OUT) if role == "bias" else None)


# What every entry says of itself


def test_the_catalogues_hold_what_the_issue_names() -> None:
    assert set(LAYERS) >= NAMED_LAYERS
    activations = {key for key, layer in LAYERS.items() if layer.group == "Activation"}
    assert activations >= NAMED_ACTIVATIONS
    assert set(SCHEMES) >= NAMED_SCHEMES


@every_entry
def test_an_entry_says_what_it_is(entry: Entry[Any]) -> None:
    assert entry.key.isidentifier()
    assert entry.key == entry.key.lower()
    assert entry.label.strip() == entry.label != ""
    assert entry.summary.endswith(".")
    assert entry.summary[0] != " "
    assert "\n" not in entry.summary
    assert len(entry.summary) <= 160
    assert type(entry).__dataclass_params__.frozen  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "entry",
    [*LAYERS.values(), *SCHEMES.values(), *TUNINGS.values()],
    ids=lambda one: one.key,
)
def test_layers_schemes_and_tunings_name_their_source(entry: Entry[Any]) -> None:
    assert entry.source


@pytest.mark.parametrize("catalogue", CATALOGUES.values(), ids=CATALOGUES)
def test_labels_of_a_room_differ(catalogue: Mapping[str, Entry[Any]]) -> None:
    labels = [entry.label for entry in catalogue.values()]
    assert len(set(labels)) == len(labels) > 0
    assert all(key == entry.key for key, entry in catalogue.items())


# Parameters


@every_entry
def test_defaults_keep_their_own_limits(entry: Entry[Any]) -> None:
    defaults = entry.parse({})
    assert entry.parse(msgspec.to_builtins(defaults)) == defaults


@every_entry
def test_an_unknown_parameter_is_refused_with_its_place(entry: Entry[Any]) -> None:
    with pytest.raises(ExperimentError) as caught:
        entry.parse({"no_such": 1}, "$.here.params")
    assert caught.value.where == "$.here.params"
    assert "no_such" in caught.value.why


@pytest.mark.parametrize(("entry", "param"), PARAMETERS)
def test_a_parameter_explains_itself(entry: Entry[Any], param: Param) -> None:
    assert param.label
    assert param.label[0].isupper()
    assert not param.help or param.help.endswith((".", ")"))
    if param.kind in ("integer", "number"):
        assert math.isfinite(param.low), "a form and a person need a least value"
        assert math.isfinite(param.high), "a form and a person need a greatest value"
        assert param.low < param.high
    assert param.kind != "choice" or len({label for _, label in param.choices}) > 1


@pytest.mark.parametrize(("entry", "param"), PARAMETERS)
def test_a_value_of_another_type_is_refused_with_its_place(entry: Entry[Any], param: Param) -> None:
    wrong = {"switch": 1, "integer": "1", "number": "1", "choice": "no such", "text": 1}
    for value in (wrong[param.kind], None, [], {}):
        with pytest.raises(ExperimentError) as caught:
            entry.parse({param.name: cast("Any", value)}, "$.params")
        assert caught.value.where == f"$.params.{param.name}"
        assert caught.value.why


@pytest.mark.parametrize(
    ("entry", "param"),
    [case for case in PARAMETERS if cast("Param", case.values[1]).kind in ("integer", "number")],
)
def test_a_number_past_its_limits_is_refused_with_its_place(
    entry: Entry[Any], param: Param
) -> None:
    step = 1 if param.kind == "integer" else max(1e-9, 1e-9 * abs(param.high))
    beyond: list[float] = [param.low - step, param.high + step]
    beyond += [param.low] * param.low_open + [param.high] * param.high_open
    beyond += [math.nan, math.inf, -math.inf]
    for value in beyond:
        with pytest.raises(ExperimentError) as caught:
            entry.parse({param.name: value}, "$.params")
        assert caught.value.where == f"$.params.{param.name}"
    within = [param.low] * (not param.low_open) + [param.high] * (not param.high_open)
    for value in within:
        fits = int(value) if param.kind == "integer" else value
        assert getattr(entry.parse({param.name: fits}), param.name) == fits


# Layers


def place_of(layer: Layer[Any], shape: Shape) -> Place:
    """Return a place with tokens for a layer that reads them, and with Tanh inside of a block."""
    bodies = tuple(torch.nn.Tanh() for _ in layer.bodies(layer.parse({}))) if layer.bodies else ()
    tokens = 9 if layer.reads_tokens else 0
    return Place(shape=shape, outputs=7, tokens=tokens, inside=shape, bodies=bodies)


def refusal(layer: Layer[Any], place: Place) -> str:
    """Return why a layer cannot stand there with its defaults, or ""."""
    try:
        layer.shape(layer.parse({}), place)
    except ValueError as error:
        return str(error)
    return ""


@every_layer
@pytest.mark.parametrize("shape", [(12,), (1,), (1, 8, 8), (3, 5), (4, 12)], ids=str)
def test_a_layer_is_what_it_announces(layer: Layer[Any], shape: Shape) -> None:
    params, place = layer.parse({}), place_of(layer, shape)
    if why := refusal(layer, place):
        assert re.fullmatch(r"[A-Z0-9][^.]*; (put [A-Z]|change|choose|keep|leave)[^.]*\.", why)
        return
    out = layer.shape(params, place)
    module = layer.build(params, place)
    x = torch.zeros(4, *shape, dtype=torch.int64) if place.tokens else torch.randn(4, *shape)
    assert tuple(module(x).shape) == (4, *out)
    announced = {one.name: one.shape for one in layer.tensors(params, place)}
    assert announced == {name: tuple(one.shape) for name, one in module.named_parameters()}


@every_layer
def test_a_layer_announces_the_tensors_of_all_its_switches(layer: Layer[Any]) -> None:
    places = [place_of(layer, shape) for shape in ((12,), (4, 12), (4, 8, 8))]
    place = next((one for one in places if not refusal(layer, one)), None)
    if place is None:
        return
    for param in params_of(layer.params):
        if param.kind != "switch":
            continue
        params = layer.parse({param.name: not param.default})
        layer.shape(params, place)
        module = layer.build(params, place)
        announced = {one.name: one.shape for one in layer.tensors(params, place)}
        assert announced == {name: tuple(one.shape) for name, one in module.named_parameters()}


@every_layer
def test_a_layer_names_each_tensors_part(layer: Layer[Any]) -> None:
    for shape in ((12,), (4, 12), (4, 8, 8)):
        place = place_of(layer, shape)
        for tensor in () if refusal(layer, place) else layer.tensors(layer.parse({}), place):
            if tensor.role == "weight":
                pair = torch.nn.init._calculate_fan_in_and_fan_out(torch.empty(tensor.shape))
                assert (tensor.fan_in, tensor.fan_out) == pair
            if tensor.role in ("scale", "shift", "slope"):
                assert (tensor.fan_in, tensor.fan_out) == (0, 0)


# Schemes


def roles_taken(scheme: Scheme[Any]) -> Iterator[Role]:
    roles: tuple[Role, ...] = ("weight", "bias", "scale", "shift", "slope")
    yield from (role for role in roles if not scheme.refuses(scheme.parse({}), tensor_of(role)))


@every_scheme
@pytest.mark.parametrize("role", ["weight", "bias", "scale", "shift", "slope"])
def test_a_scheme_takes_what_it_offers_and_refuses_the_rest_in_a_sentence(
    scheme: Scheme[Any], role: Role
) -> None:
    why = scheme.refuses(scheme.parse({}), tensor_of(role))
    if role == "weight" and why and scheme.refuses(scheme.parse({}), spec(8, 4, 3, 3)) is None:
        assert "needs a convolution" in why
        return
    if role in scheme.roles:
        # the formula that is there at first is for weights: there are no fans to divide by
        assert why is None or (scheme.key == "formula" and "divides by zero" in why)
    else:
        assert why
        assert why.endswith(".")
        assert f"a {role} " in why
        if scheme.draw and scheme.key in REFUSED_BY_TORCH:
            with pytest.raises(ValueError, match="dimension"):
                scheme.draw(
                    torch.empty(FAN_OUT), scheme.parse({}), tensor_of(role), torch.Generator()
                )


@every_scheme
def test_a_scheme_has_a_formula_and_any_trap_is_a_sentence(scheme: Scheme[Any]) -> None:
    assert scheme.formula
    assert scheme.roles
    assert not scheme.trap or scheme.trap.endswith(".")


@every_scheme
def test_a_scheme_draws_by_its_law(scheme: Scheme[Any]) -> None:
    params = scheme.parse({})
    for role in roles_taken(scheme):
        tensor = tensor_of(role)
        law = scheme.law(params, tensor)
        assert law.low <= law.mean <= law.high
        assert law.std >= 0
        if scheme.draw is None:
            continue
        drawn = torch.stack(list(draws(scheme, tensor, 20))).double()
        edge = 1e-7 * max(abs(law.low), abs(law.high)) if math.isfinite(law.low) else 0
        assert drawn.min() >= law.low - edge
        assert drawn.max() <= law.high + edge
        many = drawn.numel()
        rounding = 1e-7 * abs(law.mean)
        assert drawn.mean().item() == pytest.approx(
            law.mean, abs=SIGMAS * law.std / many**0.5 + rounding
        )
        # the kurtosis of no law here exceeds the normal's
        assert drawn.std(correction=0).item() == pytest.approx(
            law.std, abs=SIGMAS * law.std * (0.5 / many) ** 0.5 + 2 * law.std / many
        )


def draws(scheme: Scheme[Any], tensor: TensorSpec, count: int) -> Iterator[torch.Tensor]:
    generator = torch.Generator().manual_seed(5)
    for _ in range(count):
        values = torch.full(tensor.shape, math.nan)
        if scheme.draw:
            scheme.draw(values, scheme.parse({}), tensor, generator)
        yield values


@every_scheme
def test_a_draw_depends_on_its_generator_alone(scheme: Scheme[Any]) -> None:
    weight = tensor_of("weight")
    if scheme.refuses(scheme.parse({}), weight):
        weight = spec(8, 4, 3, 3) if "weight" in scheme.roles else tensor_of("bias")
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = next(draws(scheme, weight, 1))
    assert torch.equal(torch.get_rng_state(), before)
    torch.rand(3)
    again = next(draws(scheme, weight, 1))
    assert torch.equal(again.nan_to_num(9), first.nan_to_num(9))


# Probes


@pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)
def test_a_probe_names_its_axes_and_its_cadence(probe: Probe) -> None:
    assert probe.axes[0] == "replica"
    assert probe.cadence in ("step", "snapshot", "seldom", "epoch", "start")
    assert len(probe.axes) == 1 or probe.cadence != "step"
