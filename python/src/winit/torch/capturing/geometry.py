"""Which elements of a storage a strided view holds, and where one view lies within another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

Box = tuple[tuple[int, int], ...]
"""Ranges (start, stop), one for each axis."""


class Geometry(NamedTuple):
    """A strided view of a storage: element x lies at offset + Σ x[k] × strides[k], all in elements."""

    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def size(self) -> int:
        """The number of elements of the view, those that repeat included."""
        return math.prod(self.shape)

    @property
    def last(self) -> int:
        """The largest position; below `offset` for an empty view."""
        if self.size == 0:
            return self.offset - 1
        return self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))

    def axes(self) -> list[tuple[int, int, int]]:
        """Lists (stride, length, axis) of the axes longer than 1, from the outermost to the innermost."""
        longer = [(s, n, k) for k, (n, s) in enumerate(zip(self.shape, self.strides, strict=True)) if n > 1]
        return sorted(longer, key=lambda axis: (-axis[0], axis[2]))

    def part(self, box: Box) -> Geometry:
        """Returns the view of a box of this view."""
        offset = self.offset + sum(r[0] * s for r, s in zip(box, self.strides, strict=True))
        return Geometry(offset, tuple(stop - start for start, stop in box), self.strides)


def contiguous(shape: Sequence[int], offset: int = 0) -> Geometry:
    """Returns the row-major view of a shape."""
    strides, step = [0] * len(shape), 1
    for axis in reversed(range(len(shape))):
        strides[axis] = step
        step *= max(shape[axis], 1)
    return Geometry(offset, tuple(shape), tuple(strides))


def merged(view: Geometry) -> Geometry:
    """Joins neighboring axes that one stride steps through.

    Two views with the same result list the same elements in the same order.
    """
    shape, strides = list[int](), list[int]()
    for n, s in zip(view.shape, view.strides, strict=True):
        if n == 1:
            continue
        if shape and strides[-1] == n * s:
            shape[-1] *= n
            strides[-1] = s
        else:
            shape.append(n)
            strides.append(s)
    return Geometry(view.offset, tuple(shape), tuple(strides))


def repeats(view: Geometry) -> bool:
    """Tells whether two elements of the view may lie at one position."""
    step = 1
    for stride, length, _ in reversed(view.axes()):
        if stride < step:
            return True
        step = stride * (length - 1) + step
    return False


class Place(NamedTuple):
    """Where a view lies in another: its first element, and the axes that its own axes consist of.

    Attributes:
        start: The coordinates of the view's first element in the other view.
        steps: For each axis of the view, its factors from the outermost: (length, axis of the other view, step on it).
    """

    start: tuple[int, ...]
    steps: tuple[tuple[tuple[int, int, int], ...], ...]


def locate(outer: Geometry, inner: Geometry) -> Place | None:
    """Finds the elements of `inner` among those of `outer`.

    Args:
        outer: A view whose elements do not overlap.
        inner: Any view of the same storage.

    Returns:
        The place, or None if `inner` is not inside `outer` or is no product of regular steps along its axes.
    """
    axes = outer.axes()
    position, start = inner.offset - outer.offset, [0] * len(outer.shape)
    for stride, length, axis in axes:
        start[axis] = min(position // stride, length - 1)
        position -= start[axis] * stride
        if start[axis] < 0:
            return None
    if position != 0:
        return None
    reach, steps = list(start), list[tuple[tuple[int, int, int], ...]]()
    for n, stride in zip(inner.shape, inner.strides, strict=True):
        factors = _factors(axes, n, stride, start)
        if factors is None:
            return None
        for length, axis, step in factors:
            reach[axis] += (length - 1) * step
        steps.append(factors)
    if any(end >= max(length, 1) for end, length in zip(reach, outer.shape, strict=True)):
        return None
    return Place(tuple(start), tuple(steps))


def _factors(
    axes: list[tuple[int, int, int]], n: int, stride: int, start: list[int]
) -> tuple[tuple[int, int, int], ...] | None:
    """Splits an axis of the inner view into steps along axes of the outer one, the outermost first."""
    if n <= 1 or stride == 0:
        return ()
    factors = list[tuple[int, int, int]]()
    # From the innermost axis outward: the first one whose stride divides that of the view.
    for outer_stride, length, axis in reversed(axes):
        if n == 1:
            break
        if stride % outer_stride != 0:
            continue
        step = stride // outer_stride
        if step >= length:
            continue
        room = -(-(length - start[axis]) // step)
        if n <= room:
            factors.append((n, axis, step))
            n = 1
        elif start[axis] == 0 and length % step == 0 and n % (length // step) == 0:
            factors.append((length // step, axis, step))
            n //= length // step
            stride = outer_stride * length
        else:
            return None
    return tuple(reversed(factors)) if n == 1 else None


def box_of(place: Place) -> Box | None:
    """Returns the box that a place fills, or None if the place leaves gaps or repeats elements."""
    parts: dict[int, list[tuple[int, int]]] = {}
    for factors in place.steps:
        for length, axis, step in factors:
            parts.setdefault(axis, []).append((step, length))
    box = list[tuple[int, int]]()
    for axis, first in enumerate(place.start):
        extent = 1
        for step, length in sorted(parts.get(axis, [])):
            if step != extent:
                return None
            extent *= length
        box.append((first, first + extent))
    return tuple(box)


def through(place: Place, inner: Geometry, values: Geometry) -> Geometry | None:
    """Follows a place into what the outer view holds.

    Args:
        place: Where `inner` lies in the outer view.
        inner: The inner view, which gives the shape.
        values: For each element of the outer view, by its coordinates, the position of its value.

    Returns:
        For each element of the inner view the position of its value; None if these have no regular steps.
    """
    strides = list[int]()
    for factors in place.steps:
        stride, expected = 0, None
        for length, axis, step in reversed(factors):
            own = step * values.strides[axis]
            if expected is None:
                stride = own
            elif own != expected:
                return None
            expected = own * length
        strides.append(stride)
    offset = values.offset + sum(x * s for x, s in zip(place.start, values.strides, strict=True))
    return Geometry(offset, inner.shape, tuple(strides))


def intersection(a: Box, b: Box) -> Box | None:
    """Returns the box that two boxes have in common, or None."""
    box = tuple((max(x[0], y[0]), min(x[1], y[1])) for x, y in zip(a, b, strict=True))
    return None if any(start >= stop for start, stop in box) else box


def disjoint(a: Geometry, b: Geometry) -> bool:
    """Tells whether two views certainly have no position in common."""
    if a.size == 0 or b.size == 0 or a.last < b.offset or b.last < a.offset:
        return True
    # Rows of one matrix that share no column, as `chunk` along an inner axis makes them.
    for outer in (_frame(a, b), _frame(b, a)):
        if repeats(a) or repeats(b):
            break
        if outer is not None:
            first, second = locate(outer, a), locate(outer, b)
            boxes = (box_of(first) if first else None, box_of(second) if second else None)
            if boxes[0] is not None and boxes[1] is not None:
                return intersection(boxes[0], boxes[1]) is None
    return False


def _frame(a: Geometry, b: Geometry) -> Geometry | None:
    """Returns a matrix that holds both views, with the strides of the first one."""
    axes = a.axes()
    if not axes:
        return None
    end, offset = max(a.last, b.last) + 1, 0
    shape, limit = [-(-end // axes[0][0]) if axes[0][0] else 0], axes[0][0]
    for stride, _, _ in axes[1:]:
        if stride == 0 or limit % stride != 0:
            return None
        shape.append(limit // stride)
        limit = stride
    return Geometry(offset, (*shape, limit), (*(stride for stride, _, _ in axes), 1)) if limit >= 1 else None
