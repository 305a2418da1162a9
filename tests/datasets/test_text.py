import numpy as np
import pytest

from initstudio.datasets.text import FILE, TEXT, TextParams, vocabulary
from initstudio.paths import resource


def words(tokens: list[int]) -> str:
    return "".join(vocabulary()[token] for token in tokens)


@pytest.mark.parametrize(("length", "step"), [(16, 17), (1, 1), (5, 1000), (256, 40)])
def test_pieces_are_the_text_s_and_the_class_is_what_comes_next(length: int, step: int) -> None:
    text = resource(FILE).read_text(encoding="ascii")
    tokens, classes = TEXT.make(TextParams(length=length, step=step), np.random.default_rng(0))
    for at, (row, kind) in enumerate(zip(tokens.tolist(), classes.tolist(), strict=True)):
        start = at * step
        assert words([*row, kind]) == text[start : start + length + 1]
    # no piece more would have found a next character
    assert len(tokens) * step + length >= len(text)


def test_by_default_no_two_pieces_share_a_character() -> None:
    params = TextParams()
    assert params.step > params.length


def test_the_text_is_plain_and_small() -> None:
    data = resource(FILE).read_bytes()
    text = data.decode("ascii")
    assert len(data) < 100_000
    assert set(text) - {"\n"} <= {chr(code) for code in range(32, 127)}
    assert "We hold these truths to be self-evident, that all men are created equal" in text
    assert "We the People of the United States, in Order to form a more perfect Union" in text
    assert list(vocabulary()) == sorted(set(text))
