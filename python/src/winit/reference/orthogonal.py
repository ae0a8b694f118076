"""Orthogonal matrices by Householder reflections in blocks of 64 columns (docs/law.md, "Orthogonal").

All sums run in the order that the page gives. NumPy only computes many of them side by side.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arrays import Doubles, Floats
from .powers import norm

_BLOCK = 64


@dataclass
class _Reflections:
    """The reflections of one block of columns: V (rows × 64), T (64 × 64) and the sign of each column."""

    first: int
    v: Doubles
    t: Doubles
    signs: Doubles


def _factor(a: Doubles, first: int) -> _Reflections:
    """Steps 1 and 2 for the block of columns of `a` (n × m) that begins at `first`."""
    height, width = a.shape
    rows, count = height - first, min(_BLOCK, width - first)
    v, taus, signs = np.zeros((rows, _BLOCK)), np.zeros(_BLOCK), np.ones(count)
    v[:, :count] = a[first:, first : first + count]
    for j in range(count):
        alpha, squares = float(v[j, j]), 0.0
        for x in v[j + 1 :, j].tolist():
            squares += x * x
        beta = alpha
        if squares > 0:
            norm = math.sqrt(alpha * alpha + squares)
            beta = -norm if alpha > 0 else norm
            taus[j] = (beta - alpha) / beta
            v[j + 1 :, j] /= alpha - beta
        if beta < 0:
            signs[j] = -1
        v[j, j] = 1
        if taus[j] != 0:
            sums = np.zeros(_BLOCK - j - 1)
            for k in range(j, rows):
                sums += v[k, j] * v[k, j + 1 :]
            sums *= taus[j]
            v[j:, j + 1 :] -= np.outer(v[j:, j], sums)
    for row in range(min(rows, _BLOCK)):
        v[row, row + 1 :] = 0
    return _Reflections(first, v, _triangle(v, taus), signs)


def _triangle(v: Doubles, taus: Doubles) -> Doubles:
    """Step 2: T (64 × 64), upper triangular."""
    products, t = np.zeros((_BLOCK, _BLOCK)), np.zeros((_BLOCK, _BLOCK))
    for row in v:
        products += np.outer(row, row)
    for j in range(_BLOCK):
        t[j, j] = taus[j]
        for i in range(j):
            total = 0.0
            for k in range(i, j):
                total += t[i, k] * products[k, j]
            t[i, j] = -taus[j] * total
    return t


def _apply(v: Doubles, t: Doubles, columns: Doubles) -> None:
    """Subtracts V (t (Vᵀ columns)) from `columns`, in place."""
    sums, turned = (np.zeros((_BLOCK, columns.shape[1])) for _ in range(2))
    for k in range(len(v)):
        sums += np.outer(v[k], columns[k])
    for k in range(_BLOCK):
        turned += np.outer(t[:, k], sums[k])
    for k in range(_BLOCK):
        columns -= np.outer(v[:, k], turned[k])


def orthogonal_values(draws: Floats, gain: float) -> Floats:
    """Makes an orthogonal matrix from a matrix of standard normal draws (docs/law.md, "Orthogonal").

    Args:
        draws: A float32 matrix of normal draws, of any shape (rows, columns).
        gain: The factor that all elements are multiplied by, in binary64.

    Returns:
        A float32 matrix of the same shape. Its columns are orthogonal and of length `gain`, or its rows if there are
        fewer of those.
    """
    wide = draws.shape[0] < draws.shape[1]
    a = (draws.T if wide else draws).astype(np.float64)
    height, width = a.shape
    blocks = []
    for first in range(0, width, _BLOCK):
        block = _factor(a, first)
        _apply(block.v, block.t.T, a[first:, first + _BLOCK :])
        blocks.append(block)
    q = np.eye(height, width)
    for block in reversed(blocks):
        _apply(block.v, block.t, q[block.first :, block.first :])
    q *= np.concatenate([block.signs for block in blocks])
    return (gain * (q.T if wide else q)).astype(np.float32)


def unit_vector(draws: Floats, gain: float) -> Floats:
    """Makes a vector of length `gain` from standard normal draws (docs/law.md, "Orthogonal").

    Args:
        draws: A float32 vector of normal draws.
        gain: The length, in binary64.

    Returns:
        A float32 vector.
    """
    z = draws.astype(np.float64)
    result: Floats = (np.float64(gain) * (z / norm(z))).astype(np.float32)
    return result
