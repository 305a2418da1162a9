"""What a person has trusted runs, and nothing else."""

import pytest

from initstudio import paths
from initstudio.trust import FILE, is_trusted, trust


def test_nothing_is_trusted_at_first() -> None:
    assert not is_trusted("")
    assert not is_trusted("def init(module, generator): ...")


def test_exactly_the_trusted_text_is() -> None:
    trust("a = 1\n")
    trust("ä = '\udc80'\n")
    trust("a = 1\n")
    assert is_trusted("a = 1\n")
    assert is_trusted("ä = '\udc80'\n")
    assert not is_trusted("a = 1")
    assert not is_trusted("a = 2\n")
    assert len((paths.user_data() / FILE).read_text().splitlines()) == 2


@pytest.mark.parametrize("data", [b"\xff\xfe", b"", b"not a digest\n"])
def test_a_file_that_is_no_such_list_trusts_nothing(data: bytes) -> None:
    paths.user_data().mkdir(parents=True)
    (paths.user_data() / FILE).write_bytes(data)
    assert not is_trusted("a")
    trust("a")
    assert is_trusted("a")
