"""Boxes: ranges on the axes of a tensor, and the boxes that a range of elements consists of."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from operator import index
from typing import Any

from numpy.typing import NDArray

Box = tuple[slice, ...]
"""A range on each axis, with a start and a stop."""


def box_at(offset: Sequence[int], size: Sequence[int]) -> Box:
    """Makes the box [offset, offset + size)."""
    ends = [(index(o), index(o) + index(n)) for o, n in zip(offset, size, strict=True)]
    return tuple(slice(start, stop) for start, stop in ends)


def whole_box(shape: Sequence[int]) -> Box:
    """Makes the box of a whole tensor."""
    return tuple(slice(0, length) for length in shape)


def offset_of(box: Box) -> tuple[int, ...]:
    """Gives the coordinates of a box's first element."""
    return tuple(axis.start for axis in box)


def shape_of(box: Box) -> tuple[int, ...]:
    """Gives the lengths of a box's axes."""
    return tuple(axis.stop - axis.start for axis in box)


def is_within(box: Box, shape: Sequence[int]) -> bool:
    """Tells whether a box is a box of a tensor of this shape."""
    return len(box) == len(shape) and all(
        0 <= axis.start <= axis.stop <= length for axis, length in zip(box, shape, strict=True)
    )


def common_box(a: Box, b: Box) -> Box | None:
    """Gives the elements that two boxes have in common; None if there are none."""
    common = tuple(slice(max(x.start, y.start), min(x.stop, y.stop)) for x, y in zip(a, b, strict=True))
    return common if all(axis.start < axis.stop for axis in common) else None


def counted_from(origin: Box, box: Box) -> Box:
    """Gives a box with coordinates that count from the start of another box."""
    return tuple(slice(b.start - a.start, b.stop - a.start) for a, b in zip(origin, box, strict=True))


def view(array: NDArray[Any], box: Box) -> NDArray[Any]:
    """Gives a box of an array as a view, of an array without axes too."""
    place: Any = (*box, ...)
    result: NDArray[Any] = array[place]
    return result


def boxes_of_range(shape: tuple[int, ...], start: int, stop: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Cuts a range of elements into boxes, at most two for each axis.

    Args:
        shape: The shape of the tensor.
        start: The row-major index of the first element.
        stop: The index after the last element.

    Yields:
        Offset and size of each box, in row-major order.
    """
    if start == stop:
        return
    if not shape:
        yield (), ()
        return
    inner = math.prod(shape[1:])
    zeros, all_inner = (0,) * (len(shape) - 1), shape[1:]
    row, last = start // inner, stop // inner
    if start % inner:
        end = min(stop, (row + 1) * inner)
        for offset, size in boxes_of_range(all_inner, start - row * inner, end - row * inner):
            yield (row, *offset), (1, *size)
        if end == stop:
            return
        row += 1
    if row < last:
        yield (row, *zeros), (last - row, *all_inner)
    if stop % inner:
        for offset, size in boxes_of_range(all_inner, 0, stop - last * inner):
            yield (last, *offset), (1, *size)


def covering_box(shape: tuple[int, ...], start: int, stop: int) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Finds the smallest box that is contiguous in memory and holds a range of elements.

    Args:
        shape: The shape of the tensor.
        start: The row-major index of the first element.
        stop: The index after the last element.

    Returns:
        Offset and size of the box, and the index of the first element within the box.
    """
    if start == stop or not shape:
        return (0,) * len(shape), (0,) * len(shape), 0
    inner = math.prod(shape[1:])
    first, last = start // inner, (stop - 1) // inner
    if first == last:
        offset, size, within = covering_box(shape[1:], start - first * inner, stop - first * inner)
        return (first, *offset), (1, *size), within
    return (first, *(0 for _ in shape[1:])), (last + 1 - first, *shape[1:]), start - first * inner
