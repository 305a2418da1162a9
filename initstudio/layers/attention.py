"""Layers of transformers: tokens as vectors, their positions, and attention among them."""

from math import sqrt
from typing import TYPE_CHECKING, Annotated, Any, Literal

import lazy_loader
from msgspec import Meta

from initstudio.catalogue import Layer, NoParams, Params, Place, Shape, TensorSpec
from initstudio.law import constant_law, normal_law, uniform_law
from initstudio.shapes import scale_and_shift, sequence, weight_and_bias

if TYPE_CHECKING:
    import torch
else:
    torch = lazy_loader.load("torch")


class EmbeddingParams(Params, frozen=True):
    """How many tokens there are follows from the data."""

    features: Annotated[
        int, Meta(ge=1, le=65_536, title="Features", description="Numbers that stand for a token.")
    ] = 32


class AttentionParams(Params, frozen=True):
    """How many times the features are parted."""

    heads: Annotated[
        int, Meta(ge=1, le=1024, title="Heads", description="They must divide the features.")
    ] = 4


class TransformerParams(Params, frozen=True):
    """What torch asks for; there is no dropout inside."""

    layers: Annotated[int, Meta(ge=1, le=64, title="Layers")] = 2
    heads: Annotated[
        int, Meta(ge=1, le=1024, title="Heads", description="They must divide the features.")
    ] = 4
    feedforward: Annotated[
        int, Meta(ge=1, le=65_536, title="Feed-forward", description="Units between two layers.")
    ] = 128
    activation: Annotated[
        Literal["relu", "gelu"],
        Meta(title="Activation", extra={"choices": {"relu": "ReLU", "gelu": "GELU"}}),
    ] = "relu"
    norm_first: Annotated[
        bool,
        Meta(title="Norm first", description="Normalize before each part instead of after it."),
    ] = False


def _embedding_shape(params: EmbeddingParams, place: Place) -> Shape:
    if place.tokens:
        return (*place.shape, params.features)
    message = "Embedding needs tokens, and these are numbers; choose data that are tokens."
    raise ValueError(message)


def _embedding_tensors(params: EmbeddingParams, place: Place) -> tuple[TensorSpec, ...]:
    shape = (place.tokens, params.features)
    # as torch.nn.init counts: rows are outputs, whatever an embedding does with them
    return weight_and_bias(shape, (params.features, place.tokens), normal_law(1.0))


def _build_embedding(params: EmbeddingParams, place: Place) -> "torch.nn.Module":
    return torch.nn.Embedding(place.tokens, params.features)


def _position_shape(_params: NoParams, place: Place) -> Shape:
    sequence(place.shape, "Position")
    return place.shape


def _position_tensors(_params: NoParams, place: Place) -> tuple[TensorSpec, ...]:
    steps, features = place.shape
    return weight_and_bias(place.shape, (features, steps), normal_law(0.02))


def _build_position(_params: NoParams, place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.Position(*place.shape)


def _divided(label: str, heads: int, place: Place) -> Shape:
    _, features = sequence(place.shape, label)
    if features % heads:
        message = f"{heads} heads do not divide {features} features; choose another number."
        raise ValueError(message)
    return place.shape


def _attention_shape(params: AttentionParams, place: Place) -> Shape:
    return _divided("Attention", params.heads, place)


def _of_attention(features: int, prefix: str) -> tuple[TensorSpec, ...]:
    """Return the tensors of torch's attention: the three projections packed into one."""
    packed: dict[str, Any] = {"fan_in": features, "fan_out": 3 * features, "gates": 3}
    zero = constant_law(0)
    out: dict[str, Any] = {"fan_in": features, "fan_out": features}
    return (
        TensorSpec(
            name=f"{prefix}in_proj_weight",
            role="weight",
            shape=(3 * features, features),
            default=uniform_law(sqrt(6 / (4 * features))),
            **packed,
        ),
        TensorSpec(
            name=f"{prefix}in_proj_bias",
            role="bias",
            shape=(3 * features,),
            default=zero,
            **packed,
        ),
        TensorSpec(
            name=f"{prefix}out_proj.weight",
            role="weight",
            shape=(features, features),
            default=uniform_law(1 / sqrt(features)),
            **out,
        ),
        TensorSpec(
            name=f"{prefix}out_proj.bias", role="bias", shape=(features,), default=zero, **out
        ),
    )


def _attention_tensors(_params: AttentionParams, place: Place) -> tuple[TensorSpec, ...]:
    return _of_attention(place.shape[-1], "attention.")


def _build_attention(params: AttentionParams, place: Place) -> "torch.nn.Module":
    from initstudio import modules  # noqa: PLC0415 - it loads torch

    return modules.SelfAttention(place.shape[-1], params.heads)


def _transformer_shape(params: TransformerParams, place: Place) -> Shape:
    return _divided("Transformer", params.heads, place)


def _transformer_tensors(params: TransformerParams, place: Place) -> tuple[TensorSpec, ...]:
    features, inner = place.shape[-1], params.feedforward
    found: list[TensorSpec] = []
    for layer in range(params.layers):
        head = f"layers.{layer}."
        found += _of_attention(features, f"{head}self_attn.")
        for name, incoming, outgoing in (
            ("linear1", features, inner),
            ("linear2", inner, features),
        ):
            law = uniform_law(1 / sqrt(incoming))
            found += weight_and_bias(
                (outgoing, incoming),
                (incoming, outgoing),
                law,
                bias=outgoing,
                prefix=f"{head}{name}.",
            )
        for name in ("norm1", "norm2"):
            found += scale_and_shift((features,), prefix=f"{head}{name}.")
    return tuple(found)


def _build_transformer(params: TransformerParams, place: Place) -> "torch.nn.Module":
    layer = torch.nn.TransformerEncoderLayer(
        place.shape[-1],
        params.heads,
        dim_feedforward=params.feedforward,
        dropout=0.0,
        activation=params.activation,
        batch_first=True,
        norm_first=params.norm_first,
    )
    return torch.nn.TransformerEncoder(layer, params.layers, enable_nested_tensor=False)


EMBEDDING = Layer(
    key="embedding",
    label="Embedding",
    group="Attention",
    summary="A learned row of numbers for each token.",
    source="torch.nn.Embedding; Bengio et al. 2003",
    order=110,
    params=EmbeddingParams,
    shape=_embedding_shape,
    tensors=_embedding_tensors,
    build=_build_embedding,
    reads_tokens=True,
)

POSITION = Layer(
    key="position",
    label="Position",
    group="Attention",
    summary="Adds a learned vector to each position of a sequence, from N(0, 0.02) on.",
    source="Gehring et al. 2017, section 3.1; Radford et al. 2018",
    order=111,
    params=NoParams,
    shape=_position_shape,
    tensors=_position_tensors,
    build=_build_position,
)

ATTENTION = Layer(
    key="attention",
    label="Attention",
    group="Attention",
    summary="Each step becomes a weighted mean of all steps, head by head.",
    source="torch.nn.MultiheadAttention; Vaswani et al. 2017, section 3.2",
    order=112,
    params=AttentionParams,
    shape=_attention_shape,
    tensors=_attention_tensors,
    build=_build_attention,
)

TRANSFORMER = Layer(
    key="transformer",
    label="Transformer",
    group="Attention",
    summary="Layers of attention and feed-forward; torch copies the first, so all start alike.",
    source="torch.nn.TransformerEncoder; Vaswani et al. 2017, section 3.1",
    order=113,
    params=TransformerParams,
    shape=_transformer_shape,
    tensors=_transformer_tensors,
    build=_build_transformer,
)
