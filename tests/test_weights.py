"""Files of weights: read rightly without torch, and refused in a sentence."""

import contextlib
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save

from initstudio.bins import BINS, HEAD, SIZE
from initstudio.counting import reading_of
from initstudio.errors import ExperimentError
from initstudio.probes.distributions import distributions
from initstudio.weights import DTYPES, as_text, parse_weights, read_weights

KINDS = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "I64": torch.int64,
    "I32": torch.int32,
    "I16": torch.int16,
    "I8": torch.int8,
    "U64": torch.uint64,
    "U32": torch.uint32,
    "U16": torch.uint16,
    "U8": torch.uint8,
    "BOOL": torch.bool,
}


def test_every_type_has_its_case() -> None:
    assert KINDS.keys() == DTYPES.keys()


@pytest.mark.parametrize("kind", KINDS)
def test_every_type_of_value_is_read_as_torch_reads_it(kind: str) -> None:
    drawn = torch.empty(40, 5).normal_(0, 30, generator=torch.Generator().manual_seed(1)).abs()
    values = drawn.to(KINDS[kind])
    (found,) = parse_weights(save({"w": values}), "here").tensors
    exact = values.double().numpy()
    assert (found.name, found.dtype, found.shape) == ("w", kind, (40, 5))
    assert found.mean == pytest.approx(exact.mean(), rel=1e-12)
    assert found.std == pytest.approx(exact.std(), rel=1e-12)
    assert (found.low, found.high, found.not_finite) == (exact.min(), exact.max(), 0)
    assert np.array_equal(found.reading, reading_of(exact))


HOSTILE = {
    "normal": np.random.default_rng(0).normal(0, 0.02, 1000),
    "with a NaN": np.array([1.0, math.nan, -2.0, math.inf]),
    "only NaN": np.array([math.nan, math.nan]),
    "zeros": np.zeros(7),
    "equal": np.full(7, 0.3),
    "huge": np.array([3e38, -3e38, 1.0]),
    "tiny": np.array([1e-44, -1e-44, 2e-44]),
    "edges": np.array([-1.0, -0.5, 0.0, 0.5, 1.0]),
    "just below 0": np.array([-1e-40, 1.0]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_distribution_is_counted_as_the_engine_counts_it(name: str) -> None:
    values = HOSTILE[name].astype(np.float32)
    (engines,) = distributions((torch.from_numpy(values)[None],)).numpy()[0]
    assert np.array_equal(reading_of(values.astype(np.float64)), engines)


def test_nothing_is_lost_of_numbers_that_overflow() -> None:
    values = torch.tensor([1.5e308, -1.5e308, 1.5e308], dtype=torch.float64)
    (found,) = parse_weights(save({"w": values}), "here").tensors
    assert found.mean == pytest.approx(0.5e308)
    assert found.std == pytest.approx(1.5e308 * math.sqrt(8 / 9))
    assert found.reading[HEAD : HEAD + BINS].sum() == 3


def test_empty_and_single_and_lost_numbers() -> None:
    tensors = {"none": torch.zeros(0, 3), "one": torch.tensor(2.0), "lost": torch.tensor(math.nan)}
    found = {one.name: one for one in parse_weights(save(tensors), "here").tensors}
    assert (found["none"].mean, found["none"].not_finite) == (None, 0)
    assert (found["one"].mean, found["one"].std) == (2.0, 0.0)
    assert (found["lost"].mean, found["lost"].not_finite) == (None, 1)
    assert all(len(one.counts) == SIZE for one in found.values())


def test_tensors_come_in_the_order_of_the_network_and_say_what_they_are() -> None:
    tensors = {f"{at}.weight": torch.zeros(2, 2) for at in (10, 2, 0)}
    found = parse_weights(save(tensors, {"contender": "He", "seed": "3"}), "here")
    assert [one.name for one in found.tensors] == ["0.weight", "2.weight", "10.weight"]
    assert found.metadata == {"contender": "He", "seed": "3"}
    lines = as_text(found).splitlines()
    assert "contender: He" in lines
    assert lines[-1].split() == ["10.weight", "F32", "2", "x", "2", "0", "0", "0", "0"]


GOOD = save({"a": torch.zeros(3, 3), "b": torch.zeros(2)})


@pytest.mark.parametrize("cut", [0, 4, 8, 20, len(GOOD) - 1])
def test_a_file_cut_short_is_refused_in_a_sentence(cut: int) -> None:
    with pytest.raises(ExperimentError, match="not a readable safetensors file") as caught:
        parse_weights(GOOD[:cut], "mine.safetensors")
    assert caught.value.where == "mine.safetensors"


def test_flipped_bytes_never_do_worse() -> None:
    dice = np.random.default_rng(3)
    for _ in range(300):
        data = bytearray(GOOD)
        data[dice.integers(len(data))] ^= 1 << dice.integers(8)
        with contextlib.suppress(ExperimentError):
            parse_weights(bytes(data), "here")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ExperimentError, match="No such file"):
        read_weights(tmp_path / "none.safetensors")
    (tmp_path / "some.safetensors").write_bytes(GOOD)
    assert len(read_weights(tmp_path / "some.safetensors").tensors) == 2


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.safetensors"
    with path.open("wb") as file:
        file.truncate(3 * 2**30)  # a hole: it takes no room
    with pytest.raises(ExperimentError, match=r"3\.0 GiB"):
        read_weights(path)
