"""The second moments of activation functions at normal inputs, by quadrature."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_Values = NDArray[np.float64]

_NODES = np.linspace(-12.0, 12.0, 4801)
_WEIGHTS = np.exp(-_NODES * _NODES / 2) / math.sqrt(2 * math.pi) * (_NODES[1] - _NODES[0])

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def _sigmoid(z: _Values) -> _Values:
    value: _Values = 0.5 * (1 + np.tanh(z / 2))
    return value


def _elu(z: _Values) -> _Values:
    value: _Values = np.where(z > 0, z, np.expm1(np.minimum(z, 0)))
    return value


def _gelu(z: _Values) -> _Values:
    normal: _Values = 0.5 * (1 + np.array([math.erf(each / math.sqrt(2)) for each in z]))
    return z * normal


def _gelu_tanh(z: _Values) -> _Values:
    step: _Values = 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3)))
    return z * step


_FUNCTIONS: dict[str, Callable[[_Values], _Values]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "relu6": lambda z: np.clip(z, 0, 6),
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "selu": lambda z: _SELU_SCALE * np.where(z > 0, z, _SELU_ALPHA * np.expm1(np.minimum(z, 0))),
    "elu": _elu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "quick_gelu": lambda z: z * _sigmoid(1.702 * z),
    "silu": lambda z: z * _sigmoid(z),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "hardswish": lambda z: z * np.clip(z + 3, 0, 6) / 6,
    "softplus": lambda z: np.logaddexp(0, z),
}


@lru_cache(maxsize=4096)
def second_moment(activation: str, q: float) -> float | None:
    """Returns E f(√q z)² for a standard normal z, or None for an activation that is not known.

    Args:
        activation: The name as a spec has it, such as `relu` or `leaky_relu(0.2)`.
        q: The second moment of the activation's input.

    Example:
        >>> second_moment("relu", 2.0)
        1.0
    """
    slope = slope_of(activation)
    if slope is not None:
        return q * (1 + slope * slope) / 2
    if activation in ("relu", "linear"):
        return q / 2 if activation == "relu" else q
    function = _FUNCTIONS.get(activation)
    if function is None or not math.isfinite(q):
        return None
    return float((_WEIGHTS * function(math.sqrt(q) * _NODES) ** 2).sum())


def slope_of(activation: str) -> float | None:
    """Returns the slope of a leaky ReLU for negative inputs, or None for another activation."""
    if activation == "leaky_relu":
        return 0.01
    if activation.startswith("leaky_relu("):
        return float(activation[len("leaky_relu(") : -1])
    return None
