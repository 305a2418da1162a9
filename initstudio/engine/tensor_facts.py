"""What the tensors of torch's modules are for: role, fans, gates; and of unknown ones a guess."""

from math import prod
from typing import Any

import torch
from torch import nn

from initstudio.catalogue import Layer, Role, Value
from initstudio.described import DescribedTensor
from initstudio.engine.draws import Draws
from initstudio.errors import ExperimentError
from initstudio.layers import LAYERS

KEYS: dict[type[nn.Module], str] = {
    nn.Linear: "linear",
    nn.Bilinear: "bilinear",
    nn.Conv1d: "conv1d",
    nn.Conv2d: "conv2d",
    nn.Conv3d: "conv3d",
    nn.ConvTranspose1d: "conv_transpose1d",
    nn.ConvTranspose2d: "conv_transpose2d",
    nn.ConvTranspose3d: "conv_transpose3d",
    nn.BatchNorm1d: "batch_norm",
    nn.BatchNorm2d: "batch_norm",
    nn.BatchNorm3d: "batch_norm",
    nn.LayerNorm: "layer_norm",
    nn.GroupNorm: "group_norm",
    nn.InstanceNorm1d: "instance_norm",
    nn.InstanceNorm2d: "instance_norm",
    nn.InstanceNorm3d: "instance_norm",
    nn.RMSNorm: "rms_norm",
    nn.RNN: "rnn",
    nn.LSTM: "lstm",
    nn.GRU: "gru",
    nn.Embedding: "embedding",
    nn.MultiheadAttention: "attention",
    nn.Dropout: "dropout",
    nn.Flatten: "flatten",
    nn.Unflatten: "unflatten",
    nn.MaxPool1d: "max_pool1d",
    nn.MaxPool2d: "max_pool2d",
    nn.AvgPool1d: "avg_pool1d",
    nn.AvgPool2d: "avg_pool2d",
    nn.ReLU: "relu",
    nn.LeakyReLU: "leaky_relu",
    nn.Tanh: "tanh",
    nn.Sigmoid: "sigmoid",
    nn.GELU: "gelu",
    nn.SiLU: "silu",
    nn.ELU: "elu",
    nn.SELU: "selu",
    nn.CELU: "celu",
    nn.Softplus: "softplus",
    nn.Softsign: "softsign",
    nn.Mish: "mish",
    nn.PReLU: "prelu",
    nn.ReLU6: "relu6",
    nn.Hardtanh: "hardtanh",
    nn.Hardsigmoid: "hardsigmoid",
    nn.Hardswish: "hardswish",
    nn.Hardshrink: "hardshrink",
    nn.Softshrink: "softshrink",
    nn.Tanhshrink: "tanhshrink",
    nn.Threshold: "threshold",
    nn.LogSigmoid: "logsigmoid",
    nn.RReLU: "rrelu",
}
"""The catalogue's layer that does what a module of torch does."""

NORMALIZATION = {"batch_norm", "layer_norm", "group_norm", "instance_norm", "rms_norm"}
GATES: dict[type[nn.Module], int] = {
    nn.LSTM: 4,
    nn.LSTMCell: 4,
    nn.GRU: 3,
    nn.GRUCell: 3,
}


def key_of(module: nn.Module) -> str:
    """Return the key of the catalogue's layer that does what the module does, or ""."""
    key = KEYS.get(type(module), "")
    layer = LAYERS.get(key)
    if layer is None:
        return ""
    try:
        layer.parse(_values(module, layer))
    except ExperimentError:  # past the limits that the catalogue has
        return ""
    return key


def params_of(module: nn.Module) -> dict[str, Value]:
    """Return the parameters of an activation, as the catalogue calls them."""
    layer = LAYERS.get(key_of(module))
    return _values(module, layer) if layer else {}


def _values(module: nn.Module, layer: Layer[Any]) -> dict[str, Value]:
    if layer.group != "Activation":
        return {}
    values = {name: getattr(module, name, None) for name in layer.params.__struct_fields__}
    return {
        name: value for name, value in values.items() if isinstance(value, bool | int | float | str)
    }


def tensors_of(module: nn.Module, names: dict[str, nn.Parameter], draws: Draws) -> tuple[
    DescribedTensor, ...
]:  # fmt: skip
    """Return the description of a module's parameters, which are given by their names in it."""
    return tuple(_tensor(module, name, names, draws) for name in names)


def _tensor(
    module: nn.Module, name: str, names: dict[str, nn.Parameter], draws: Draws
) -> DescribedTensor:
    parameter = names[name]
    role = _role(module, name, parameter)
    weight = parameter if role == "weight" else None
    if role == "bias":
        weight = _weight_of(module, name)
        role = "bias" if weight is not None else "shift"
    fans = (0, 0) if weight is None else _fans(weight)
    return DescribedTensor(
        name=name,
        role=role,
        shape=tuple(parameter.shape),
        law=draws.law_of(parameter),
        fan_in=fans[0],
        fan_out=fans[1],
        gates=_gates(module, name),
    )


def _role(module: nn.Module, name: str, parameter: nn.Parameter) -> Role:
    last = name.rpartition(".")[2]
    key = key_of(module)
    if key in NORMALIZATION:
        return "shift" if last == "bias" else "scale"
    if key == "prelu":
        return "slope"
    if "bias" in last:
        return "bias"
    return "weight" if parameter.dim() >= 2 else "scale"


def _weight_of(module: nn.Module, name: str) -> nn.Parameter | None:
    """Return the weight that a bias belongs to, by its name: bias_ih_l0 has weight_ih_l0."""
    head, dot, last = name.rpartition(".")
    names = dict(module.named_parameters(remove_duplicate=False))
    weight = names.get(f"{head}{dot}{last.replace('bias', 'weight')}")
    return weight if weight is not None and weight.dim() >= 2 else None


def _fans(weight: torch.Tensor) -> tuple[int, int]:
    """Return fan_in and fan_out as `torch.nn.init` counts them."""
    field = prod(weight.shape[2:])
    return weight.shape[1] * field, weight.shape[0] * field


def _gates(module: nn.Module, name: str) -> int:
    if isinstance(module, nn.MultiheadAttention):
        return 3 if name.startswith("in_proj") else 1
    return GATES.get(type(module), 1)
