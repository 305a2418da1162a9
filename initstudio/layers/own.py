"""A person's own network: the text of a file, and what was read from it."""

from typing import TYPE_CHECKING, Annotated

from msgspec import Meta

from initstudio.catalogue import Inside, Layer, Params, Part, Place, Shape, TensorSpec
from initstudio.described import (
    MOST_CODE,
    MOST_DESCRIBED,
    Described,
    DescribedPart,
    DescribedTensor,
    from_text,
)
from initstudio.errors import ExperimentError
from initstudio.shapes import in_words

if TYPE_CHECKING:
    from torch import nn


class OwnParams(Params, frozen=True):
    """The code, which part of it makes the network, and what reading it gave."""

    code: Annotated[
        str,
        Meta(
            max_length=MOST_CODE,
            title="Code",
            description="The text of the file. It runs only if it is trusted.",
            extra={"editor": "none"},
        ),
    ] = ""
    factory: Annotated[
        str,
        Meta(
            max_length=200,
            title="Network",
            description="The class or function in it that gives the network.",
            extra={"editor": "none"},
        ),
    ] = ""
    described: Annotated[
        str,
        Meta(
            max_length=MOST_DESCRIBED,
            title="What was read",
            description="The parts and tensors of the network, as JSON.",
            extra={"editor": "none"},
        ),
    ] = ""


def _described(params: OwnParams) -> Described:
    """Return what was read.

    Raises:
        ValueError: There is nothing, or something else.
    """
    if not params.code or not params.described:
        message = "Own network has no file yet; choose one with Open network in the File menu."
        raise ValueError(message)
    try:
        return from_text(params.described)
    except ExperimentError as error:
        message = f"What was read of the network makes no sense ({error.why}); choose its file."
        raise ValueError(message) from None


def _shape(params: OwnParams, place: Place) -> Shape:
    described = _described(params)
    if described.shape == place.shape and described.tokens == place.tokens:
        return described.shape_out
    read, comes = _in_words(described.shape, described.tokens), _in_words(place.shape, place.tokens)
    message = f"This network was read for {read}, and {comes} comes in; choose Read again."
    raise ValueError(message)


def _tensors(params: OwnParams, _place: Place) -> tuple[TensorSpec, ...]:
    return tuple(_spec(one) for one in _described(params).tensors)


def _opened(params: OwnParams) -> Inside:
    described = _described(params)
    return Inside(
        parts=tuple(_part(one) for one in described.parts),
        watched=described.watched,
        vectorised=not described.alone,
        code=params.code,
    )


def _build(params: OwnParams, _place: Place) -> "nn.Module":
    from initstudio import own_network  # noqa: PLC0415 - it loads torch

    return own_network.build(params.code, params.factory, params.described)


def _part(one: DescribedPart) -> Part:
    return Part(
        module=one.module,
        kind=one.kind,
        name=one.name,
        key=one.key,
        params=one.params,
        shape_in=one.shape_in,
        shape_out=one.shape_out,
        tensors=tuple(_spec(tensor) for tensor in one.tensors),
        watched=one.watched,
    )


def _spec(one: DescribedTensor) -> TensorSpec:
    return TensorSpec(
        name=one.name,
        role=one.role,
        shape=one.shape,
        fan_in=one.fan_in,
        fan_out=one.fan_out,
        default=one.law.law(),
        gates=one.gates,
    )


def _in_words(shape: Shape, tokens: int) -> str:
    return f"{in_words(shape)} of {tokens} tokens" if tokens else in_words(shape)


OWN = Layer(
    key="own",
    label="Own network",
    group="Own",
    summary="A network of your own, made by a Python file that you have read and trusted.",
    source="Your own file",
    order=200,
    params=OwnParams,
    shape=_shape,
    tensors=_tensors,
    build=_build,
    reads_tokens=True,
    opened=_opened,
)
