"""What selects a box of a tensor: indices as in NumPy, and offset and size."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from types import EllipsisType
from typing import Any, SupportsIndex, TypeAlias

import numpy as np

from ..errors import BadInput
from ..quoting import quoted, shown

Place: TypeAlias = SupportsIndex | slice | EllipsisType

Index: TypeAlias = Place | tuple[Place, ...]
"""What selects a box of a tensor: integers and slices of step 1 on the leading axes, and at most one `...`."""


def selected_box(name: str, shape: tuple[int, ...], index: Index) -> tuple[list[int], list[int], set[int]]:
    """Resolves an index.

    Args:
        name: The name of the tensor, for errors.
        shape: The lengths of its axes.
        index: The index.

    Returns:
        The offset and the size of the box, and the axes that the result drops.

    Raises:
        IndexError: If the index selects no box of the tensor.
    """
    places = _expanded(name, shape, index if isinstance(index, tuple) else (index,))
    offset, size, dropped = list[int](), list[int](), set[int]()
    for axis, (length, place) in enumerate(zip(shape, places, strict=True)):
        if isinstance(place, slice):
            try:
                start, stop, step = place.indices(length)
            except TypeError:
                raise IndexError(f"a slice of {quoted(name)} has a bound that is not an integer") from None
            if step != 1:
                raise IndexError(f"a slice of {quoted(name)} has the step {step}; only 1 selects a box")
            offset.append(start)
            size.append(max(stop - start, 0))
        else:
            at = _integer(name, place)
            if not -length <= at < length:
                raise IndexError(f"index {at} is out of range for axis {axis} of {quoted(name)}, which has {length}")
            offset.append(at % length)
            size.append(1)
            dropped.add(axis)
    return offset, size, dropped


def _expanded(name: str, shape: tuple[int, ...], index: tuple[Any, ...]) -> list[Any]:
    dots = [at for at, place in enumerate(index) if place is Ellipsis]
    if len(dots) > 1:
        raise IndexError(f"an index of {quoted(name)} has more than one ellipsis")
    given = len(index) - len(dots)
    if given > len(shape):
        raise IndexError(f"{quoted(name)} has {len(shape)} axes, and {given} were indexed")
    at = dots[0] if dots else len(index)
    return [*index[:at], *[slice(None)] * (len(shape) - given), *index[at + 1 :]]


def _integer(name: str, place: Any) -> int:
    # A Boolean is an integer for Python, and a mask for NumPy: neither is meant here.
    if not isinstance(place, bool | np.bool_) and getattr(place, "ndim", 0) == 0:
        try:
            return operator.index(place)
        except TypeError:
            pass
    raise IndexError(f"{quoted(name)} takes integers, slices of step 1 and `...`, not a {type(place).__name__}")


def checked_box(
    name: str, shape: tuple[int, ...], offset: Sequence[int], size: Sequence[int]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Checks that a box is within a tensor.

    Args:
        name: The name of the tensor, for errors.
        shape: The lengths of its axes.
        offset: The first index on each axis.
        size: The length of the box on each axis.

    Returns:
        Offset and size as ints.

    Raises:
        BadInput: If it is not.
    """
    try:
        start, length = tuple(map(operator.index, offset)), tuple(map(operator.index, size))
    except TypeError:
        raise BadInput(f"the offset and the size of a box of {quoted(name)} are lists of integers") from None
    if len(start) != len(shape) or len(length) != len(shape):
        raise BadInput(f"a box of {quoted(name)} needs {len(shape)} offsets and {len(shape)} sizes")
    for first, extent, whole in zip(start, length, shape, strict=True):
        if first < 0 or extent < 0 or first + extent > whole:
            raise BadInput(f"the box {shown(start)} + {shown(length)} is not within {quoted(name)} {shown(shape)}")
    return start, length


def check_out(name: str, out: object, size: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Checks that an array can take a box.

    Args:
        name: The name of the tensor, for errors.
        out: The array.
        size: The shape of the box.
        dtype: The dtype of the tensor in NumPy.

    Raises:
        BadInput: If shape or dtype differ, the array is not writable, or its elements overlap in memory.
    """
    what = f"`out` for {quoted(name)}"
    if not isinstance(out, np.ndarray):
        raise BadInput(f"{what} is a {type(out).__name__}, not a NumPy array")
    if out.shape != size:
        raise BadInput(f"{what} has the shape {shown(out.shape)}, and the box has {shown(size)}")
    if out.dtype != dtype:
        raise BadInput(f"{what} has the dtype {out.dtype.str}, and the tensor has {dtype.name} ({dtype.str})")
    if not out.flags.writeable:
        raise BadInput(f"{what} is not writable")
    reach = out.itemsize
    for stride, length in sorted((abs(stride), length) for stride, length in zip(out.strides, out.shape, strict=True)):
        if length > 1 and out.size and stride < reach:
            raise BadInput(f"{what} has elements that overlap in memory")
        reach += stride * (length - 1)
