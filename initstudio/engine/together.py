"""Whether several networks of a person's own can train as one program: found out by trying it.

The recorded program is right for what does the same operations at every step and knows nothing of
its neighbours. Whatever a network does otherwise, it shows here: the program refuses it, or gives
other numbers than the networks one after another.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from initstudio.described import Described, DescribedPart
from initstudio.engine.one_by_one import OneByOne
from initstudio.engine.program import Program
from initstudio.engine.stacked import Stacked, Step

SEEDS = (1, 2)
BATCHES = (32, 32, 3)
"""Large enough that results get lasting memory (see `buffers.py`), twice, as the second one shows
what the first one left; the last is of another size."""
NEAR = 1e-3
"""Of the greatest of the values that are compared; float32 sums in another order differ."""
LONGEST = 200
LOSS = "mse"


def why_alone(make: Callable[[], nn.Module], read: Described) -> str:
    """Return why networks that `make` gives cannot train all at once, or "" if they can."""
    network = make()
    dropped = {
        f"0.{one.module}": one for one in read.parts if one.kind == "Dropout" and one.watched
    }
    if why := _odd_noise(network, dropped) or _odd_norm(network):
        return why
    functorch: Any = torch._C._functorch  # noqa: SLF001 - it has no public name
    before = functorch._is_vmap_fallback_enabled()  # noqa: SLF001
    try:
        # what torch has no batched form of, it does network by network inside of each operation
        functorch._set_vmap_fallback_enabled(False)  # noqa: SLF001, FBT003
        return _compared(make, dropped, read)
    except Exception as error:  # noqa: BLE001 - torch raises of all kinds for what vmap lacks
        return _in_words(error)
    finally:
        functorch._set_vmap_fallback_enabled(before)  # noqa: SLF001


def _odd_noise(network: nn.Module, dropped: Mapping[str, DescribedPart]) -> str:
    """Return what is wrong where the masks of a dropout cannot come from outside."""
    found = [module for module in network.modules() if isinstance(module, nn.Dropout)]
    if any("used" in one.name for one in dropped.values()):
        return "a dropout is used several times"
    if any(type(one) is not nn.Dropout for one in found) or len(found) != len(dropped):
        return "a dropout is used in another way than once for each example"
    return ""


def _odd_norm(network: nn.Module) -> str:
    """Return what is wrong where a batch normalization is another than `template.py` writes out."""
    for module in network.modules():
        if not isinstance(module, _BatchNorm):
            continue
        if type(module) not in {nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d}:
            return "a batch normalization is of another kind than those of PyTorch"
        if not module.track_running_stats:
            return "a batch normalization keeps no running statistics"
        if module.momentum is None:
            return "a batch normalization averages over all batches"
    return ""


def _in_words(error: Exception) -> str:
    text = " ".join(str(error).split())
    if "random operation" in text:
        return "it draws random numbers by itself, as functional.dropout does"
    if "control flow" in text:
        return "what it does depends on the values that come in"
    if named := re.search(r"aten::(\w+)", text):
        return f"PyTorch has no batched form of a part of it ({named[1]})"
    return f"PyTorch cannot batch it ({type(error).__name__}: {text[:LONGEST]})"


def _compared(
    make: Callable[[], nn.Module], dropped: Mapping[str, DescribedPart], read: Described
) -> str:
    watched = [f"0.{one.module}" for one in read.parts if one.watched]
    together, apart = _networks(make), _networks(make)
    stacked, plain = Stacked(together), Stacked(apart)
    program = Program(stacked, together[0], LOSS, watched)
    noise = [torch.get_rng_state() for _ in SEEDS]
    one_by_one = OneByOne(plain, apart, LOSS, watched, noise)
    for size in BATCHES:
        x = _examples(size, read)
        y = torch.randn(len(SEEDS), size, *read.shape_out)
        masks = {name: torch.ones(len(SEEDS), size, *one.shape_in) for name, one in dropped.items()}
        found, wanted = program.step(x, y, masks), one_by_one.step(x, y)
        if not _agree(found, wanted, stacked, plain):
            return "all at once it gives other numbers than by itself"
        scores = zip(program.evaluate(x, y)[:2], one_by_one.evaluate(x, y)[:2], strict=True)
        if not all(_near(one, other) for one, other in scores):
            return "all at once its validation gives other numbers than by itself"
    return ""


def _networks(make: Callable[[], nn.Module]) -> list[nn.Sequential]:
    """Return networks of two seeds, as a plan would build them; their dropout hides nothing."""
    found = []
    for seed in SEEDS:
        torch.manual_seed(seed)
        network = nn.Sequential(make())
        for module in network.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        found.append(network)
    return found


def _examples(size: int, read: Described) -> torch.Tensor:
    """Return a batch for each network."""
    whole = (len(SEEDS), size, *read.shape)
    return torch.randint(read.tokens, whole) if read.tokens else torch.randn(whole)


def _agree(found: Step, wanted: Step, stacked: Stacked, plain: Stacked) -> bool:
    values = [(found.loss, wanted.loss), *zip(found.activations, wanted.activations, strict=True)]
    # of the greatest of them all: a bias before a batch normalization has none, but for rounding
    greatest = max(float(one.nan_to_num(0, 0, 0).abs().amax()) for one in plain.gradients.values())
    gradients = [(one, plain.gradients[name]) for name, one in stacked.gradients.items()]
    return all(_near(*pair) for pair in values) and all(_near(*one, greatest) for one in gradients)


def _near(one: torch.Tensor, other: torch.Tensor, greatest: float | None = None) -> bool:
    """Tell whether values agree to rounding, and are not finite in the same places."""
    if one.shape != other.shape:
        return False
    known = torch.isfinite(other)
    if not torch.equal(known, torch.isfinite(one)):
        return False
    if greatest is None:
        greatest = float(other[known].abs().amax()) if bool(known.any()) else 0.0
    return bool(((one - other)[known].abs() <= NEAR * greatest).all())
