"""pow, and the Euclidean norm (docs/law.md, "Functions")."""

from __future__ import annotations

import numpy as np

from .arithmetic import require_exact_arithmetic
from .arrays import Doubles, Flags
from .exponentials import ONE, exp, log

LARGEST_EXPONENT = 64
"""Whole exponents up to this magnitude are powers by repeated multiplication."""

_LANES = 8


def is_repeated(y: Doubles) -> Flags:
    """Tells which exponents are powers by repeated multiplication.

    Args:
        y: Exponents.

    Returns:
        True where the exponent is whole and of magnitude 64 at most.
    """
    repeated: Flags = (np.floor(y) == y) & (np.abs(y) <= LARGEST_EXPONENT)
    return repeated


def pow(x: Doubles, y: Doubles) -> Doubles:
    """Computes x to the power of y (docs/law.md, "Functions").

    Args:
        x: Bases: positive, or any number where the exponent is whole and of magnitude 64 at most.
        y: Exponents, of the same shape.

    Returns:
        An array of the same shape.
    """
    repeated = is_repeated(y)
    result = np.ones_like(x)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        result[~repeated] = exp(y[~repeated] * log(x[~repeated]))
        base, exponent = x[repeated], y[repeated]
        product = base.copy()
        for n in range(2, LARGEST_EXPONENT + 1):
            product = np.where(np.abs(exponent) >= n, product * base, product)
        product = np.where(exponent < 0, ONE / product, product)
        result[repeated] = np.where(exponent == 0, ONE, product)
    return result


def norm(values: Doubles) -> Doubles:
    """Computes Euclidean norms (docs/law.md, "Functions").

    Args:
        values: An array whose last axis holds the values of a norm, in their order.

    Returns:
        An array without the last axis; infinite where a sum overflows.
    """
    require_exact_arithmetic()
    *groups, count = values.shape
    # A sum of squares is not changed by the square of 0.
    rows = -(-count // _LANES)
    padded = np.zeros((*groups, rows * _LANES))
    padded[..., :count] = values
    lanes = padded.reshape(*groups, rows, _LANES)
    s = np.zeros((*groups, _LANES))
    with np.errstate(over="ignore", under="ignore"):
        for row in range(lanes.shape[-2]):
            s = s + lanes[..., row, :] * lanes[..., row, :]
        halves = s[..., :4] + s[..., 4:]
        total = (halves[..., 0] + halves[..., 2]) + (halves[..., 1] + halves[..., 3])
    result: Doubles = np.sqrt(total)
    return result
