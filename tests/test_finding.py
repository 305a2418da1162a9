"""What a finding proposes: it changes what it says, and nothing else."""

import pytest
from msgspec.structs import replace

from initstudio import edits
from initstudio.experiment import Choice, Experiment, Rule
from initstudio.finding import listed, mend, short
from tests.starts import experiment, first_rule_only, of_network, told


def with_rule(asked: Experiment, **where: object) -> Experiment:
    """Return the experiment whose contender has one rule more, which starts weights by ones."""
    rule = Rule(role="weight", scheme=Choice("ones"), **where)  # type: ignore[arg-type]
    return edits.add_rule(asked, 0, rule)


@pytest.mark.parametrize("where", [{"position": (2,)}, {"layer": "linear"}, {"parameter": "2.*"}])
@pytest.mark.parametrize("key", ["symmetry", "grows"])
def test_a_fix_wins_over_the_rule_that_made_it_needed(key: str, where: dict[str, object]) -> None:
    asked = with_rule(experiment("relu", 8, "kaiming_normal"), **where)
    fix = told(asked)[key].verdict.fix
    assert fix is not None
    assert key not in told(mend(asked, 0, fix))


def test_a_fix_for_one_layer_leaves_the_others() -> None:
    asked = with_rule(experiment("relu", 8, "kaiming_normal"), position=(2,))
    fix = told(asked)["symmetry"].verdict.fix
    assert fix is not None
    assert fix.places == ((2,),)
    rules = mend(asked, 0, fix).contenders[0].rules
    assert rules[:-1] == asked.contenders[0].rules
    assert rules[-1] == Rule(role="weight", scheme=Choice("activation_gain"), position=(2,))


def test_tensors_that_no_rule_hits_are_started_and_the_others_stay() -> None:
    asked = first_rule_only()
    fix = told(asked)["unstarted"].verdict.fix
    assert fix is not None
    general, special = mend(asked, 0, fix).contenders[0].rules
    assert general == Rule(role="weight", scheme=Choice("xavier_normal", {"gain": 1.0}))
    assert special == asked.contenders[0].rules[0]


def test_no_fix_is_offered_that_would_change_nothing() -> None:
    asked = experiment("silu", 30, "activation_gain")  # which only keeps a power of 1
    found = told(asked)
    assert found["grows"].verdict.fix is None
    assert found["first_loss"].verdict.fix is not None


def test_no_fix_is_offered_that_a_layer_refuses() -> None:
    """Sparse starts matrices only, and the bilinear layer's weight has three axes."""
    asked = of_network((Choice("linear"), Choice("bilinear"), Choice("output")), "sparse")
    rules = tuple(
        Rule(role="weight", scheme=Choice("sparse"), layer=kind) for kind in ("linear", "output")
    )
    one = replace(asked.contenders[0], rules=rules)
    found = told(replace(asked, contenders=(one, asked.contenders[1])))
    assert "2 Bilinear" in found["unstarted"].verdict.sentence
    assert found["unstarted"].verdict.fix is None


def test_layers_of_another_kind_are_for_all_contenders() -> None:
    asked = experiment("sigmoid", 6, "xavier_normal")
    fix = told(asked)["sigmoid_deep"].verdict.fix
    assert fix is not None
    assert fix.is_for_all
    mended = mend(asked, 0, fix)
    assert mended.contenders == asked.contenders
    assert [one.key for one in mended.network[:2]] == ["linear", "tanh"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.532, "0.53"),
        (1.13e-5, "1.1×10⁻⁵"),
        (1e-38, "10⁻³⁸"),
        (2.0, "2"),
        (1234.0, "1,200"),
        (3e7, "3×10⁷"),
        (0.0, "0"),
    ],
)
def test_numbers_are_as_a_person_reads_them(value: float, text: str) -> None:
    assert short(value) == text


def test_layers_are_listed_in_few_words() -> None:
    assert listed(["1 Linear"]) == "1 Linear"
    assert listed(["1 Linear", "3 Linear"]) == "1 Linear and 3 Linear"
    assert listed(["1 Linear", "3 Linear", "5 Linear"]) == "1 Linear and 2 more"
