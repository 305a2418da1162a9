"""The same dice for every test, as torch draws each layer's first weights from the global ones."""

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def _same_dice() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield
