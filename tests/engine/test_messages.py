"""The frames between window and engine."""

import contextlib
import io

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from initstudio.engine import messages
from initstudio.engine.messages import (
    Ended,
    Pause,
    Progress,
    Ready,
    Resume,
    Saved,
    SaveWeights,
    SetLearningRate,
    Start,
    Started,
    Stop,
    pack,
    read_frame,
    unpack_command,
    unpack_report,
)
from initstudio.engine.plan import plan
from initstudio.history import Stretch
from initstudio.presets import ARTICLE, DEEP_DIGITS

COMMANDS = [
    Start(1, ARTICLE, paused=True),
    Start(2**40, DEEP_DIGITS),
    Resume(1),
    Resume(1, 5),
    Pause(1),
    Stop(1),
    SetLearningRate(1, 0.5),
    SaveWeights(1, "a folder"),
]


def stretch() -> Stretch:
    return Stretch(
        steps=np.array([1, 2**40], np.int64),
        series={"loss": np.array([[0.5, np.nan], [np.inf, -np.inf]], np.float32)},
        epoch_steps=np.zeros(0, np.int64),
        epoch_series={},
        layers_step=7,
        layers={"weights": np.arange(24, dtype=np.int32).reshape(2, 3, 4).transpose(1, 0, 2)},
    )


def body_of(frame: bytes) -> bytes:
    body = read_frame(io.BytesIO(frame))
    assert body is not None
    return body


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_arrives_as_it_was_sent(command: messages.Command) -> None:
    assert unpack_command(body_of(pack(command))) == command


@pytest.mark.parametrize(
    "report",
    [
        Ready("2.13", {"cpu": "x86_64", "cuda": "H100"}),
        Started(3, plan(ARTICLE).header),
        Ended(1, "failed", "$.x", "why"),
        Saved(1, "x", 2, "y"),
    ],
)
def test_a_report_arrives_as_it_was_sent(report: messages.Report) -> None:
    assert unpack_report(body_of(pack(report))) == report


def test_readings_arrive_bit_for_bit() -> None:
    sent = Progress(9, stretch(), 1.5, paused=True)
    got = unpack_report(body_of(pack(sent)))
    assert isinstance(got, Progress)
    assert (got.run, got.seconds, got.paused) == (9, 1.5, True)
    for name in ("steps", "epoch_steps"):
        before, after = getattr(sent.stretch, name), getattr(got.stretch, name)
        assert before.dtype == after.dtype
        assert before.tolist() == after.tolist()
    for before, after in (
        (sent.stretch.series["loss"], got.stretch.series["loss"]),
        (sent.stretch.layers["weights"], got.stretch.layers["weights"]),
    ):
        assert before.shape == after.shape
        assert before.tobytes() == after.tobytes()


def test_a_frame_cut_anywhere_is_refused_and_an_ended_stream_is_none() -> None:
    frame = pack(Progress(1, stretch(), 0.0))
    assert read_frame(io.BytesIO(b"")) is None
    for at in range(1, len(frame)):
        with pytest.raises(ValueError, match="ends"):
            read_frame(io.BytesIO(frame[:at]))


def test_an_announced_giant_is_refused_before_it_is_read() -> None:
    with pytest.raises(ValueError, match="more than"):
        read_frame(io.BytesIO(b"\xff\xff\xff\xff"))


def test_a_message_larger_than_a_frame_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "MAX_FRAME", 100)
    with pytest.raises(ValueError, match="larger"):
        pack(Start(1, ARTICLE))


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_as_what_they_are(data: bytes) -> None:
    for unpack in (unpack_command, unpack_report):
        with pytest.raises(msgspec.MsgspecError):
            unpack(data)
    try:
        read_frame(io.BytesIO(data))
    except ValueError:
        assert data


@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_still_a_report(at: int, bit: int) -> None:
    body = bytearray(body_of(pack(Progress(1, stretch(), 2.0))))
    body[at % len(body)] ^= 1 << bit
    with contextlib.suppress(msgspec.MsgspecError):
        assert isinstance(unpack_report(bytes(body)), Progress | Ready | Started | Ended)


@pytest.mark.parametrize(
    "array",
    [
        ["<f4", [3], b"\0" * 8],
        ["<f4", [-1, -2], b"\0" * 8],
        ["|O", [1], b"\0" * 8],
        [">f4", [2], b"\0" * 8],
        ["<f4", [2]],
        ["<f4", ["2"], b"\0" * 8],
    ],
)
def test_an_array_that_does_not_agree_with_itself_is_refused(array: list[object]) -> None:
    empty = ["<i8", [0], b""]
    body = msgspec.msgpack.encode(
        {
            "type": "progress",
            "run": 1,
            "seconds": 0.0,
            "stretch": {
                "steps": empty,
                "series": {"loss": array},
                "epoch_steps": empty,
                "epoch_series": {},
            },
        }
    )
    with pytest.raises(msgspec.MsgspecError):
        unpack_report(body)


def test_what_is_no_message_is_not_sent() -> None:
    with pytest.raises(NotImplementedError, match="object"):
        pack(Ended(1, "failed", why=object()))  # type: ignore[arg-type]
