"""The losses that training minimises."""

from collections.abc import Callable

import torch
from torch.nn import functional


def loss_of(loss: str, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean loss over the batch and all positions.

    `outputs` are [batch, *positions, outputs]; `targets` are classes [batch, *positions], or values
    of the same shape as the outputs. Cross-entropy is written out, as `functional.cross_entropy`
    spends half of its operations on classes to ignore, of which there are none.
    """
    classes = not targets.is_floating_point()
    if loss == "cross_entropy":
        logarithms = functional.log_softmax(outputs, -1)
        return -logarithms.gather(-1, targets.unsqueeze(-1)).mean()
    wanted = _one_hot(targets, outputs) if classes else targets
    if loss == "mse":
        return functional.mse_loss(outputs, wanted)
    if loss == "huber":
        return functional.huber_loss(outputs, wanted)
    return functional.binary_cross_entropy_with_logits(outputs, wanted)


def losses_of(loss: str, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the loss of each example [batch], the mean over its positions; targets are classes."""
    if loss == "cross_entropy":
        logarithms = functional.log_softmax(outputs, -1)
        found = -logarithms.gather(-1, targets.unsqueeze(-1))
    else:
        wanted = _one_hot(targets, outputs)
        found = _EACH[loss](outputs, wanted, reduction="none")
    return found.flatten(1).mean(1)


def share_right(outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the share of the batch that is classified rightly, NaN where there are no classes."""
    if targets.is_floating_point():
        return (outputs * torch.nan).mean()
    return (outputs.argmax(-1) == targets).to(outputs.dtype).mean()


_EACH: dict[str, Callable[..., torch.Tensor]] = {
    "mse": functional.mse_loss,
    "huber": functional.huber_loss,
    "bce": functional.binary_cross_entropy_with_logits,
}


def _one_hot(targets: torch.Tensor, outputs: torch.Tensor) -> torch.Tensor:
    # functional.one_hot asks for values, which vmap cannot give
    classes = torch.arange(outputs.shape[-1], device=outputs.device)
    return (targets.unsqueeze(-1) == classes).to(outputs.dtype)
