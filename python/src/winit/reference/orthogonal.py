"""Orthogonal matrices by Householder reflections in blocks of 64 columns (docs/law.md, "Orthogonal").

All sums run in the order that the page gives. NumPy only computes many of them side by side: no function that may sum
in another order, or fuse a multiplication with an addition, has a part in them (`sum`, `dot`, `einsum` and BLAS may).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .arithmetic import require_exact_arithmetic
from .arrays import Doubles, Floats
from .powers import norm

_BLOCK = 64
_COLUMNS = 256
"""Columns that are computed side by side: their 64 sums fit the second-level cache."""

_ROWS = 128
"""Rows of a tile from which products are subtracted, for the same reason."""


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
    v = np.zeros((_BLOCK, rows))  # V transposed, so that a column is contiguous
    v[:count] = a[first:, first : first + count].T
    taus, signs = np.zeros(_BLOCK), np.ones(count)
    for j in range(count):
        column, others = v[j, j:], v[j + 1 :, j:]
        alpha, squares = float(column[0]), float(_sums(column[np.newaxis, 1:] * column[1:])[0])
        beta = alpha
        if squares > 0:
            norm = math.sqrt(alpha * alpha + squares)
            beta = -norm if alpha > 0 else norm
            taus[j] = (beta - alpha) / beta
            column[1:] /= alpha - beta
        if beta < 0:
            signs[j] = -1
        column[0] = 1
        if taus[j] != 0:
            others -= column * (_sums(column * others) * taus[j])[:, np.newaxis]
    v = np.ascontiguousarray(v.T)
    for row in range(min(rows, _BLOCK)):
        v[row, row + 1 :] = 0
    return _Reflections(first, v, _triangle(v, taus), signs)


def _sums(terms: Doubles) -> Doubles:
    """Sums each row from left to right, beginning with 0. An accumulation is in this order by its definition."""
    from_zero = np.zeros((terms.shape[0], terms.shape[1] + 1))
    from_zero[:, 1:] = terms
    sums: Doubles = np.add.accumulate(from_zero, axis=1)[:, -1]
    return sums


def _triangle(v: Doubles, taus: Doubles) -> Doubles:
    """Step 2: T (64 × 64), upper triangular."""
    products = _products(v, v).tolist()  # VᵀV
    tau: list[float] = taus.tolist()
    t = [[0.0] * _BLOCK for _ in range(_BLOCK)]
    for j in range(_BLOCK):
        t[j][j] = tau[j]
        for i in range(j):
            total = 0.0
            for k in range(i, j):
                total += t[i][k] * products[k][j]
            t[i][j] = -tau[j] * total
    return np.array(t)


def _products(left: Doubles, right: Doubles) -> Doubles:
    """Computes leftᵀ right: the sum, over the rows in their order, of the products of a row's elements."""
    sums = np.zeros((left.shape[1], right.shape[1]))
    terms = np.empty_like(sums)
    for a, b in zip(left[:, :, np.newaxis], right, strict=True):
        np.multiply(a, b, out=terms)
        np.add(sums, terms, out=sums)
    return sums


def _subtract_products(v: Doubles, turned: Doubles, columns: Doubles) -> None:
    """Subtracts V turned from `columns`, in place, one column of V after the other."""
    for top in range(0, len(v), _ROWS):
        rows = columns[top : top + _ROWS]
        tile, terms = np.ascontiguousarray(rows), np.empty(rows.shape)
        for a, b in zip(np.ascontiguousarray(v[top : top + _ROWS].T)[:, :, np.newaxis], turned, strict=True):
            np.multiply(a, b, out=terms)
            np.subtract(tile, terms, out=tile)
        rows[...] = tile


def _apply(v: Doubles, t: Doubles, columns: Doubles) -> None:
    """Subtracts V (t (Vᵀ columns)) from `columns`, in place."""
    for first in range(0, columns.shape[1], _COLUMNS):
        group = columns[:, first : first + _COLUMNS]
        turned = _products(np.ascontiguousarray(t.T), _products(v, group))
        _subtract_products(v, turned, group)


def orthogonal_values(draws: Floats, gain: float) -> Floats:
    """Makes an orthogonal matrix from a matrix of standard normal draws (docs/law.md, "Orthogonal").

    A matrix of 4096 × 4096 takes about a minute.

    Args:
        draws: A float32 matrix of normal draws, of any shape (rows, columns).
        gain: The factor that all elements are multiplied by, in binary64.

    Returns:
        A float32 matrix of the same shape. Its columns are orthogonal and of length `gain`, or its rows if there are
        fewer of those.

    Raises:
        FloatingPointModeError: If this thread's floating-point mode is not that of the law.

    Example:
        >>> from winit import reference
        >>> import numpy as np
        >>> draws = reference.normal_draw(reference.words(7, reference.name_stream("w"), 0, 12)).reshape(4, 3)
        >>> q = reference.orthogonal_values(draws, 1.0)
        >>> bool(abs(q.T @ q - np.eye(3)).max() < 1e-6)
        True
    """
    require_exact_arithmetic()
    if draws.size == 0:
        return np.zeros(draws.shape, np.float32)
    wide = draws.shape[0] < draws.shape[1]
    with np.errstate(under="ignore"):
        q = orthonormal_columns(np.ascontiguousarray(draws.T if wide else draws, np.float64))
        q *= np.float64(gain)
        return (q.T if wide else q).astype(np.float32)


def orthonormal_columns(a: Doubles) -> Doubles:
    """Computes Q of the decomposition A = QR with a positive diagonal of R, in binary64.

    Args:
        a: A matrix with at least as many rows as columns. Its content is lost.

    Returns:
        A new matrix of the same shape.
    """
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
    return q


def unit_vector(draws: Floats, gain: float) -> Floats:
    """Makes a vector of length `gain` from standard normal draws (docs/law.md, "Orthogonal").

    Args:
        draws: A float32 vector of normal draws.
        gain: The length, in binary64.

    Returns:
        A float32 vector.

    Raises:
        FloatingPointModeError: If this thread's floating-point mode is not that of the law.
    """
    require_exact_arithmetic()
    z = draws.astype(np.float64)
    with np.errstate(under="ignore"):
        result: Floats = (np.float64(gain) * (z / norm(z))).astype(np.float32)
    return result
