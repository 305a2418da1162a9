"""The losses that training minimises."""

import torch
from torch.nn import functional

from initstudio.experiment import Training


def loss_of(training: Training, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Return the mean loss over the batch, from outputs [batch, classes] and classes [batch].

    Cross-entropy is written out, as `functional.cross_entropy` spends half of its operations on
    classes to ignore, of which there are none.
    """
    if training.loss == "cross_entropy":
        logarithms = functional.log_softmax(outputs, -1)
        return -logarithms.gather(-1, targets.unsqueeze(-1)).mean()
    classes = torch.arange(outputs.shape[-1])  # one_hot asks for values, which vmap cannot give
    wanted = (targets.unsqueeze(-1) == classes).to(outputs.dtype)
    return functional.mse_loss(outputs, wanted)
