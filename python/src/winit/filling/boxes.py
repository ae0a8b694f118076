"""Boxes of a tensor: pieces for threads, intersections, and indices of arrays."""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import EllipsisType
from typing import TypeAlias

Place: TypeAlias = tuple[int, ...]
"""An index, a length or a start on each axis."""


def pieces(size: Place, most: int) -> Iterator[tuple[Place, Place]]:
    """Cuts a box into boxes of about `most` elements, in row-major order.

    Args:
        size: The lengths of the box.
        most: The maximum number of elements of a piece, unless a single index of the last axes has more.

    Yields:
        Offset and size of each piece, as long on the last axes as they can be.
    """
    if math.prod(size) <= most:
        yield (0,) * len(size), size
        return
    axis, inner = len(size) - 1, 1
    while inner * size[axis] <= most:
        inner *= size[axis]
        axis -= 1
    step = max(most // inner, 1)
    for index in _indices(size[:axis]):
        for start in range(0, size[axis], step):
            length = min(step, size[axis] - start)
            zeros = (0,) * (len(size) - axis - 1)
            yield (*index, start, *zeros), (*(1,) * axis, length, *size[axis + 1 :])


def _indices(size: Place) -> Iterator[Place]:
    index = [0] * len(size)
    while True:
        yield tuple(index)
        for axis in range(len(size) - 1, -1, -1):
            index[axis] += 1
            if index[axis] < size[axis]:
                break
            index[axis] = 0
        else:
            return


def plus(a: Place, b: Place) -> Place:
    """Adds two places."""
    return tuple(x + y for x, y in zip(a, b, strict=True))


def minus(a: Place, b: Place) -> Place:
    """Subtracts a place from another."""
    return tuple(x - y for x, y in zip(a, b, strict=True))


def intersection(offset: Place, size: Place, start: Place, stop: Place) -> tuple[Place, Place] | None:
    """Gives offset and size of the elements that a box shares with [start, stop), or None if there are none."""
    first = tuple(max(a, b) for a, b in zip(offset, start, strict=True))
    last = tuple(min(a + n, b) for a, n, b in zip(offset, size, stop, strict=True))
    if any(a >= b for a, b in zip(first, last, strict=True)):
        return None
    return first, minus(last, first)


def slices(offset: Place, size: Place) -> tuple[slice | EllipsisType, ...]:
    """Gives the index of a box in an array. It selects an array, not a scalar, of an array of rank 0 too."""
    return (*(slice(start, start + length) for start, length in zip(offset, size, strict=True)), ...)
