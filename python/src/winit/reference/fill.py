"""The elements of a tensor: boxes, ranges, and their canonical bytes (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arithmetic import require_exact_arithmetic
from .boxes import Box, box_at, boxes_of_range, covering_box, is_within, offset_of, shape_of, whole_box
from .dtypes import byte_count, float_values, item_bits, storage_dtype, stored
from .elements import Elements
from .errors import LawError
from .finite import require_finite
from .forms import NormOfLaw
from .lanes import shared_memory
from .norms import check_norms, norm_values
from .parts import fill_parts
from .regions import fill_region
from .tensor import Tensor, check

_MADE_WHOLE = ("orthogonal", "delta_orthogonal", "sparse")


def fill_box(
    seed: int, tensor: Tensor, offset: Sequence[int], size: Sequence[int], out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Makes the box [offset, offset + size) of a tensor.

    It takes time and memory for the elements of the box only, with these exceptions: an orthogonal matrix is computed
    whole, a column of `sparse` is computed whole, and a norm needs all values that it is the norm of.

    Args:
        seed: The seed of the run, 0 ..< 2^64. A tensor that has a seed of its own takes that.
        tensor: The recipe.
        offset: The first index on each axis.
        size: The length of the box on each axis.
        out: Where the elements go: an array of the box's shape and of the dtype below. A new array by default.

    Returns:
        The box, in the dtype that `reference.storage_dtype` names: bfloat16 as uint16, dtypes of 8 bits that NumPy does
        not have as uint8.

    Raises:
        IndexError: If the box is not within the tensor.
        LawError: If the dtype cannot hold the values, an operation is outside its domain, `out` does not fit, or bytes
            or a tensor that the law names are missing.
        FloatingPointModeError: If this thread's floating-point mode is not that of the law.

    Example:
        >>> from winit import reference
        >>> tensor = reference.Tensor("h.0.w", "float32", (300, 1024), reference.normal(std=0.02))
        >>> reference.fill_box(42, tensor, (299, 1022), (1, 2)).tolist()
        [[-0.004024907480925322, 0.03172345459461212]]
    """
    require_exact_arithmetic()
    check(tensor)
    box = box_at(offset, size)
    if not is_within(box, tensor.shape):
        raise IndexError(f"the box {list(offset)} + {list(size)} is not within {tensor.name} {list(tensor.shape)}")
    dtype, shape = storage_dtype(tensor.dtype), shape_of(box)
    if out is None:
        out = np.empty(shape, dtype)
    elif out.shape != shape or out.dtype != dtype:
        raise LawError(f"{tensor.name}: a box of {shape} {dtype} does not fit into {out.shape} {out.dtype}")
    try:
        with shared_memory():
            _fill(seed, tensor, box, out)
    except LawError as error:
        raise LawError(f"{tensor.name}: {error}") from error
    return out


def _fill(seed: int, tensor: Tensor, box: Box, out: NDArray[Any]) -> None:
    law, own_seed = tensor.law, seed if tensor.seed is None else tensor.seed
    if law["law"] == "literal":
        out[...] = np.frombuffer(_literal(tensor), out.dtype).reshape(tensor.shape)[box]
    elif law["law"] == "same_as":
        source = _source(tensor, law["name"])
        if (source.shape, source.dtype) != (tensor.shape, tensor.dtype):
            raise LawError(f"the tensor {source.name!r} has another shape or dtype")
        fill_box(seed, source, offset_of(box), out.shape, out)
    elif law["law"] == "norm_of":
        _fill_norms(seed, tensor, law, box, out)
    elif law["law"] == "parts":
        fill_parts(own_seed, tensor, law, box, out)
    else:
        elements = Elements.of_shape(own_seed, tensor.word_stream, tensor.shape)
        fill_region(law, elements, box, out, tensor.dtype)


def _fill_norms(seed: int, tensor: Tensor, law: NormOfLaw, box: Box, out: NDArray[Any]) -> None:
    source = _source(tensor, law["name"])
    axes = [int(axis) for axis in law["axes"]]
    check_norms(axes, source.shape, tensor.shape)
    others = [axis for axis in range(len(source.shape)) if axis not in axes]
    kept = len(tensor.shape) == len(source.shape)
    ranges = [box[axis] for axis in others] if kept else list(box)
    needed = list(whole_box(source.shape))
    for axis, wanted in zip(others, ranges, strict=True):
        needed[axis] = wanted
    if out.size == 0:
        return
    shape = shape_of(tuple(needed))
    elements = fill_box(seed, source, offset_of(tuple(needed)), shape)
    values = float_values(elements.tobytes(), source.dtype).reshape(shape)
    norms = norm_values(values, axes, out.shape)
    require_finite(norms, tensor.dtype)
    out[...] = stored(norms, tensor.dtype)


def fill_range(
    seed: int, tensor: Tensor, start: int = 0, stop: int | None = None, out: NDArray[Any] | None = None
) -> NDArray[Any]:
    """Makes the elements start ..< stop of a tensor in row-major order.

    It takes time and memory for these elements only, with the exceptions that `fill_box` names.

    Args:
        seed: The seed of the run, 0 ..< 2^64. A tensor that has a seed of its own takes that.
        tensor: The recipe.
        start: The index of the first element.
        stop: The index after the last element; by default the number of elements.
        out: Where the elements go: a contiguous array of shape (stop - start,). A new array by default.

    Returns:
        The elements, of shape (stop - start,), in the dtype that `fill_box` says.

    Raises:
        IndexError: If the range is not within the tensor.
        LawError: As `fill_box`.
        FloatingPointModeError: As `fill_box`.
    """
    stop = tensor.count if stop is None else stop
    if not 0 <= start <= stop <= tensor.count:
        raise IndexError(f"elements {start} ..< {stop} are not all within the {tensor.count} elements of {tensor.name}")
    dtype = storage_dtype(tensor.dtype)
    if out is None:
        out = np.empty(stop - start, dtype)
    elif out.shape != (stop - start,) or out.dtype != dtype or not out.flags.c_contiguous:
        raise LawError(f"{tensor.name}: {stop - start} elements of {dtype} do not fit into {out.shape} {out.dtype}")
    if not is_made_in_ranges(tensor):
        # One box that covers the range, so that a matrix is computed once.
        offset, size, first = covering_box(tensor.shape, start, stop)
        out[...] = fill_box(seed, tensor, offset, size).reshape(-1)[first : first + stop - start]
        return out
    check(tensor)
    done = 0
    for offset, size in boxes_of_range(tensor.shape, start, stop):
        count = math.prod(size)
        fill_box(seed, tensor, offset, size, out[done : done + count].reshape(size))
        done += count
    return out


def canonical_bytes(seed: int, tensor: Tensor, start: int = 0, stop: int | None = None) -> bytes:
    """Makes the canonical bytes of a range of elements (docs/law.md, "Dtypes and bytes").

    Args:
        seed: The seed of the run, 0 ..< 2^64. A tensor that has a seed of its own takes that.
        tensor: The recipe.
        start: The index of the first element, counted row-major.
        stop: The index after the last element; by default the number of elements.

    Returns:
        The elements start ..< stop in row-major order, each little-endian.

    Raises:
        IndexError: If the range is not within the tensor.
        LawError: If the dtype cannot hold the values, an operation is outside its domain, or bytes or a tensor that the
            law names are missing.
        FloatingPointModeError: If this thread's floating-point mode is not that of the law.
    """
    if item_bits(tensor.dtype) % 8 == 0:
        return fill_range(seed, tensor, start, stop).tobytes()
    # Elements of less than a byte are literals, or tied to one.
    stop = tensor.count if stop is None else stop
    if not 0 <= start <= stop <= tensor.count:
        raise IndexError(f"elements {start} ..< {stop} are not all within the {tensor.count} elements of {tensor.name}")
    check(tensor)
    first, last = (byte_count(tensor.dtype, index) for index in (start, stop))
    given = tensor
    while given.law["law"] == "same_as":
        given = _source(given, given.law["name"])
    return _literal(given)[first:last]


def is_made_in_ranges(tensor: Tensor) -> bool:
    """Tells whether ranges of a tensor are made without the rest.

    Args:
        tensor: The recipe.

    Returns:
        False if an orthogonal, sparse or norm law has a part in the tensor.
    """
    law = tensor.law
    if law["law"] == "parts":
        return not any(part["law"]["law"] in _MADE_WHOLE for part in law["parts"])
    if law["law"] == "same_as":
        return tensor.source is None or is_made_in_ranges(tensor.source)
    return law["law"] != "norm_of" and law["law"] not in _MADE_WHOLE


def _literal(tensor: Tensor) -> bytes:
    expected = item_bits(tensor.dtype) * tensor.count
    if len(tensor.literals) != 1 or 8 * len(tensor.literals[0]) != expected:
        raise LawError(f"the bytes of a literal must be given, {expected} bits")
    return tensor.literals[0]


def _source(tensor: Tensor, name: str) -> Tensor:
    if tensor.source is None or tensor.source.name != name:
        raise LawError(f"the tensor {name!r} that the law names must be given")
    return tensor.source
