"""Elements as NumPy holds them while they are filled, and the conversion of binary32 values to a dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import BadInput
from ..reference import INTEGER_TYPES, Floats
from ..reference.dtypes import FLOAT_LIMITS
from .dtypes import numpy_dtype


def raw_dtype(dtype: str) -> np.dtype[Any]:
    """Returns NumPy's own dtype for the bytes of an element: uint16 for bfloat16, uint8 for bool and float8."""
    if dtype == "bfloat16":
        return np.dtype("<u2")
    if dtype == "bool":
        return np.dtype(np.uint8)
    expected = numpy_dtype(dtype)
    is_plain = dtype in ("float16", "float32", "float64") or dtype in INTEGER_TYPES
    return expected if is_plain else np.dtype(f"<u{expected.itemsize}")


def new_array(dtype: str, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Makes an array for the elements of a tensor, without values."""
    try:
        return np.empty(shape, numpy_dtype(dtype))
    except ValueError as error:
        raise BadInput(f"an array of {dtype} {list(shape)} is not possible: {error}") from error


def raw_view(out: np.ndarray[Any, Any], dtype: str, shape: tuple[int, ...], name: str) -> np.ndarray[Any, Any]:
    """Checks an array that a tensor is to be written to, and gives its elements as `raw_dtype`.

    Args:
        out: The array, with any strides. Its dtype is the tensor's, or `raw_dtype`, which then holds the bits.
        dtype: The dtype of the tensor.
        shape: The shape that `out` must have.
        name: The name of the tensor, for errors.

    Raises:
        BadInput: If the array does not fit. Nothing is written.
    """
    expected = numpy_dtype(dtype)
    if not isinstance(out, np.ndarray):
        raise BadInput(f"out for {name} must be a NumPy array, not {type(out).__name__}")
    raw = raw_dtype(dtype)
    if out.dtype not in (expected, raw):
        raise BadInput(f"out for {name} has the dtype {out.dtype}, not {expected}")
    if out.shape != shape:
        raise BadInput(f"out for {name} has the shape {list(out.shape)}, not {list(shape)}")
    if not out.flags.writeable:
        raise BadInput(f"out for {name} is read-only")
    if out.size and any(stride == 0 and length > 1 for stride, length in zip(out.strides, out.shape, strict=True)):
        raise BadInput(f"several elements of out for {name} share their memory")
    return np.asarray(out).view(raw)


def store(values: Floats, dtype: str, out: np.ndarray[Any, Any]) -> None:
    """Converts binary32 values to a float dtype, in which all must be finite (docs/law.md, "Dtypes and bytes").

    Args:
        values: A float32 array.
        dtype: float64, float32, float16 or bfloat16.
        out: An array of the same shape, of `raw_dtype`.

    Raises:
        BadInput: If a value is not finite in the dtype.
    """
    limit = FLOAT_LIMITS.get(dtype)
    if limit is None:
        raise BadInput(f"a {dtype} tensor holds constants and literals only")
    bounds = (values.min(), values.max()) if values.size else (0.0, 0.0)
    if not (-limit < float(bounds[0]) and float(bounds[1]) < limit):
        raise BadInput(f"a value is not finite in {dtype}: the values are between {bounds[0]} and {bounds[1]}")
    if dtype == "bfloat16":
        bits = np.ascontiguousarray(values).view(np.uint32)
        # Add half a unit of the last place that is kept, less one where that place is even.
        to_even = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        out[...] = ((bits + to_even) >> np.uint32(16)).astype(np.uint16).reshape(values.shape)
    else:
        out[...] = values.astype(out.dtype)
