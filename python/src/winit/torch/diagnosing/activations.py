"""Which modules and functions are activation functions, and their names in a spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

_BY_CLASS = {
    "ReLU": "relu",
    "ReLU6": "relu6",
    "Tanh": "tanh",
    "Sigmoid": "sigmoid",
    "SELU": "selu",
    "ELU": "elu",
    "SiLU": "silu",
    "SiLUActivation": "silu",
    "Swish": "silu",
    "Mish": "mish",
    "MishActivation": "mish",
    "Hardswish": "hardswish",
    "HardSwish": "hardswish",
    "Softplus": "softplus",
    "Softmax": "softmax",
    "GELUActivation": "gelu",
    "NewGELUActivation": "gelu_tanh",
    "FastGELUActivation": "gelu_tanh",
    "PytorchGELUTanh": "gelu_tanh",
    "GELUTanh": "gelu_tanh",
    "AccurateGELUActivation": "gelu_tanh",
    "QuickGELUActivation": "quick_gelu",
    "QuickGELU": "quick_gelu",
}
"""The names of classes, in torch.nn, transformers, timm and torchvision."""

_BY_FUNCTION = {
    **{name: name for name in ("relu", "relu6", "tanh", "sigmoid", "selu", "silu", "mish", "hardswish", "softmax")},
    **{f"{name}_": name for name in ("relu", "relu6", "tanh", "sigmoid", "selu", "silu")},
    **{"elu_": "elu", "elu": "elu", "softplus": "softplus"},
}

RECTIFIERS = ("relu", "relu6")
"""The activations that give exactly 0 for half of their inputs."""


def activation_of_module(module: torch.nn.Module) -> str | None:
    """Returns the name of the activation that a module without parameters is, or None."""
    name = type(module).__name__
    if name == "GELU":
        return "gelu_tanh" if getattr(module, "approximate", "none") == "tanh" else "gelu"
    if name == "LeakyReLU":
        return _leaky(getattr(module, "negative_slope", 0.01))
    if name in ("ELU", "Softplus") and getattr(module, "alpha" if name == "ELU" else "beta", 1.0) != 1.0:
        return None
    return _BY_CLASS.get(name)


def activation_of_function(name: str, arguments: Sequence[Any], options: Mapping[str, Any]) -> str | None:
    """Returns the name of the activation that a function of torch is, or None.

    Args:
        name: The name of the function, such as `relu_`.
        arguments: Its arguments.
        options: Its keyword arguments.
    """
    if name == "gelu":
        return "gelu_tanh" if options.get("approximate", "none") == "tanh" else "gelu"
    if name in ("leaky_relu", "leaky_relu_"):
        return _leaky(options.get("negative_slope", arguments[1] if len(arguments) > 1 else 0.01))
    if name in ("elu", "elu_", "softplus") and (len(arguments) > 1 or set(options) & {"alpha", "beta"}):
        first = arguments[1] if len(arguments) > 1 else options.get("alpha", options.get("beta"))
        return _BY_FUNCTION[name] if first == 1 else None
    return _BY_FUNCTION.get(name)


def _leaky(slope: Any) -> str:
    return "leaky_relu" if slope == 0.01 else f"leaky_relu({float(slope)})"
