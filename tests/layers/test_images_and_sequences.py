"""Layers of images, sequences and blocks, against loops written out and torch's own draws."""

from typing import Any

import pytest
import torch
from torch import nn

from initstudio.catalogue import Place, Shape, Value
from initstudio.law import Law
from initstudio.layers import LAYERS
from tests.specs import build

Values = dict[str, Value]

VARIANTS: list[tuple[str, Shape, Values]] = [
    ("conv1d", (3, 9), {"channels": 4, "kernel": 3, "stride": 2, "padding": 0}),
    ("conv1d", (4, 9), {"channels": 6, "kernel": 3, "dilation": 2, "groups": 2, "bias": False}),
    ("conv2d", (3, 7, 6), {"channels": 5, "kernel": 4, "stride": 3}),
    ("conv2d", (4, 7, 6), {"channels": 8, "groups": 4}),
    ("conv3d", (2, 4, 5, 6), {"channels": 3}),
    ("depthwise", (3, 7, 6), {"multiplier": 2, "stride": 2}),
    ("conv_transpose1d", (3, 5), {"channels": 4}),
    ("conv_transpose2d", (4, 5, 6), {"channels": 6, "groups": 2, "padding": 0}),
    ("conv_transpose3d", (2, 3, 4, 5), {"channels": 3, "kernel": 3, "stride": 1}),
    ("max_pool1d", (3, 9), {}),
    ("max_pool2d", (3, 9, 8), {"kernel": 3}),
    ("avg_pool1d", (3, 9), {}),
    ("avg_pool2d", (3, 9, 8), {"kernel": 3}),
    ("global_average", (3, 9, 8), {}),
    ("batch_norm", (3, 9), {}),
    ("batch_norm", (3, 4, 5), {}),
    ("batch_norm", (3, 2, 4, 5), {"affine": False}),
    ("group_norm", (8, 4, 5), {}),
    ("instance_norm", (3, 9), {"affine": True}),
    ("instance_norm", (3, 4, 5), {}),
    ("rms_norm", (6,), {}),
    ("rms_norm", (4, 6), {}),
    ("layer_norm", (4, 6), {}),
    ("rnn", (5, 3), {"nonlinearity": "relu"}),
    ("rnn", (5, 3), {"layers": 2, "both_ways": True, "output": "every"}),
    ("lstm", (5, 3), {"hidden": 7}),
    ("gru", (5, 3), {"layers": 2, "both_ways": True}),
    ("attention", (5, 8), {}),
    ("transformer", (5, 8), {"feedforward": 6}),
    ("transformer", (5, 8), {"norm_first": True, "activation": "gelu"}),
    ("position", (5, 8), {}),
    ("bilinear", (6,), {"units": 4}),
    ("linear", (5, 6), {"units": 4}),
    ("unflatten", (12,), {"channels": 3, "height": 2, "width": 2}),
    ("unflatten", (3, 4), {"channels": 3, "height": 2, "width": 2}),
    ("as_sequence", (6,), {}),
    ("as_sequence", (2, 3, 4), {}),
    ("last_steps", (5, 3), {}),
    ("last_steps", (5, 3), {"count": 2}),
    ("mean_steps", (5, 3), {}),
]


def values_of(module: nn.Module, name: str) -> torch.Tensor:
    return module.get_parameter(name).detach().double().flatten()


@pytest.mark.parametrize(("key", "shape", "values"), VARIANTS, ids=str)
def test_announced_shapes_tensors_and_defaults_are_torchs(
    key: str, shape: Shape, values: Values
) -> None:
    layer = LAYERS[key]
    params, place = layer.parse(values), Place(shape=shape, outputs=7)
    torch.manual_seed(0)
    drawn = [layer.build(params, place) for _ in range(60)]
    assert tuple(drawn[0](torch.randn(4, *shape)).shape) == (4, *layer.shape(params, place))
    specs = layer.tensors(params, place)
    assert [(one.name, one.shape) for one in specs] == [
        (name, tuple(one.shape)) for name, one in drawn[0].named_parameters()
    ]
    for spec in specs:
        found = torch.stack([values_of(module, spec.name) for module in drawn])
        if spec.role == "weight":
            pair = nn.init._calculate_fan_in_and_fan_out(torch.empty(spec.shape))
            assert (spec.fan_in, spec.fan_out) == pair
        assert_drawn_by(found, spec.default)


def assert_drawn_by(found: torch.Tensor, law: Law) -> None:
    """A right law fails here once in a million; copies that start alike count once."""
    edge = 1e-6 * max(abs(law.mean), law.std)
    if law.std == 0:
        assert (found - law.mean).abs().max() <= edge
        return
    if law.kind == "uniform":
        assert found.abs().max() <= law.high + edge
        assert found.abs().max() > law.high * 0.8
    count = found.numel()
    assert found.mean().item() == pytest.approx(law.mean, abs=5.2 * law.std / count**0.5)
    assert found.std().item() == pytest.approx(
        law.std, abs=5.2 * law.std * (0.5 / count) ** 0.5 + edge
    )


def test_an_embedding_gives_a_row_for_each_token() -> None:
    layer = LAYERS["embedding"]
    params, place = layer.parse({"features": 5}), Place(shape=(4,), outputs=2, tokens=9)
    assert layer.shape(params, place) == (4, 5)
    module: Any = layer.build(params, place)
    (spec,) = layer.tensors(params, place)
    assert spec.shape == tuple(module.weight.shape) == (9, 5)
    assert_drawn_by(module.weight.detach().double(), spec.default)
    x = torch.tensor([[0, 8, 3, 3]])
    assert torch.equal(module(x)[0], module.weight[x[0]])


def test_a_convolution_is_a_weighted_sum_of_each_window() -> None:
    module: Any = build("conv2d", (2, 5, 4), channels=3, kernel=3, stride=2, padding=1)
    x = torch.randn(1, 2, 5, 4)
    padded = nn.functional.pad(x, (1, 1, 1, 1))
    found = module(x)
    for row in range(found.shape[2]):
        for column in range(found.shape[3]):
            window = padded[0, :, 2 * row : 2 * row + 3, 2 * column : 2 * column + 3]
            wanted = (module.weight * window).sum((1, 2, 3)) + module.bias
            torch.testing.assert_close(found[0, :, row, column], wanted)


@pytest.mark.parametrize("key", ["rnn", "lstm", "gru"])
def test_the_last_output_is_the_last_of_every(key: str) -> None:
    torch.manual_seed(1)
    last = build(key, (5, 3))
    every = build(key, (5, 3), output="every")
    every.load_state_dict(last.state_dict())
    x = torch.randn(2, 5, 3)
    assert torch.equal(last(x), every(x)[:, -1])


def test_sequences_are_read_as_they_say() -> None:
    x = torch.arange(24.0).reshape(1, 2, 3, 4)
    assert build("as_sequence", (2, 3, 4))(x).tolist() == x.reshape(1, 6, 4).tolist()
    row = torch.tensor([[1.0, 2.0]])
    assert build("as_sequence", (2,))(row).tolist() == [[[1.0], [2.0]]]
    steps = torch.tensor([[[1.0], [2.0], [6.0]]])
    assert build("last_steps", (3, 1))(steps).tolist() == [[6.0]]
    assert build("last_steps", (3, 1), count=2)(steps).tolist() == [[[2.0], [6.0]]]
    assert build("mean_steps", (3, 1))(steps).tolist() == [[3.0]]
    assert build("global_average", (2, 3, 4))(x).tolist() == [[5.5, 17.5]]
    assert build("unflatten", (64,))(torch.arange(64.0)[None]).shape == (1, 1, 8, 8)
    position: Any = build("position", (3, 1))
    assert torch.equal(position(steps), steps + position.weight)
    bilinear: Any = build("bilinear", (2,), units=1, bias=False)
    form = bilinear.form.weight[0]
    torch.testing.assert_close(bilinear(row), (row @ form @ row.T))


def residual(inside: nn.Module, shape: Shape, out: Shape, **values: Value) -> nn.Module:
    layer = LAYERS["residual"]
    place = Place(shape=shape, outputs=2, inside=out, bodies=(inside,))
    params = layer.parse(values)
    assert layer.shape(params, place) == out
    module = layer.build(params, place)
    own = {name: tuple(p.shape) for name, p in module.named_parameters() if "body" not in name}
    assert {one.name: one.shape for one in layer.tensors(params, place)} == own
    return module


def test_a_residual_block_adds_its_branch_to_what_it_skips() -> None:
    x = torch.randn(3, 4)
    torch.testing.assert_close(residual(nn.Tanh(), (4,), (4,))(x), x + x.tanh())
    scaled = residual(nn.Tanh(), (4,), (4,), skip_scale=0.5, branch_scale=2.0)
    torch.testing.assert_close(scaled(x), 0.5 * x + 2 * x.tanh())
    learned: Any = residual(nn.Tanh(), (4,), (4,), learned=True, start=0.25)
    torch.testing.assert_close(learned(x), x + 0.25 * x.tanh())
    silent: Any = residual(nn.Tanh(), (4,), (4,), learned=True)
    assert torch.equal(silent(x), x)
    wider: Any = residual(nn.Linear(4, 6), (4,), (6,), projection="linear")
    torch.testing.assert_close(wider(x), wider.projection(x) + wider.body(x))
    image: Any = residual(nn.Conv2d(3, 5, 3, padding=1), (3, 4, 4), (5, 4, 4), projection="linear")
    assert image(torch.randn(2, 3, 4, 4)).shape == (2, 5, 4, 4)


def test_what_a_residual_block_cannot_add_is_a_sentence() -> None:
    layer = LAYERS["residual"]
    place = Place(shape=(4,), outputs=2, inside=(6,))
    with pytest.raises(ValueError, match=r"adds 4 to 6, which do not fit"):
        layer.shape(layer.parse({}), place)
    smaller = Place(shape=(3, 4, 4), outputs=2, inside=(3, 2, 2))
    with pytest.raises(ValueError, match="cannot bring 3 x 4 x 4 to 3 x 2 x 2"):
        layer.shape(layer.parse({"projection": "linear"}), smaller)


@pytest.mark.parametrize(
    ("key", "shape", "values", "why"),
    [
        ("conv2d", (64,), {}, "Conv2d needs channels x height x width, and this is 64; put Unf"),
        ("conv2d", (3, 2, 2), {"kernel": 9}, "reaches over 9 values, and the signal has 2"),
        ("conv2d", (3, 8, 8), {"groups": 2}, "2 groups do not divide 3 channels"),
        ("max_pool2d", (3, 1, 1), {}, "MaxPool2d reaches over 2 values"),
        ("group_norm", (6,), {}, "4 groups do not divide 6 channels"),
        ("instance_norm", (6,), {}, "InstanceNorm needs channels with positions"),
        ("lstm", (6,), {}, "LSTM needs a sequence of steps x features, and this is 6; put As seq"),
        ("attention", (5, 6), {}, "4 heads do not divide 6 features"),
        ("embedding", (5,), {}, "Embedding needs tokens, and these are numbers"),
        ("unflatten", (12,), {}, "12 values are no image of 1 x 8 x 8"),
        ("last_steps", (5, 3), {"count": 6}, "The sequence has 5 steps, not 6"),
        ("conv_transpose1d", (2, 1), {"padding": 3}, "takes off more than it makes"),
    ],
)
def test_what_does_not_fit_is_a_sentence(key: str, shape: Shape, values: Values, why: str) -> None:
    layer = LAYERS[key]
    with pytest.raises(ValueError, match=why):
        layer.shape(layer.parse(values), Place(shape=shape, outputs=2))
