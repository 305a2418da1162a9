import numpy as np
import pytest

from initstudio.datasets.sequences import ADDING, COPY, AddingParams, CopyParams


@pytest.mark.parametrize("length", [2, 3, 30])
def test_the_value_is_the_sum_of_the_two_marked_numbers(length: int) -> None:
    sequences, values = ADDING.make(AddingParams(length=length), np.random.default_rng(0))
    for sequence, (value,) in zip(sequences, values, strict=True):
        marked = [step for step in range(length) if sequence[step, 1] == 1]
        assert len(marked) == 2
        assert sequence[:, 1].sum() == 2
        assert marked[0] < length // 2 <= marked[1]
        assert value == np.float32(sequence[marked[0], 0] + sequence[marked[1], 0])
    assert 0 <= sequences[:, :, 0].min() <= sequences[:, :, 0].max() < 1


def test_always_answering_1_has_the_squared_error_a_sixth() -> None:
    params = AddingParams(examples=50_000, length=4)
    _, values = ADDING.make(params, np.random.default_rng(0))
    # (sum - 1)^2 has mean 1/6 and variance 1/15 - 1/36; five standard errors
    error = ((1 / 15 - 1 / 36) / params.examples) ** 0.5
    assert abs(((values - 1) ** 2).mean(dtype=np.float64) - 1 / 6) < 5 * error


def test_marks_are_anywhere_in_their_half() -> None:
    sequences, _ = ADDING.make(AddingParams(examples=20_000, length=8), np.random.default_rng(0))
    shares = sequences[:, :, 1].mean(0, dtype=np.float64)
    # each of four places has a mark in a quarter of the sequences; five standard errors
    assert np.abs(shares - 0.25).max() < 5 * (0.25 * 0.75 / 20_000) ** 0.5


@pytest.mark.parametrize("delay", [0, 1, 10])
@pytest.mark.parametrize("recall", [1, 2, 5])
def test_symbols_blanks_cue_and_then_the_answer(recall: int, delay: int) -> None:
    params = CopyParams(examples=20, alphabet=5, recall=recall, delay=delay)
    tokens, classes = COPY.make(params, np.random.default_rng(0))
    facts = COPY.facts(params)
    assert facts.tokens == 7
    assert facts.answer == ((5,) if recall == 1 else (recall, 5))
    blank, cue = 5, 6
    for row, answer in zip(tokens.tolist(), classes.reshape(20, -1).tolist(), strict=True):
        assert row[:recall] == answer
        assert row[recall:] == [blank] * delay + [cue] + [blank] * (recall - 1)


def test_symbols_are_a_fair_draw() -> None:
    _, classes = COPY.make(CopyParams(examples=50_000, alphabet=4), np.random.default_rng(0))
    shares = np.bincount(classes) / len(classes)
    assert np.abs(shares - 0.25).max() < 5 * (0.25 * 0.75 / len(classes)) ** 0.5
