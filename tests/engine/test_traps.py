"""What surprises people in fans is told where it bites, and nowhere else."""

import pytest
from msgspec.structs import replace

from initstudio.catalogue import Value
from initstudio.engine.plan import plan
from initstudio.engine.traps import TRANSPOSED, traps_of
from initstudio.experiment import Choice, Contender, Rule
from initstudio.presets import ARTICLE
from tests.specs import IMAGE


def traps(layer: str, scheme: str, params: dict[str, Value] | None = None, **values: Value) -> str:
    rule = Rule(role="weight", scheme=Choice(scheme, params or {}), layer=layer)
    asked = replace(
        ARTICLE,
        network=(*IMAGE, Choice(layer, dict(values)), Choice("flatten"), Choice("output")),
        contenders=(Contender(name="It", slot=0, rules=(rule,)),),
    )
    (one,) = [a for a in plan(asked).assignments[0] if a.tensor.layer == layer and a.scheme]
    return " ".join(traps_of(one))


UNDIVIDED = (
    "torch does not divide fan-out by the 2 groups: it counts outgoing channels that no weight "
    "meets."
)
GROUPED: dict[str, Value] = {"channels": 8, "groups": 2}


@pytest.mark.parametrize(
    ("layer", "scheme", "params", "values", "said"),
    [
        ("conv_transpose2d", "kaiming_normal", {}, {"channels": 8}, TRANSPOSED),
        ("conv_transpose2d", "xavier_normal", {}, {"channels": 8}, ""),
        ("conv2d", "kaiming_normal", {}, GROUPED, ""),
        (
            "conv2d",
            "kaiming_normal",
            {"mode": "fan_out"},
            GROUPED,
            UNDIVIDED,
        ),
        ("conv2d", "kaiming_normal", {"mode": "fan_out"}, {"channels": 8}, ""),
        ("conv2d", "normal", {}, GROUPED, ""),
    ],
)
def test_fans_of_convolutions(
    layer: str, scheme: str, params: dict[str, Value], values: dict[str, Value], said: str
) -> None:
    assert traps(layer, scheme, params, **values) == said


def test_a_depthwise_convolution_is_all_groups() -> None:
    assert "by the 4 groups" in traps("depthwise", "xavier_uniform")
