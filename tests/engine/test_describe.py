"""What is read of a person's own network, against torch; and a sentence for what cannot be used."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from initstudio import own_network
from initstudio.catalogue import Place
from initstudio.described import checked, from_text, to_text
from initstudio.engine.describe import read as read_file
from initstudio.errors import ExperimentError
from initstudio.layers import LAYERS
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
    read,
)

NETWORKS = [
    pytest.param(MLP, (6,), id="mlp"),
    pytest.param(CNN, (1, 8, 8), id="cnn"),
    pytest.param(RESIDUAL, (6,), id="residual"),
    pytest.param(RECURRENT, (6,), id="recurrent"),
    pytest.param(CELL, (6,), id="cell"),
    pytest.param(GRU_CELL, (6,), id="gru cell"),
    pytest.param(SHARED, (6,), id="shared"),
    pytest.param(NOISY, (6,), id="noisy"),
]


@pytest.mark.parametrize(("code", "shape"), NETWORKS)
def test_parameters_and_shapes_are_those_of_the_module(code: str, shape: tuple[int, ...]) -> None:
    found = read(code, shape)
    network = own_network.prepared(own_network.make(code, "Net"), found.parts)
    known = {name: tuple(one.shape) for name, one in network.named_parameters()}
    assert found.parameters() == known
    outputs: dict[str, list[tuple[int, ...]]] = {}

    def met(name: str) -> Any:  # noqa: ANN401 - a hook
        def hook(_module: object, inputs: Any, output: Any) -> None:  # noqa: ANN401
            first = output if isinstance(output, torch.Tensor) else output[0]
            outputs.setdefault(name, [tuple(inputs[0].shape[1:]), tuple(first.shape[1:])])

        return hook

    for name, module in network.named_modules():
        module.register_forward_hook(met(name))
    answer = network(torch.randn(5, *shape))
    assert found.shape_out == tuple(answer.shape[1:])
    watched = [part for part in found.parts if part.watched]
    assert [[part.shape_in, part.shape_out] for part in watched] == [
        outputs[part.module] for part in watched
    ]
    called = [name for name in outputs if name and not any(network.get_submodule(name).children())]
    assert [part.module for part in watched] == called, "each once, in the order of the signal"
    assert from_text(to_text(found)) == found == checked(found)


@pytest.mark.parametrize(("code", "shape"), NETWORKS)
def test_fans_are_as_torch_counts_them(code: str, shape: tuple[int, ...]) -> None:
    network = own_network.make(code, "Net")
    for part in read(code, shape).parts:
        for tensor in part.tensors:
            parameter = network.get_parameter(f"{part.module}.{tensor.name}")
            if tensor.role == "weight":
                fans = nn.init._calculate_fan_in_and_fan_out(parameter)
                assert (tensor.fan_in, tensor.fan_out) == fans


LAWS = (
    HEAD
    + """class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.plain = nn.Linear(6, 9)
        self.normal = nn.Linear(9, 9)
        nn.init.normal_(self.normal.weight, 0.1, 0.02)
        nn.init.zeros_(self.normal.bias)
        self.he = nn.Linear(9, 9)
        nn.init.kaiming_normal_(self.he.weight, nonlinearity="relu")
        nn.init.constant_(self.he.bias, 0.5)
        self.orthogonal = nn.Linear(9, 9)
        nn.init.orthogonal_(self.orthogonal.weight)
        with torch.no_grad():
            self.orthogonal.bias[:4] = 1
        self.scaled = nn.Parameter(torch.randn(9) * 0.3)
        self.drawn = nn.Parameter(torch.randn(9))
        self.out = nn.Linear(9, 3)
        self.apply(self.start)

    def start(self, module):
        if module is getattr(self, "out", None):
            module.weight.data.uniform_(-0.25, 0.75)

    def forward(self, x):
        x = self.orthogonal(self.he(self.normal(self.plain(x))))
        return self.out(x * self.scaled + self.drawn)
"""
)


def test_laws_are_those_that_the_constructor_draws_from() -> None:
    found = read(LAWS)
    laws = {f"{part.module}.{one.name}": one.law for part in found.parts for one in part.tensors}
    laws |= {one.name: one.law for one in found.tensors}
    numbers: dict[str, Any] = {name: (one.kind, one.mean, one.std) for name, one in laws.items()}
    bound = 1 / math.sqrt(6)
    assert laws["plain.weight"].law().high == pytest.approx(bound)
    assert numbers["plain.weight"] == (
        "uniform",
        pytest.approx(0),
        pytest.approx(bound / math.sqrt(3)),
    )
    assert laws["plain.bias"].std == pytest.approx(laws["plain.weight"].std)
    assert numbers["normal.weight"] == ("normal", 0.1, 0.02)
    assert numbers["normal.bias"] == ("constant", 0, 0)
    assert numbers["he.weight"] == ("normal", 0, pytest.approx(math.sqrt(2 / 9)))
    assert numbers["he.bias"] == ("constant", 0.5, 0)
    assert numbers["out.weight"] == ("uniform", 0.25, pytest.approx(1 / math.sqrt(12)))
    assert numbers["drawn"] == ("normal", 0, 1)
    for name in ("orthogonal.weight", "orthogonal.bias", "scaled"):
        assert laws[name].kind == "own", name
    square = laws["orthogonal.weight"].mean ** 2 + laws["orthogonal.weight"].std ** 2
    assert square == pytest.approx(1 / 9)  # 9 rows of length 1


@pytest.mark.parametrize(
    ("key", "module", "shape"),
    [
        ("linear", "nn.Linear(6, 5)", (6,)),
        ("conv2d", "nn.Conv2d(2, 5, 3, padding=1)", (2, 4, 4)),
        ("conv1d", "nn.Conv1d(4, 5, 3, padding=1)", (4, 6)),
        ("conv_transpose2d", "nn.ConvTranspose2d(2, 5, 4, 2, 1)", (2, 4, 4)),
        ("batch_norm", "nn.BatchNorm1d(6)", (6,)),
        ("layer_norm", "nn.LayerNorm(6)", (6,)),
        ("group_norm", "nn.GroupNorm(2, 4)", (4, 3, 3)),
        ("rms_norm", "nn.RMSNorm(6)", (6,)),
        ("prelu", "nn.PReLU()", (6,)),
    ],
)
def test_a_module_of_torch_is_described_as_the_catalogues_layer_is(
    key: str, module: str, shape: tuple[int, ...]
) -> None:
    (part,) = read(f"{HEAD}def make():\n    return nn.Sequential({module})\n", shape, "make").parts
    layer = LAYERS[key]
    given = {"units": 5, "channels": 5, "groups": 2, "kernel": 4 if "transpose" in key else 3}
    known = {name: given[name] for name in given.keys() & set(layer.params.__struct_fields__)}
    if key.startswith("conv"):
        del known["groups"]
    wanted = layer.tensors(layer.parse(known), Place(shape=shape, outputs=1))
    assert part.key == key
    assert [
        (one.name, one.role, one.shape, one.fan_in, one.fan_out, one.gates) for one in part.tensors
    ] == [(one.name, one.role, one.shape, one.fan_in, one.fan_out, one.gates) for one in wanted]
    for one, other in zip(part.tensors, wanted, strict=True):
        law = one.law.law()
        assert law.kind == other.default.kind
        assert (law.mean, law.std) == pytest.approx((other.default.mean, other.default.std))


def test_attention_and_recurrence_are_described_with_their_gates() -> None:
    code = f"""{HEAD}class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.lstm = nn.LSTM(4, 3, batch_first=True)

    def forward(self, x):
        return self.lstm(self.attention(x, x, x)[0])[0][:, -1]
"""
    attention, lstm = read(code, (5, 4)).parts
    layer = LAYERS["attention"]
    wanted = layer.tensors(layer.parse({"heads": 2}), Place(shape=(5, 4), outputs=1))
    assert [(f"attention.{one.name}", one.role, one.fan_in, one.fan_out, one.gates)
            for one in attention.tensors] == [
        (one.name, one.role, one.fan_in, one.fan_out, one.gates) for one in wanted
    ]  # fmt: skip
    layer = LAYERS["lstm"]
    wanted = layer.tensors(layer.parse({"hidden": 3}), Place(shape=(5, 4), outputs=1))
    assert {(f"rnn.{one.name}", one.role, one.fan_in, one.fan_out, one.gates)
            for one in lstm.tensors} == {
        (one.name, one.role, one.fan_in, one.fan_out, one.gates) for one in wanted
    }  # fmt: skip


def test_an_activation_keeps_its_parameters_also_as_a_function() -> None:
    code = f"""{HEAD}class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Linear(6, 6), nn.Linear(6, 3)
        self.act = nn.ELU(0.5)

    def forward(self, x):
        return self.act(self.two(F.leaky_relu(self.one(x), negative_slope=0.3)))
"""
    found = [(part.key, part.params) for part in read(code).parts]
    assert found == [
        ("linear", {}),
        ("leaky_relu", {"negative_slope": 0.3}),
        ("linear", {}),
        ("elu", {"alpha": 0.5}),
    ]


def test_candidates_are_what_can_be_called_without_arguments() -> None:
    code = f"""{HEAD}from torch.nn import Linear


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()


class Net(nn.Module):
    \"\"\"The network.

    More of it.
    \"\"\"

    def __init__(self, width=4):
        super().__init__()
        self.lin = nn.Linear(6, width)

    def forward(self, x):
        return self.lin(x)


class Wide(Net):
    def __init__(self):
        super().__init__(32)


def make() -> nn.Module:
    return Net(8)


def number() -> int:
    return 3


def _hidden():
    return Net()


if __name__ == "__main__":
    raise SystemExit
"""
    found = read_file(code, "", (6,))
    assert [(one.name, one.kind, one.summary) for one in found.candidates] == [
        ("Wide", "class", ""),
        ("Net", "class", "The network."),
        ("make", "function", ""),
    ]
    assert found.needy == ("Block",)
    assert (found.factory, found.described) == ("", None)
    assert read_file(code, "make", (6,)).described == read(code, (6,), "make")


def test_the_only_candidate_is_described_at_once() -> None:
    found = read_file(MLP, "", (6,))
    assert found.factory == "Net"
    assert found.described == read(MLP)


def net(init: str, forward: str, before: str = "") -> str:
    lines = "\n        ".join(init.split("; "))
    return f"""{HEAD}{before}
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(6, 3)
        {lines}

    def forward(self, x):
        {forward}
"""


REFUSED = [
    ("x = (", "This is no Python: '(' was never closed."),
    ("x = '\0'", "This is no Python: source code string cannot contain null bytes."),
    ("import torch\nraise ValueError('no way')", "ValueError: no way (line 2)."),
    ("import torch\nimport no_such_thing", "it needs no_such_thing, which is not installed here."),
    ("import sys\nsys.exit(3)", "SystemExit: 3 (line 2)."),
    ("x = 1", "There is no network in it"),
    (
        f"{HEAD}class A(nn.Module):\n    def __init__(self, n):\n        pass",
        "A needs arguments; add",
    ),
    (f"{HEAD}def make():\n    return 3", "make() returns an int, and a torch.nn.Module is needed."),
    (f"{HEAD}def make():\n    pass", "make() returns nothing, and a torch.nn.Module is needed."),
    (f"{HEAD}def make():\n    return nn.Linear(6, -1)", "make() fails: RuntimeError: "),
    (f"{HEAD}def make():\n    return nn.ReLU()", "The network has no parameters to start."),
    (net("pass", "return self.lin(x[:, :5])"), "fails for a batch of 4 x 6 values: RuntimeError"),
    (net("pass", "return self.lin(x), x"), "gives a tuple, and a tensor is needed."),
    (net("pass", "return self.lin(x).argmax(1)"), "gives int64 values, not real numbers."),
    (net("pass", "return self.lin(x).sum()"), "gives one number for a batch of 4 examples"),
    (net("pass", "return self.lin(x.view(4, 6))"), "fails for a batch of 3 x 6 values"),
    (net("pass", "return self.lin(x.sub_(1))"), "changes its input in place"),
    (net("pass", "return self.lin(x).detach()"), "cannot be differentiated"),
    (net("self.extra = nn.Linear(2, 2)", "return self.lin(x)"), "extra.weight takes no part"),
    (net("self.lin.bias.requires_grad = False", "return self.lin(x)"), "lin.bias is frozen"),
    (net("self.lazy = nn.LazyLinear(2)", "return self.lazy(self.lin(x))"), "lazy.weight is lazy"),
    (
        net("self.n = nn.Parameter(torch.ones(3, dtype=torch.cfloat))", "return self.lin(x)"),
        "n is complex64, not real numbers.",
    ),
    (
        net("self.lin = nn.utils.parametrizations.weight_norm(self.lin)", "return self.lin(x)"),
        "lin is parametrized",
    ),
]


def trouble(code: str, factory: str = "") -> str:
    """Return why a text cannot be used; "" if it can."""
    try:
        return read_file(code, factory, (6,)).why
    except ExperimentError as error:
        return error.why


@pytest.mark.parametrize(("code", "why"), REFUSED)
def test_what_cannot_be_used_is_refused_in_a_sentence(code: str, why: str) -> None:
    found = trouble(code)
    assert why in found
    assert found.endswith(".")
    assert "\n" not in found


def test_the_line_of_a_mistake_is_told() -> None:
    with pytest.raises(ExperimentError) as caught:
        read_file("x = 1\ny = = 2\n", "", (6,))
    assert caught.value.where == "line 2"
    with pytest.raises(ExperimentError, match=r"\(line 2\)"):
        read_file("import torch\nno_such_name\n", "", (6,))


def test_what_needs_arguments_and_what_is_not_there_cannot_be_chosen() -> None:
    code = f"{MLP}\n\nclass Needy(nn.Module):\n    def __init__(self, n):\n        pass\n"
    assert "Needy needs arguments; add a function" in trouble(code, "Needy")
    assert trouble(code, "Nothing") == "There is no 'Nothing' to choose in it."
    assert [one.name for one in read_file(code, "Nothing", (6,)).candidates] == ["Net"]


ALONE = [
    (net("pass", "return F.dropout(self.lin(x), 0.5, self.training)"), "draws random numbers"),
    (net("pass", "y = self.lin(x)\n        return y if y.mean() > 0 else 2 * y"), "on the values"),
    (
        net("pass", "return self.lin(x) * (1 + (random.random() < 0.5))", "import random\n"),
        "from one batch to the next, or draws by itself",
    ),
    (
        net("self.seen = 0", "self.seen += 1\n        return self.lin(x) / self.seen"),
        "from one batch to the next, or draws by itself",
    ),
    (
        net("self.norm = nn.BatchNorm1d(6)", "return self.lin(self.norm(self.norm(x)))"),
        "its validation gives other numbers",
    ),
    (
        net("self.norm = nn.BatchNorm1d(6, momentum=None)", "return self.lin(self.norm(x))"),
        "averages over all batches",
    ),
    (
        net("self.norm = nn.BatchNorm1d(6, track_running_stats=False)",
            "return self.lin(self.norm(x))"),
        "keeps no running statistics",
    ),
    (
        net("self.drop = nn.Dropout(0.5)", "return self.drop(self.lin(self.drop(x)))"),
        "a dropout is used several times",
    ),
    (RECURRENT, "no batched form of a part of it"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "why"), ALONE)
def test_what_trains_one_by_one_says_why(code: str, why: str) -> None:
    assert why in read(code).alone


@pytest.mark.parametrize(
    "code",
    [
        net("self.register_buffer('w', torch.arange(6.0))", "return self.lin(x * self.w)"),
        net("self.norm = nn.BatchNorm1d(6)", "return self.lin(self.norm(x))"),
        net("self.drop = nn.Dropout(0.5)", "return self.lin(self.drop(x))"),
        net("pass", "x = self.lin(x)\n        x += 1\n        return x.relu_()"),
    ],
)
def test_buffers_norms_dropout_and_changes_in_place_train_all_at_once(code: str) -> None:
    assert read(code).alone == ""


def test_running_a_file_leaves_every_stream_of_random_numbers_alone() -> None:
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    code = f"{MLP}\ntorch.manual_seed(99)\ntorch.rand(5)\n"
    own_network.load(code)
    assert torch.equal(torch.rand(2), wanted)


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "$"),
        ("[]", "$"),
        ('{"shape": [6], "shape_out": [3]}', "$"),
        ('{"shape": [-6], "shape_out": [3], "parts": []}', "$.shape[0]"),
        ('{"shape": [6], "shape_out": [3], "parts": [{"module": ""}]}', "$.parts[0].module"),
        ('{"shape": [6], "shape_out": [3], "parts": [], "more": 1}', "$"),
        ("[" * 100_000, "$"),
    ],
)
def test_a_description_that_is_none_is_refused_with_its_place(text: str, where: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        from_text(text)
    assert caught.value.where == where
    layer = LAYERS["own"]
    with pytest.raises(ValueError, match=r"; choose"):
        layer.shape(layer.parse({"code": MLP, "described": text}), Place(shape=(6,), outputs=3))
