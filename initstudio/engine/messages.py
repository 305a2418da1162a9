"""What the window and the engine say to each other: MessagePack frames of typed messages.

A frame is a length (4 bytes, little-endian) and that many bytes of MessagePack. Arrays travel as
dtype, shape and raw bytes; nothing is pickled. Both ends decode strictly.
"""

import math
import struct
from typing import Any, BinaryIO, Literal, TypeAlias, cast, get_origin

import msgspec
import numpy as np

from initstudio.catalogue import Value
from initstudio.experiment import Device, Experiment
from initstudio.history import Header, Stretch
from initstudio.results import Results

MAX_FRAME = 256 * 2**20
DTYPES = frozenset({"<f2", "<f4", "<f8", "<i4", "<i8", "|b1"})
_LENGTH = struct.Struct("<I")


class Start(msgspec.Struct, frozen=True, tag="start"):
    """Begin run `run`; `paused` stops it at step 0, with the readings of the start."""

    run: int
    experiment: Experiment
    paused: bool = False


class Resume(msgspec.Struct, frozen=True, tag="resume"):
    """Go on with run `run`, for `steps` steps or, if None, to its end."""

    run: int
    steps: int | None = None


class Pause(msgspec.Struct, frozen=True, tag="pause"):
    """Wait after the present step."""

    run: int


class Stop(msgspec.Struct, frozen=True, tag="stop"):
    """End the run after the present step."""

    run: int


class SetLearningRate(msgspec.Struct, frozen=True, tag="learning_rate"):
    """Use this learning rate from the next step on."""

    run: int
    value: float


class SaveWeights(msgspec.Struct, frozen=True, tag="save_weights"):
    """Write the weights of run `run`, at its start and as they are now, into a folder."""

    run: int
    folder: str


class Examine(msgspec.Struct, frozen=True, tag="examine"):
    """Make a study of an experiment; whatever this study is doing for an earlier one ends.

    One that is `behind` is of another experiment than the present one: it waits for all that are
    not, and neither ends the other.
    """

    ask: int
    study: str
    experiment: Experiment
    params: dict[str, Value] = {}
    behind: bool = False


class Rest(msgspec.Struct, frozen=True, tag="rest"):
    """Let a study wait, or go on; what it has found so far stays."""

    study: str
    resting: bool = True
    behind: bool = False


class Forget(msgspec.Struct, frozen=True, tag="forget"):
    """End a study: nobody looks at it any more."""

    study: str
    behind: bool = False


Command: TypeAlias = (
    Start | Resume | Pause | Stop | SetLearningRate | SaveWeights | Examine | Rest | Forget
)


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The engine has loaded torch, which sees these devices; their makers' names by our keys."""

    torch: str
    devices: dict[Device, str] = {}


class Started(msgspec.Struct, frozen=True, tag="started"):
    """The run's networks are built; its readings follow."""

    run: int
    header: Header


class Progress(msgspec.Struct, frozen=True, tag="progress"):
    """The readings since the last message; `seconds` is the time spent in training so far."""

    run: int
    stretch: Stretch
    seconds: float
    paused: bool = False


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """The run is over; `where` and `why` say what failed."""

    run: int
    reason: Literal["finished", "stopped", "failed"]
    where: str = ""
    why: str = ""


class Saved(msgspec.Struct, frozen=True, tag="saved"):
    """So many files of weights were written into a folder; else `why` is a sentence."""

    run: int
    folder: str
    files: int
    why: str = ""


class Examined(msgspec.Struct, frozen=True, tag="examined"):
    """What the study that was asked for by `ask` has found so far."""

    ask: int
    study: str
    results: Results


class NotExamined(msgspec.Struct, frozen=True, tag="not_examined"):
    """The study could not be made, or not to its end; `where` and `why` say what failed."""

    ask: int
    study: str
    where: str
    why: str


class Working(msgspec.Struct, frozen=True, tag="working"):
    """So much of a study's work is done, though there are no new results."""

    ask: int
    study: str
    share: float


Report: TypeAlias = Ready | Started | Progress | Ended | Saved | Examined | NotExamined | Working


def pack(message: Command | Report) -> bytes:
    """Return the message as one frame.

    Raises:
        ValueError: It is larger than a frame may be.
    """
    body = msgspec.msgpack.encode(message, enc_hook=_encode)
    if len(body) > MAX_FRAME:
        text = f"a message of {len(body)} bytes is larger than a frame may be"
        raise ValueError(text)
    return _LENGTH.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> bytes | None:
    """Return the body of the next frame, or None at the end of the stream.

    Raises:
        ValueError: The stream ends inside a frame, or announces one that is too large.
    """
    head = stream.read(_LENGTH.size)
    if not head:
        return None
    if len(head) < _LENGTH.size:
        text = "the stream ends inside a frame's length"
        raise ValueError(text)
    (length,) = _LENGTH.unpack(head)
    if length > MAX_FRAME:
        text = f"a frame of {length} bytes is announced, more than the {MAX_FRAME} allowed"
        raise ValueError(text)
    body = stream.read(length)
    if len(body) < length:
        text = f"the stream ends {length - len(body)} bytes before its frame does"
        raise ValueError(text)
    return body


def unpack_command(body: bytes) -> Command:
    """Return the command in a frame's body.

    Raises:
        msgspec.MsgspecError: It is none.
    """
    return cast("Command", _decoded(_commands, body))


def unpack_report(body: bytes) -> Report:
    """Return the report in a frame's body.

    Raises:
        msgspec.MsgspecError: It is none.
    """
    return cast("Report", _decoded(_reports, body))


def _decoded(decoder: msgspec.msgpack.Decoder[Any], body: bytes) -> object:
    try:
        return decoder.decode(body)
    except UnicodeDecodeError as error:  # not what msgspec itself raises, but no less broken
        raise msgspec.DecodeError(str(error)) from None


def _encode(value: object) -> object:
    if isinstance(value, np.ndarray):
        flat = np.ascontiguousarray(value)
        return [flat.dtype.str, list(flat.shape), flat.data.cast("B") if flat.size else b""]
    text = f"a {type(value).__name__} cannot be sent"
    raise NotImplementedError(text)


def _decode(kind: type, value: Any) -> object:  # noqa: ANN401
    if get_origin(kind) is not np.ndarray:
        text = f"a {kind.__name__} cannot be received"
        raise NotImplementedError(text)
    match value:
        case [str(dtype), list(shape), bytes(data)] if (
            dtype in DTYPES
            and all(isinstance(side, int) and side >= 0 for side in shape)
            and math.prod(shape) * np.dtype(dtype).itemsize == len(data)
        ):
            return np.frombuffer(data, dtype).reshape(shape)
    text = "an array's dtype, shape and bytes do not agree"
    raise ValueError(text)


_commands = msgspec.msgpack.Decoder(Command, dec_hook=_decode)
_reports = msgspec.msgpack.Decoder(Report, dec_hook=_decode)
