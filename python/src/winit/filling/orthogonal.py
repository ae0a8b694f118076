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
    panels = len(matrix)
    blocks = []
    for first in range(0, width, BLOCK):
        block = kernel.reflect(matrix, width, first)
        _apply(kernel, threads, matrix, block, True, first // PANEL + _PANELS, panels)
        blocks.append(block)
    matrix[...] = 0
    for column in range(width):
        matrix[column // PANEL, column, column % PANEL] = 1
    signs = np.concatenate([block.signs for block in blocks])
    while blocks:
        # The columns to the left of a block are still those of the identity: zero from its first row on.
        block = blocks.pop()
        _apply(kernel, threads, matrix, block, False, block.first // PANEL, panels)
    return signs


def _apply(
    kernel: Kernel,
    threads: int,
    matrix: reference.Doubles,
    block: Reflections,
    transposed: bool,
    panel: int,
    panels: int,
) -> None:
    groups = range(panel, panels, _PANELS)
    # A small block is not worth a thread.
    worth = len(groups) * (matrix.shape[1] - block.first) // 1024 + 1
    for_each(
        groups,
        lambda first: kernel.apply(matrix, block, transposed, first, min(_PANELS, panels - first)),
        max(1, min(threads, len(groups), worth)),
    )
