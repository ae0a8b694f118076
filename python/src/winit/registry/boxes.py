"""Boxes of a tensor from contiguous ranges of its bytes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

ReadRange = Callable[[int, int], Any]
"""Returns the bytes start ..< stop of a tensor, as an object with the buffer protocol."""

SLAB = 8 << 20
"""How many bytes are read at a time."""

_SMALLEST_READ = 1 << 20  # a chunk: less is not read for one index of an axis alone


def copy_box(
    read: ReadRange, shape: tuple[int, ...], offset: tuple[int, ...], size: tuple[int, ...], out: np.ndarray[Any, Any]
) -> None:
    """Copies the box [offset, offset + size) of a row-major tensor into an array.

    Bytes outside the box are read only where they lie in rows, of less than 1 MiB, that the box crosses.

    Args:
        read: Reads a range of bytes of the tensor.
        shape: The lengths of the axes of the tensor.
        offset: The first index on each axis.
        size: The length of the box on each axis.
        out: The array, of the shape `size` and of the tensor's dtype.
    """
    if 0 not in size:
        _copy(read, shape, offset, size, out, 0)


def _copy(
    read: ReadRange,
    shape: tuple[int, ...],
    offset: tuple[int, ...],
    size: tuple[int, ...],
    out: np.ndarray[Any, Any],
    base: int,
) -> None:
    """Copies a box of the part of the tensor that begins at the byte `base` and has a shape."""
    item = out.dtype.itemsize
    if not shape:
        out[...] = np.frombuffer(read(base, base + item), out.dtype)[0]
        return
    inner = math.prod(shape[1:])
    row = inner * item
    is_whole = offset[1:] == (0,) * (len(shape) - 1) and size[1:] == shape[1:]
    if row >= _SMALLEST_READ and len(shape) > 1 and not is_whole:
        for index in range(size[0]):
            _copy(read, shape[1:], offset[1:], size[1:], out[index], base + (offset[0] + index) * row)
        return
    if row > SLAB:  # whole rows that are too long to read at once
        for index in range(size[0]):
            _copy(read, shape[1:], offset[1:], size[1:], out[index], base + (offset[0] + index) * row)
        return
    step = max(1, SLAB // row)
    inside = tuple(slice(start, start + length) for start, length in zip(offset[1:], size[1:], strict=True))
    for first in range(0, size[0], step):
        count = min(step, size[0] - first)
        start = base + (offset[0] + first) * row
        values = np.frombuffer(read(start, start + count * row), out.dtype).reshape((count, *shape[1:]))
        out[first : first + count] = values[(slice(None), *inside)]
