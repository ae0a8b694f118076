"""The elements in which two tensors differ: the first of them, their number, and their values as text."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..recipes import TensorRecipe
from ..recipes.dtypes import BITS
from .rounding import rounded
from .weights import Bits, Weights, packed_bits, unsigned

_TILE = 1 << 20
"""How many elements are compared at once."""


@dataclass
class Difference:
    """The elements in which a tensor differs.

    Attributes:
        element: The row-major index of the first one.
        expected: Its expected bits.
        found: The bits that were found there.
        count: How many elements differ.
    """

    element: int
    expected: int
    found: int
    count: int


def difference(tensor: TensorRecipe, weights: Weights) -> Difference | None:
    """Compares all elements of a tensor, a tile at a time.

    Args:
        tensor: The recipe.
        weights: The weights, of the same shape, and of the same dtype or of one to which the values are rounded.

    Returns:
        What differs, or None if every bit is equal.
    """
    if BITS[tensor.dtype] % 8:
        return _packed_difference(tensor, weights)
    total: Difference | None = None
    start = 0
    for offset, size in tiles(tensor.shape, tensor.count if tensor.needs_whole else _TILE):
        ours = unsigned(rounded(tensor.box(offset, size), tensor.dtype, weights.dtype)).reshape(-1)
        total = _added(total, ours, weights.bits(offset, size).reshape(-1), start)
        start += math.prod(size)
    return total


def _added(total: Difference | None, ours: Bits, theirs: Bits, start: int) -> Difference | None:
    differs = ours != theirs
    count = int(np.count_nonzero(differs))
    if count == 0:
        return total
    if total is None:
        first = int(np.argmax(differs))
        return Difference(start + first, int(ours[first]), int(theirs[first]), count)
    total.count += count
    return total


def _packed_difference(tensor: TensorRecipe, weights: Weights) -> Difference | None:
    target = tensor if tensor.source is None else tensor.source
    ours = target.literals[0].read(0, target.byte_count) if target.literals else b""
    theirs: bytes = weights.packed()  # type: ignore[attr-defined]
    return _added(
        None, packed_bits(ours, tensor.dtype, tensor.count), packed_bits(theirs, tensor.dtype, tensor.count), 0
    )


def tiles(shape: tuple[int, ...], limit: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Yields offset and size of boxes that cover a tensor in row-major order, each a contiguous range of elements.

    Args:
        shape: The shape of the tensor.
        limit: How many elements a box has at most.

    Example:
        >>> list(tiles((3, 2), 4))
        [((0, 0), (2, 2)), ((2, 0), (1, 2))]
    """
    if math.prod(shape) == 0:
        return
    axis = 0
    while math.prod(shape[axis + 1 :]) > limit and axis < len(shape) - 1:
        axis += 1
    if math.prod(shape) <= limit or not shape:
        yield (0,) * len(shape), shape
        return
    step = max(limit // math.prod(shape[axis + 1 :]), 1)
    rest = (0,) * (len(shape) - axis - 1)
    for outer in np.ndindex(shape[:axis]):
        for start in range(0, shape[axis], step):
            size = (*(1,) * axis, min(step, shape[axis] - start), *shape[axis + 1 :])
            yield (*outer, start, *rest), size


def coordinates(element: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the coordinates of the element with a row-major index."""
    return tuple(int(at) for at in np.unravel_index(element, shape)) if shape else ()


def number(bits: int, dtype: str) -> float | None:
    """Returns the value of an element, or None if it is no real number or of a dtype that NumPy does not know."""
    if dtype == "bfloat16":
        return float(np.uint32(bits << 16).view(np.float32))
    if dtype in ("complex64",):
        return None
    if BITS[dtype] % 8 or dtype.startswith("float8"):
        return _small_number(bits, dtype)
    kind = "u1" if dtype == "bool" else np.dtype(dtype).str
    return float(np.array(bits, f"<u{BITS[dtype] // 8}").view(kind))


def _small_number(bits: int, dtype: str) -> float | None:
    try:
        import ml_dtypes
    except ImportError:
        return None
    kind: Any = getattr(ml_dtypes, dtype, None)
    return None if kind is None else float(np.array(bits, np.uint8).view(kind))


def element_text(bits: int, dtype: str) -> str:
    """Returns the value of an element as the shortest text that identifies it in binary32 or binary64.

    Example:
        >>> element_text(0x3DCCCCCD, "float32"), element_text(1, "bool")
        ('0.1', 'true')
    """
    if dtype == "bool":
        return ("false", "true")[bits] if bits < 2 else f"byte {bits}"
    if dtype == "complex64":
        pair = np.array([bits], "<u8").view("<f4")
        return f"({pair[0]!s}, {pair[1]!s})"
    value = number(bits, dtype)
    if value is None:
        return f"0x{bits:x}"
    if dtype.startswith(("int", "uint")):
        signed = dtype.startswith("int") and bits >> (BITS[dtype] - 1)
        return str(bits - (1 << BITS[dtype]) if signed else bits)
    return repr(value) if dtype == "float64" else str(np.float32(value))
