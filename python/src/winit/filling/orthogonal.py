"""Orthogonal matrices (docs/law.md, "Orthogonal"), with the kernels' reflections."""

from __future__ import annotations

import math

import numpy as np

from .. import reference
from ..kernels import Kernel, Reflections
from ..kernels.structs import BLOCK, PANEL
from .drawing import Engine
from .threads import for_each

_PANELS = BLOCK // PANEL


def orthogonal_values(engine: Engine, draws: reference.Floats, gain: float) -> reference.Floats:
    """Makes an orthogonal matrix from a matrix of standard normal draws.

    Args:
        engine: What computes: the kernels, or `winit.reference`, with the same bits.
        draws: A float32 matrix.
        gain: The factor that all elements are multiplied by, in binary64.

    Returns:
        A float32 matrix of the same shape.
    """
    if engine.kernel is None:
        return reference.orthogonal_values(draws, gain)
    if draws.size == 0:
        return np.empty(draws.shape, np.float32)
    wide = draws.shape[0] < draws.shape[1]
    columns = draws.T if wide else draws
    width = columns.shape[1]
    matrix = _to_panels(columns)
    signs = _orthogonalize(engine.kernel, engine.threads, matrix, width)
    values = np.empty(draws.shape, np.float32)
    target = values.T if wide else values
    for panel in range(-(-width // PANEL)):
        first, count = panel * PANEL, min(PANEL, width - panel * PANEL)
        q = matrix[panel, :, :count]
        q *= signs[first : first + count]
        q *= np.float64(gain)
        target[:, first : first + count] = q.astype(np.float32)
    return values


def _to_panels(columns: reference.Floats) -> reference.Doubles:
    """Widens a matrix to panels of 16 columns, [panels, height, 16]. Columns beyond the width are zero."""
    height, width = columns.shape
    matrix = np.zeros((_PANELS * math.ceil(width / BLOCK), height, PANEL))
    for panel in range(-(-width // PANEL)):
        part = columns[:, panel * PANEL : (panel + 1) * PANEL]
        matrix[panel, :, : part.shape[1]] = part
    return matrix


def _orthogonalize(kernel: Kernel, threads: int, matrix: reference.Doubles, width: int) -> reference.Doubles:
    """Replaces a matrix in panels by Q, and returns the signs of the diagonal elements of R."""
    blocks = _factor(kernel, threads, matrix, width)
    _multiply(kernel, threads, matrix, width, blocks)
    return np.concatenate([block.signs for block in blocks])


def _factor(kernel: Kernel, threads: int, matrix: reference.Doubles, width: int) -> list[Reflections]:
    """Computes the reflections of each block of columns, and applies them to the columns to the right.

    The next block is computed as soon as its own columns are ready, while other threads apply the block before it to
    the columns further to the right.
    """
    blocks = [kernel.reflect(matrix, width, 0)]
    for group in range(1, len(matrix) // _PANELS):
        block = blocks[-1]

        def advance(target: int, block: Reflections = block, group: int = group) -> None:
            kernel.apply(matrix, block, True, target * _PANELS, _PANELS)
            if target == group:
                blocks.append(kernel.reflect(matrix, width, group * BLOCK))

        targets = range(group, len(matrix) // _PANELS)
        for_each(targets, advance, _worth(threads, len(targets), matrix.shape[1] - block.first))
    return blocks


def _multiply(kernel: Kernel, threads: int, matrix: reference.Doubles, width: int, blocks: list[Reflections]) -> None:
    """Computes Q: applies the blocks to the identity matrix, the last block first.

    The columns to the left of a block are skipped: they are still those of the identity, zero from its first row on.
    Groups are independent of each other; up to four of them share a block while it is in the cache. Those with the most
    blocks come first, so that the threads end at about the same time.
    """
    groups = len(matrix) // _PANELS
    size = max(1, min(4, groups // (4 * threads)))

    def multiply(end: int) -> None:
        first = max(0, end - size)
        matrix[first * _PANELS : end * _PANELS] = 0
        for column in range(first * BLOCK, min(end * BLOCK, width)):
            matrix[column // PANEL, column, column % PANEL] = 1
        for index in range(end - 1, -1, -1):
            start = max(index, first)
            kernel.apply(matrix, blocks[index], False, start * _PANELS, (end - start) * _PANELS)

    ends = range(groups, 0, -size)
    for_each(ends, multiply, _worth(threads, len(ends), matrix.shape[1]))


def _worth(threads: int, tasks: int, rows: int) -> int:
    """Returns how many threads to use: a small block is not worth a thread."""
    return max(1, min(threads, tasks, tasks * rows // 1024 + 1))
