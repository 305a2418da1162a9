"""A person's own network trains, starts and is measured as if it were made of layers."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace
from torch import nn

from initstudio.catalogue import Place
from initstudio.engine.initialize import initialize
from initstudio.engine.network import every, network_layers
from initstudio.engine.plan import data_facts, plan, problems
from initstudio.engine.train import train
from initstudio.errors import ExperimentError
from initstudio.experiment import Choice, Contender, Data, Experiment, Recording, Rule, Training
from initstudio.history import Snapshot
from initstudio.layers import LAYERS
from initstudio.presets import contender
from initstudio.tunings import TUNINGS
from tests.engine.test_train import assert_equal_to_plain, experiment, series
from tests.own_networks import (
    CELL,
    CNN,
    GRU_CELL,
    HEAD,
    MLP,
    NOISY,
    RECURRENT,
    RESIDUAL,
    SHARED,
    own,
    read,
)

LAYERED = (
    Choice("linear", {"units": 7}),
    Choice("relu"),
    Choice("linear", {"units": 7}),
    Choice("tanh"),
    Choice("output"),
)


def images(network: tuple[Choice, ...]) -> Experiment:
    return replace(
        experiment(network, seeds=1),
        data=Data(dataset=Choice("digits", {"layout": "image"})),
        training=Training(epochs=3, batch_size=64),
    )


@pytest.mark.parametrize("code", [MLP, RESIDUAL, SHARED, CELL])
def test_an_own_network_trains_all_at_once_as_in_the_plain_loop(code: str) -> None:
    asked = experiment((own(code),))
    assert plan(asked).header.one_by_one == ()
    assert_equal_to_plain(asked)


@pytest.mark.parametrize("code", [RECURRENT, GRU_CELL, NOISY])
def test_what_cannot_be_batched_trains_one_by_one_as_in_the_plain_loop(code: str) -> None:
    asked = experiment((own(code),))
    assert plan(asked).header.one_by_one == ("Own network",)
    assert_equal_to_plain(asked)


def test_an_own_network_of_images_trains_as_in_the_plain_loop() -> None:
    assert_equal_to_plain(images((own(CNN, (1, 8, 8)),)))


def test_an_own_network_can_be_followed_by_layers() -> None:
    code = MLP.replace("classes=3", "classes=5")
    assert_equal_to_plain(experiment((own(code), Choice("tanh"), Choice("output"))))


def test_own_networks_can_stand_in_blocks_and_several_times() -> None:
    inner = MLP.replace("classes=3", "classes=6")
    block = Choice("repeat", {"times": 2}, inside=(own(inner), Choice("tanh")))
    asked = experiment((block, Choice("residual", inside=(own(inner),)), own(MLP)))
    names = [layer.module for layer in plan(asked).layers if layer.watched and layer.tensors]
    assert names[:6] == ["0.0.0.fc1", "0.0.0.fc2", "0.0.0.out", "0.1.0.fc1", "0.1.0.fc2",
                         "0.1.0.out"]  # fmt: skip
    labels = [layer.label for layer in plan(asked).layers]
    assert labels[5:8] == ["1.1 Own network", "1.2 Tanh", "1.1.1 Linear fc1 #2"]
    assert_equal_to_plain(asked)


TOKENS = f"""{HEAD}class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(10, 4)
        self.out = nn.Linear(4, 3)

    def forward(self, x):
        return self.out(self.table(x).mean(1).tanh())
"""


def test_an_own_network_reads_tokens() -> None:
    data = Data(dataset=Choice("copy", {"examples": 150, "recall": 1, "delay": 2}))
    asked = replace(experiment((Choice("output"),)), data=data)
    facts = data_facts(asked)
    code = TOKENS.replace("(10, 4)", f"({facts.tokens}, 4)").replace(
        "(4, 3)", f"(4, {facts.outputs})"
    )
    asked = replace(asked, network=(own(code, facts.shape, tokens=facts.tokens),))
    sites = [tensor.site.activation for layer in plan(asked).layers for tensor in layer.tensors]
    assert sites == ["tanh", "linear", "linear"]
    assert_equal_to_plain(asked)
    (problem,) = problems(replace(asked, data=experiment().data))
    assert problem.why.startswith(f"This network was read for {facts.shape[0]} of {facts.tokens} ")


def test_the_same_network_of_layers_starts_with_the_same_bits_and_gives_the_same_readings() -> None:
    written, layered = experiment((own(MLP),)), experiment(LAYERED)
    for index in range(len(written.contenders)):
        mine = list(initialize(plan(written), index, 5).parameters())
        theirs = list(initialize(plan(layered), index, 5).parameters())
        assert len(mine) == len(theirs) == 6
        assert all(torch.equal(one, other) for one, other in zip(mine, theirs, strict=True))
    found, wanted = list(train(written)), list(train(layered))
    for key in ("loss", "validation_loss", "gradient_norm"):
        np.testing.assert_allclose(series(found, key), series(wanted, key), rtol=1e-4)
    assert plan(written).header.layers == (
        "1.1 Linear fc1",
        "1.2 ReLU in forward",
        "1.3 Linear fc2",
        "1.4 Tanh act",
        "1.5 Linear out",
    )
    assert plan(written).header.activations == plan(layered).header.activations == (1, 3)
    np.testing.assert_allclose(activation_std(found), activation_std(wanted), rtol=1e-4)


def activation_std(snapshots: list[Snapshot]) -> np.ndarray:
    return series(snapshots, "activation_std")


def test_it_starts_as_the_persons_own_script_under_apply() -> None:
    """Draws go in the order of `apply`, which is not the order of the signal (head is first)."""
    asked = images((own(CNN, (1, 8, 8)),))
    found = initialize(plan(asked), 0, 3)

    def init(module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
            module.bias.zero_()  # type: ignore[union-attr] # these have one

    namespace: dict[str, type[nn.Module]] = {}
    exec(CNN, namespace)  # noqa: S102 - the script of a test
    torch.manual_seed(3)
    script = namespace["Net"]()
    with torch.no_grad():
        script.apply(init)
    assert [one.module for one in plan(asked).layers][:2] == ["0.conv1", "0.call 1 of relu()"]
    for name, parameter in script.named_parameters():
        assert torch.equal(found.get_parameter(f"0.{name}"), parameter), name


def test_a_function_in_forward_is_what_a_layers_activation_is() -> None:
    asked = images((own(CNN, (1, 8, 8)),))
    sites = {
        f"{layer.module}.{tensor.name}": tensor.site
        for layer in plan(asked).layers
        for tensor in layer.tensors
    }
    assert sites["0.conv1.weight"].activation == "relu"
    assert sites["0.conv2.weight"].activation == "relu"
    assert sites["0.head.weight"].activation == "linear"
    assert [sites[f"0.{name}.weight"].at for name in ("conv1", "conv2", "head")] == [0, 1, 2]
    assert sites["0.head.weight"].is_last


def test_an_activation_that_is_used_again_counts_for_each_layer_that_it_follows() -> None:
    found = plan(experiment((own(SHARED),))).layers
    by_name = {layer.module: layer for layer in found}
    assert [layer.label for layer in found] == [
        "1.1 Linear stem",
        "1.2 Linear twice (used 2 times)",
        "1.3 Tanh act (used 4 times)",
        "1.4 Linear tied",
        "1.5 Linear more",
        "1.6 Tanh act again",
        "1.7 Linear out",
        "1 Own network",
    ]
    assert by_name["0.twice"].tensors[0].site.activation == "tanh"
    assert [tensor.name for tensor in by_name["0.tied"].tensors] == ["bias"]
    assert by_name["0.tied"].tensors[0].fan_in == 8
    assert by_name["0.more"].tensors[0].site.activation == "tanh"
    assert by_name["0.call 4 of act"].label == "1.6 Tanh act again"
    assert [one.label for one in found if not one.gives_own_output] == ["1 Own network"]


def test_rules_find_its_parts_by_kind_position_and_name() -> None:
    def zeros(**which: object) -> Rule:
        return Rule(role="weight", scheme=Choice("zeros"), **which)  # type: ignore[arg-type]

    asked = experiment((own(RESIDUAL),))
    for rule, hit in (
        (zeros(layer="linear"), {"stem", "blocks.0.lin", "blocks.1.lin", "out"}),
        (zeros(position=(0, 1)), {"blocks.0.lin"}),
        (zeros(position=(0,)), {"stem", "blocks.0.lin", "blocks.1.lin", "out"}),
        (zeros(parameter="0.blocks.*.lin.weight"), {"blocks.0.lin", "blocks.1.lin"}),
    ):
        one = Contender(name="Z", slot=0, rules=(rule,))
        network = initialize(plan(replace(asked, contenders=(one,))), 0, 1)
        zero = {name for name, value in network.named_parameters() if not value.any()}
        assert {f"0.{name}.weight" for name in hit} == {n for n in zero if "norm" not in n}


def test_what_is_changed_in_place_is_measured_as_it_was() -> None:
    """A norm's output has std 1; the sum and the ReLU that overwrite it do not."""
    code = RESIDUAL.replace("nn.Dropout(0.3)", "nn.Identity()")
    asked = replace(experiment((own(code),), seeds=1), recording=Recording(every=1))
    header = plan(asked).header
    at = header.layers.index("1.3 BatchNorm1d blocks.0.norm")
    found = activation_std(list(train(asked)))
    np.testing.assert_allclose(found[0, :, at], 1, rtol=1e-2)
    assert found[0, 0, header.layers.index("1.5 ReLU blocks.0.relu")] != pytest.approx(1, rel=0.05)


def test_functions_and_modules_that_are_used_again_are_measured_as_they_are() -> None:
    """Against the same network with a module for each call."""
    again = MLP.replace("self.act(self.fc2(F.relu(", "self.act(self.fc2(self.act(")
    apart = MLP.replace("self.act(self.fc2(F.relu(", "self.act(self.fc2(self.other(").replace(
        "self.act = nn.Tanh()", "self.act, self.other = nn.Tanh(), nn.Tanh()"
    )
    plain = MLP.replace("F.relu(", "F.silu(")
    more = "def more(self, x):\n        x += 1\n        return x - 1\n\n    def forward"
    changed = plain.replace("F.silu(self.fc1(x))", "self.more(F.silu(self.fc1(x)))")
    changed = changed.replace("def forward", more)
    for one, other in ((again, apart), (changed, plain)):
        found, wanted = (
            activation_std(list(train(experiment((own(code),))))) for code in (one, other)
        )
        np.testing.assert_allclose(found, wanted, rtol=1e-4)


def test_code_that_is_not_trusted_is_shown_and_does_not_run() -> None:
    code = MLP + "\nraise RuntimeError('it ran')\n"
    described = own(MLP).params["described"]
    choice = Choice("own", {"code": code, "factory": "Net", "described": described})
    asked = experiment((choice,))
    facts = data_facts(asked)
    layers = list(every(network_layers(asked.network, facts)))
    assert [layer.shape_out for layer in layers][-1] == (3,)
    assert sum(layer.parameters for layer in network_layers(asked.network, facts)) == 129
    (problem,) = problems(asked)
    assert problem.where == "$.experiment.network[0].params.code"
    assert "not trusted" in problem.why
    with pytest.raises(ExperimentError, match="not trusted"):
        next(train(asked))
    layer = LAYERS["own"]
    with pytest.raises(ExperimentError, match="not trusted"):
        layer.build(layer.parse(choice.params), Place(shape=(6,), outputs=3))


def test_data_of_another_shape_and_answers_of_another_size_are_told_of() -> None:
    asked = experiment((own(MLP.replace("classes=3", "classes=4")),))
    (problem,) = problems(asked)
    assert problem.why == (
        "The network ends with 4 values and the data has 3 classes; end it with Output."
    )
    (problem,) = problems(images((own(MLP),)))
    assert problem.why == (
        "This network was read for 6, and 1 x 8 x 8 comes in; choose Read again."
    )


def test_a_network_that_is_another_by_now_is_told_of() -> None:
    choice = own(MLP)
    other = own(MLP.replace("hidden=7", "hidden=9"))
    mixed = replace(choice, params={**choice.params, "code": other.params["code"]})
    with pytest.raises(ExperimentError) as caught:
        next(train(experiment((mixed,))))
    assert (
        caught.value.why
        == "fc1.weight is 9 x 6, and was 7 x 6 when the network was read; read it again."
    )


def test_code_that_draws_with_numpy_starts_by_the_seed_too() -> None:
    code = MLP.replace("        self.act", "        import numpy as np\n"
    "        self.out.weight.data = torch.from_numpy(np.random.randn(3, 7)).float()\n"
    "        self.act")  # fmt: skip
    asked = replace(
        experiment((own(code),)), contenders=(contender("T", 0, "torch_default", "torch_default"),)
    )
    one, again, other = (
        initialize(plan(asked), 0, seed).get_parameter("0.out.weight") for seed in (1, 1, 2)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_its_description_tells_of_its_own_tensors_and_its_own_output() -> None:
    found = read(RESIDUAL)
    assert [(one.name, one.role) for one in found.tensors] == [("scale", "scale")]
    assert not found.watched
    assert read(NOISY.replace("return self.out", "return 2 * self.out")).watched


@pytest.mark.parametrize("key", sorted(TUNINGS))
def test_tunings_do_the_same_as_with_layers(key: str) -> None:
    tuned = Contender(name="T", slot=0, rules=(), tuning=Choice(key))
    found, wanted = (
        initialize(plan(replace(experiment(network), contenders=(tuned,))), 0, 4)
        for network in ((own(MLP),), LAYERED)
    )
    for one, other in zip(found.parameters(), wanted.parameters(), strict=True):
        torch.testing.assert_close(one, other)
