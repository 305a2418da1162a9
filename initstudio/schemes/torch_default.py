"""What PyTorch itself starts a layer with."""

from math import sqrt
from typing import TYPE_CHECKING

from initstudio.catalogue import Law, NoParams, Scheme

if TYPE_CHECKING:
    from initstudio.catalogue import Role, TensorSpec

CONSTANTS: "dict[Role, float]" = {"scale": 1.0, "shift": 0.0, "slope": 0.25}


def _law(_params: NoParams, tensor: "TensorSpec") -> Law:
    if tensor.role in CONSTANTS:
        value = CONSTANTS[tensor.role]
        return Law(kind="constant", mean=value, std=0, low=value, high=value)
    bound = 1 / sqrt(tensor.fan_in)
    return Law(kind="uniform", mean=0, std=bound / sqrt(3), low=-bound, high=bound)


def _refuses(_params: NoParams, _tensor: "TensorSpec") -> str | None:
    return None


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
    roles=("weight", "bias", "scale", "shift", "slope"),
)
