"""The starting weights are those of a person's own script, bit for bit."""

from collections.abc import Callable

import pytest
import torch
from msgspec.structs import replace
from torch import nn

from initstudio.engine.initialize import initialize
from initstudio.engine.plan import plan
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Contender, Data, Experiment, Rule
from initstudio.presets import ARTICLE, contender
from initstudio.tunings import TUNINGS


class SimpleNN(nn.Module):
    """The network as the article writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1 = nn.Linear(20, 64)
        self.fc2 = nn.Linear(64, 64)
        self.fc3 = nn.Linear(64, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.fc1(x))
        outputs: torch.Tensor = self.fc3(torch.relu(self.fc2(x)))
        return outputs


def init_xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.xavier_uniform_(module.weight)
        nn.init.zeros_(module.bias)


def init_kaiming(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
        nn.init.zeros_(module.bias)


def init_normal(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.normal_(module.weight, mean=0.0, std=0.01)
        nn.init.zeros_(module.bias)


@pytest.mark.parametrize(("index", "init"), [*enumerate([init_xavier, init_kaiming, init_normal])])
@pytest.mark.parametrize("seed", [0, 1, 12345])
def test_as_the_articles_script(index: int, init: Callable[[nn.Module], None], seed: int) -> None:
    torch.manual_seed(seed)
    own = SimpleNN()
    own.apply(init)
    ours = initialize(plan(ARTICLE), index, seed)
    for mine, theirs in zip(ours.parameters(), own.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_torch_default_is_what_torch_draws() -> None:
    asked = Experiment(
        network=ARTICLE.network,
        data=ARTICLE.data,
        contenders=(contender("Default", 0, "torch_default", "torch_default"),),
    )
    torch.manual_seed(3)
    own = SimpleNN()
    for mine, theirs in zip(
        initialize(plan(asked), 0, 3).parameters(), own.parameters(), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_the_last_matching_rule_wins_and_norms_keep_their_scale() -> None:
    rules = (
        Rule(role="weight", scheme=Choice("zeros")),
        Rule(role="weight", scheme=Choice("constant", {"value": 0.5}), position=(0,)),
        Rule(role="bias", scheme=Choice("ones"), layer="output"),
    )
    asked = Experiment(
        network=(Choice("linear"), Choice("layer_norm"), Choice("output")),
        data=Data(dataset=Choice("random")),
        contenders=(Contender(name="Mixed", slot=0, rules=rules),),
    )
    found = initialize(plan(asked), 0, 0).state_dict()
    assert (found["0.weight"] == 0.5).all()
    assert (found["2.weight"] == 0).all()
    assert (found["1.weight"] == 1).all()
    assert (found["2.bias"] == 1).all()
    # no rule: torch's own default
    assert found["0.bias"].abs().max() <= 20**-0.5
    assert found["0.bias"].unique().numel() > 1


def test_the_global_generator_is_left_as_it_was() -> None:
    torch.manual_seed(8)
    before = torch.get_rng_state()
    initialize(plan(ARTICLE), 0, 0)
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("key", TUNINGS)
def test_a_tuning_works_on_the_first_batch_of_its_seed(key: str) -> None:
    tuned = replace(ARTICLE.contenders[1], tuning=Choice(key))
    asked = replace(ARTICLE, contenders=(ARTICLE.contenders[1], replace(tuned, slot=3)))
    resolved = plan(asked)
    plain, first, again = (initialize(resolved, at, 4) for at in (0, 1, 1))
    pairs = zip(first.state_dict().values(), again.state_dict().values(), strict=True)
    assert all(torch.equal(one, other) for one, other in pairs)
    pairs = zip(plain.state_dict().values(), first.state_dict().values(), strict=True)
    assert not all(torch.equal(one, other) for one, other in pairs)


def test_what_cannot_be_tuned_is_told_with_its_contender() -> None:
    dead = contender("Dead", 0, "zeros")
    dead = replace(dead, tuning=Choice("lsuv", {"start": "drawn"}))
    with pytest.raises(ExperimentError, match="Dead: ") as caught:
        initialize(plan(replace(ARTICLE, contenders=(dead,))), 0, 0)
    assert caught.value.where == "$.experiment.contenders[0].tuning"
