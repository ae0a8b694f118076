"""Arithmetic on tiles of elements, in memory that is used again.

`Lanes` has the operators of an array, so that formulas read as in docs/law.md, and NumPy computes them, one operation
after the other. Only the memory differs: the result of an operation goes where an earlier result was that is not needed
anymore. A new array for each result costs six times as much (measured with normal draws), nearly all of it page faults.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .arithmetic import require_exact_arithmetic

TILE = 1 << 15
"""Elements that are computed at once: few enough for the processor's cache, enough to hide the cost of a call."""


class Memory(dict[np.dtype[Any], list[NDArray[Any]]]):
    """For each dtype the arrays of one length that no lanes use. Belongs to one thread."""

    __slots__ = ("count",)

    def __init__(self, count: int) -> None:
        """Makes memory for tiles of `count` elements."""
        super().__init__()
        self.count = count

    def __missing__(self, dtype: np.dtype[Any]) -> list[NDArray[Any]]:
        """Begins the list of a dtype."""
        free: list[NDArray[Any]] = []
        self[dtype] = free
        return free


class _Shared(threading.local):
    memories: dict[int, Memory] | None = None


_shared = _Shared()
_MOST_MEMORIES = 8


@contextmanager
def shared_memory() -> Iterator[None]:
    """Lets all tiles that this thread computes within the block use the same memory. It is freed at the end."""
    outer = _shared.memories
    if outer is None:
        _shared.memories = {}
    try:
        yield
    finally:
        _shared.memories = outer


def memory(count: int) -> Memory:
    """Gives memory for tiles of `count` elements: that of `shared_memory`, else new memory."""
    memories = _shared.memories
    if memories is None:
        return Memory(count)
    if count not in memories:
        if len(memories) >= _MOST_MEMORIES:
            memories.clear()
        memories[count] = Memory(count)
    return memories[count]


class Lanes:
    """One number for each element of a tile.

    Operands are lanes of the same memory and dtype, or arrays without axes of that dtype. Every operation rounds once.
    """

    # The attributes are few and the methods short because an operation costs about as much in Python as in NumPy.
    __slots__ = ("_free", "_kept", "_memory", "array")
    __array_ufunc__ = None  # so that `constant + lanes` comes to `Lanes.__radd__`

    def __init__(
        self, array: NDArray[Any], memory: Memory, free: list[NDArray[Any]] | None = None, kept: object = None
    ) -> None:
        """Wraps an array.

        Args:
            array: The numbers, of shape (count,).
            memory: Where the results of operations go.
            free: Where the array goes when these lanes are gone; None if it does not come from `memory`.
            kept: What owns the array and must live as long.
        """
        self.array = array
        self._memory = memory
        self._free = free
        self._kept = kept

    def __del__(self) -> None:
        """Gives the array back to the memory."""
        if self._free is not None:
            self._free.append(self.array)

    def __add__(self, other: Any) -> Lanes:
        """Adds."""
        return _computed(np.add, self, other)

    def __radd__(self, other: Any) -> Lanes:
        """Adds."""
        return _computed(np.add, other, self)

    def __iadd__(self, other: Any) -> Lanes:
        """Adds in place. Only for the result of an operation, which nothing else reads."""
        np.add(self.array, other.array if type(other) is Lanes else other, self.array)
        return self

    def __imul__(self, other: Any) -> Lanes:
        """Multiplies in place. Only for the result of an operation, which nothing else reads."""
        np.multiply(self.array, other.array if type(other) is Lanes else other, self.array)
        return self

    def __sub__(self, other: Any) -> Lanes:
        """Subtracts."""
        return _computed(np.subtract, self, other)

    def __rsub__(self, other: Any) -> Lanes:
        """Subtracts."""
        return _computed(np.subtract, other, self)

    def __mul__(self, other: Any) -> Lanes:
        """Multiplies."""
        return _computed(np.multiply, self, other)

    def __rmul__(self, other: Any) -> Lanes:
        """Multiplies."""
        return _computed(np.multiply, other, self)

    def __truediv__(self, other: Any) -> Lanes:
        """Divides."""
        return _computed(np.divide, self, other)

    def __neg__(self) -> Lanes:
        """Negates."""
        result = _new(self._memory, self.array.dtype)
        np.negative(self.array, result.array)
        return result

    def __xor__(self, other: Any) -> Lanes:
        """Computes the exclusive or of the bits."""
        return _computed(np.bitwise_xor, self, other)

    def __ixor__(self, other: Any) -> Lanes:
        """Computes the exclusive or in place. Only for the result of an operation, which nothing else reads."""
        np.bitwise_xor(self.array, other.array if type(other) is Lanes else other, self.array)
        return self

    def __rxor__(self, other: Any) -> Lanes:
        """Computes the exclusive or of the bits."""
        return _computed(np.bitwise_xor, other, self)

    def __and__(self, other: Any) -> Lanes:
        """Computes the conjunction of the bits."""
        return _computed(np.bitwise_and, self, other)

    def __or__(self, other: Any) -> Lanes:
        """Computes the disjunction of the bits."""
        return _computed(np.bitwise_or, self, other)

    def __invert__(self) -> Lanes:
        """Negates each bit."""
        result = _new(self._memory, self.array.dtype)
        np.invert(self.array, result.array)
        return result

    def __rshift__(self, other: Any) -> Lanes:
        """Shifts to the right; copies the sign bit of a signed integer."""
        return _computed(np.right_shift, self, other)

    def __lshift__(self, other: Any) -> Lanes:
        """Shifts to the left, by a product: NumPy's `left_shift` takes ten times as long."""
        return _computed(np.multiply, self, np.left_shift(other.dtype.type(1), other))

    def astype(self, dtype: DTypeLike) -> Lanes:
        """Converts each number; rounds to nearest, ties to even."""
        result = _new(self._memory, np.dtype(dtype))
        np.copyto(result.array, self.array, casting="unsafe")
        return result

    def view(self, dtype: DTypeLike) -> Lanes:
        """Reads the same bits as numbers of another dtype of that size."""
        return Lanes(self.array.view(dtype), self._memory, None, self)


def _new(memory: Memory, dtype: np.dtype[Any]) -> Lanes:
    free = memory[dtype]
    return Lanes(free.pop() if free else np.empty(memory.count, dtype), memory, free)


def _computed(operation: np.ufunc, a: Any, b: Any) -> Lanes:
    lanes = a if type(a) is Lanes else b
    memory, dtype = lanes._memory, lanes.array.dtype
    free = memory[dtype]
    out = free.pop() if free else np.empty(memory.count, dtype)
    operation(a.array if type(a) is Lanes else a, b.array if type(b) is Lanes else b, out=out)
    return Lanes(out, memory, free)


def minimum(a: Lanes, b: Any) -> Lanes:
    """Computes the smaller of two numbers."""
    return _computed(np.minimum, a, b)


def maximum(a: Lanes, b: Any) -> Lanes:
    """Computes the larger of two numbers."""
    return _computed(np.maximum, a, b)


def by_tiles(
    compute: Callable[..., Lanes],
    *arrays: NDArray[Any],
    dtype: DTypeLike = np.float32,
    out: NDArray[Any] | None = None,
) -> NDArray[Any]:
    """Applies a function of lanes to whole arrays, one tile after the other.

    Args:
        compute: The function, with one operand for each array.
        arrays: Arrays of one shape.
        dtype: The dtype of the results, to which those of the function are converted.
        out: Where the results go, of that shape; a new array of `dtype` by default.

    Returns:
        The results, in the shape of the arrays.

    Raises:
        FloatingPointModeError: If this thread's floating-point mode is not that of the law.
    """
    require_exact_arithmetic()
    shape = arrays[0].shape
    flat = [np.ascontiguousarray(array).reshape(-1) for array in arrays]
    contiguous = out is not None and out.flags.c_contiguous
    if out is not None and contiguous:
        results = out.reshape(-1)
    else:
        results = np.empty(flat[0].size, dtype if out is None else out.dtype)
    with shared_memory(), np.errstate(under="ignore"):
        for start in range(0, results.size, TILE):
            stop = min(start + TILE, results.size)
            tile = memory(stop - start)
            operands = [Lanes(array[start:stop], tile, kept=array) for array in flat]
            results[start:stop] = compute(*operands).array
    if out is None:
        return results.reshape(shape)
    if not contiguous:
        out[...] = results.reshape(shape)
    return out
