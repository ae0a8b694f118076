"""Given bytes, in boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import BadInput
from ..recipes.literals import Literal
from .boxes import Place

_TILE = 16 << 20


def check_literal(literal: Literal | None, byte_count: int) -> Literal:
    """Raises BadInput if the bytes are not given, or not as many as they must be."""
    if literal is None or literal.byte_count != byte_count:
        found = "none are given" if literal is None else f"{literal.byte_count} are given"
        raise BadInput(f"the literal must have {byte_count} bytes, but {found}")
    return literal


def fill_literal(literal: Literal, shape: Place, offset: Place, size: Place, out: np.ndarray[Any, Any]) -> None:
    """Copies a box of given bytes.

    Args:
        literal: The bytes of an array of this shape, in row-major order.
        shape: The shape.
        offset: Where the box begins.
        size: The lengths of the box.
        out: An array of `raw_dtype`.
    """
    if 0 in size:
        return
    item = out.dtype.itemsize
    last = tuple(a + n - 1 for a, n in zip(offset, size, strict=True))
    strides = [math.prod(shape[axis + 1 :]) for axis in range(len(shape))]
    start = sum(a * stride for a, stride in zip(offset, strides, strict=True))
    stop = sum(a * stride for a, stride in zip(last, strides, strict=True)) + 1
    if len(shape) == 0 or item * (stop - start) <= _TILE or size[0] == 1 == len(size):
        values = _read(literal, item * start, item * stop).view(out.dtype)
        steps = [item * stride for stride in strides]
        out[...] = np.lib.stride_tricks.as_strided(values, size, steps, writeable=False)
        return
    # Halve the box on its longest axis before the last, or on the last, until it is small.
    axis = int(np.argmax(size[:-1])) if max(size[:-1], default=1) > 1 else len(size) - 1
    half = size[axis] // 2
    for begin, length in ((0, half), (half, size[axis] - half)):
        place, part = list(offset), list(size)
        place[axis], part[axis] = offset[axis] + begin, length
        view = out[(slice(None),) * axis + (slice(begin, begin + length),)]
        fill_literal(literal, shape, tuple(place), tuple(part), view)


def _read(literal: Literal, start: int, stop: int) -> np.ndarray[Any, Any]:
    data = literal.read(start, stop)
    if len(data) != stop - start:
        raise BadInput(f"bytes {start} ..< {stop} of a literal were asked for, and {len(data)} came")
    return np.frombuffer(data, np.uint8)
