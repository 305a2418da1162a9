"""What PyTorch itself starts a layer with."""

from typing import TYPE_CHECKING

from initstudio.catalogue import NoParams, Scheme
from initstudio.law import Law

if TYPE_CHECKING:
    from initstudio.catalogue import TensorSpec


def _law(_params: NoParams, tensor: "TensorSpec") -> Law:
    return tensor.default


def _refuses(_params: NoParams, _tensor: "TensorSpec") -> str | None:
    return None


def _under_relu(_params: NoParams, tensor: "TensorSpec") -> bool:
    return tensor.role == "weight" and tensor.site.activation in {"relu", "leaky_relu", "prelu"}


TORCH_DEFAULT = Scheme(
    key="torch_default",
    label="PyTorch default",
    summary="Leaves every layer as PyTorch makes it.",
    source="torch.nn.Linear.reset_parameters: weights kaiming_uniform_(a=sqrt 5), "
    "biases uniform_(-1/sqrt fan_in, 1/sqrt fan_in)",
    order=10,
    params=NoParams,
    formula="U(-b, b), b = 1 / sqrt(fan_in), for weights and biases: kaiming_uniform_(a=sqrt 5) "
    "has the gain 1/sqrt 3",
    trap="This is not He initialization, though it calls kaiming_uniform_: a=sqrt 5 makes the "
    "gain 1/sqrt 3 instead of sqrt 2, and a ReLU layer passes on a sixth of the signal's power.",
    law=_law,
    refuses=_refuses,
    draw=None,
    bites=_under_relu,
    roles=("weight", "bias", "scale", "shift", "slope"),
)
