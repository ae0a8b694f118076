"""The weights of modules: their outputs, inputs and fans, by the layout of the module."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .calls import kind_of

_KERNELS = re.compile(
    r"weight|kernel|weight_(ih|hh|hr)(_l\d+(_reverse)?)?|in_proj_weight|[qkv]_proj_weight|weight_v|weight_orig|"
    r"original\d*"
)


@dataclass(frozen=True)
class Layout:
    """What the axes of a weight are.

    Attributes:
        fan_in: The number of inputs of an output, or None below two axes.
        fan_out: The number of outputs that an input reaches, or None.
        groups: The number of groups of a convolution.
        is_depthwise: Whether each output sees one channel alone.
        is_embedding: Whether it is a table.
        is_transposed: Whether the inputs come first, as in transformers' Conv1D and transposed convolutions.
    """

    fan_in: int | None
    fan_out: int | None
    groups: int = 1
    is_depthwise: bool = False
    is_embedding: bool = False
    is_transposed: bool = False

    def matrix(self, values: NDArray[Any]) -> NDArray[Any]:
        """Returns a weight as [outputs, inputs of a group, taps]."""
        first, second, taps = values.shape[0], values.shape[1], math.prod(values.shape[2:])
        if not self.is_transposed:
            return values.reshape(first, second, taps)
        grouped = values.reshape(self.groups, first // self.groups, second, taps)
        return grouped.transpose(0, 2, 1, 3).reshape(self.groups * second, first // self.groups, taps)


def is_kernel(name: str) -> bool:
    """Tells whether a parameter is a weight by the last part of its name."""
    return _KERNELS.fullmatch(name.rpartition(".")[2]) is not None


def layout(module: torch.nn.Module, key: str, shape: tuple[int, ...]) -> Layout:
    """Returns the layout of a parameter.

    Args:
        module: The module that has it.
        key: Its name in the module.
        shape: Its shape.
    """
    if len(shape) < 2:
        return Layout(None, None)
    taps = math.prod(shape[2:])
    first, second = shape[0], shape[1]
    if key == "weight" and isinstance(module, torch.nn.modules.conv._ConvNd):
        groups = int(module.groups)
        if module.transposed:
            fans = first // groups * taps, second * taps
            return Layout(*fans, groups, first == groups, is_transposed=True)
        return Layout(second * taps, first // groups * taps, groups, second == 1 and groups > 1)
    if key == "weight" and type(module).__name__ == "Conv1D" and hasattr(module, "nf"):
        return Layout(first, second, is_transposed=True)
    is_table = key == "weight" and kind_of(module) == "embedding"
    return Layout(second * taps, first * taps, is_embedding=is_table)


def bias_of(module: torch.nn.Module, key: str, outputs: int) -> NDArray[np.float64] | None:
    """Returns the bias of each output, or None."""
    bias = module._parameters.get(key.replace("weight", "bias")) if "weight" in key else None
    if bias is None or bias.dim() != 1 or len(bias) != outputs or not bias.is_floating_point():
        return None
    values: NDArray[np.float64] = bias.detach().to("cpu", torch.float64).numpy()
    return values
