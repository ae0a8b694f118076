"""Activation functions and their derivatives, for the vectors of passes.

A derivative is a complex step (Squire and Trapp, "Using complex variables to estimate derivatives of real functions",
1998) wherever a function is analytic.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def sigmoid(z: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-z)))


def softplus(z: Array) -> Array:
    return np.asarray(np.log(1 + np.exp(z)))


def gelu_tanh(z: Array) -> Array:
    return np.asarray(0.5 * z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))))


def gelu(z: Array) -> Array:
    return np.array([0.5 * x * (1 + math.erf(x / math.sqrt(2))) for x in z.ravel()]).reshape(z.shape)


def gelu_slope(z: Array) -> Array:
    """Φ(z) + z φ(z)."""
    phi = np.array([0.5 * (1 + math.erf(x / math.sqrt(2))) for x in z.ravel()]).reshape(z.shape)
    return phi + z * np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)


def complex_step(f: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """The derivative of an analytic function, exact to rounding."""
    return lambda z: np.imag(f(z + 1e-30j)) / 1e-30


def pieces(above: Callable[[Array], Array], below: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """A function with a kink at 0."""
    return lambda z: np.where(z > 0, above(z), below(np.minimum(z, 0)))


ALPHA, SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946
Function = tuple[Callable[[Array], Array], Callable[[Array], Array]]
ANALYTIC: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "gelu_tanh": gelu_tanh,
    "quick_gelu": lambda z: z * sigmoid(1.702 * z),
    "silu": lambda z: z * sigmoid(z),
    "mish": lambda z: z * np.tanh(softplus(z)),
    "softplus": softplus,
}
FUNCTIONS: dict[str, Function] = {
    **{name: (f, complex_step(f)) for name, f in ANALYTIC.items()},
    "relu": (lambda z: np.maximum(z, 0), lambda z: (z > 0) * 1.0),
    "relu6": (lambda z: np.clip(z, 0, 6), lambda z: ((z > 0) & (z < 6)) * 1.0),
    "leaky_relu(0.2)": (lambda z: np.where(z > 0, z, 0.2 * z), lambda z: np.where(z > 0, 1.0, 0.2)),
    "elu": (pieces(lambda z: z, np.expm1), pieces(np.ones_like, np.exp)),
    "selu": (
        pieces(lambda z: SCALE * z, lambda z: SCALE * ALPHA * np.expm1(z)),
        pieces(lambda z: np.full_like(z, SCALE), lambda z: SCALE * ALPHA * np.exp(z)),
    ),
    "gelu": (gelu, gelu_slope),
    "hardswish": (
        lambda z: z * np.clip(z + 3, 0, 6) / 6,
        lambda z: np.where(z <= -3, 0.0, np.where(z >= 3, 1.0, z / 3 + 0.5)),
    ),
}


def softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(e / e.sum(axis=1, keepdims=True))
