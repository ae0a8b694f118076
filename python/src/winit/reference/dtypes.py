"""Dtypes, and the bytes of one element in each (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arithmetic import require_exact_arithmetic
from .arrays import Doubles, Floats
from .errors import LawError
from .lanes import Lanes, by_tiles

FLOAT_SIZES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of one element, for each float dtype."""

INTEGER_TYPES = {
    "int64": "<i8",
    "int32": "<i4",
    "int16": "<i2",
    "int8": "<i1",
    "uint64": "<u8",
    "uint32": "<u4",
    "uint16": "<u2",
    "uint8": "<u1",
}
"""The NumPy dtype of each integer dtype."""

LITERAL_BITS = {
    "float8_e4m3fn": 8,
    "float8_e5m2": 8,
    "float8_e8m0fnu": 8,
    "float8_e4m3fnuz": 8,
    "float8_e5m2fnuz": 8,
    "float6_e2m3fn": 6,
    "float6_e3m2fn": 6,
    "float4_e2m1fn": 4,
    "complex64": 64,
}
"""Bits of one element, for each dtype that holds literals only."""

FLOAT_LIMITS = {
    "float64": float.fromhex("0x1.ffffffp127"),  # a float64 value is a binary32 number first
    "float32": float.fromhex("0x1.ffffffp127"),
    "float16": 65520.0,
    "bfloat16": float.fromhex("0x1.ffp127"),
}
"""For each float dtype, the least magnitude that rounds to infinity."""

_LARGEST_INTEGER = 2**53
_HALF_PLACE, _SIXTEEN, _ONE = (np.array(n, np.uint32) for n in (0x7FFF, 16, 1))


def item_bits(dtype: str) -> int:
    """Gives the size of one element in bits.

    Args:
        dtype: The name of a dtype, as docs/manifest.md lists them.

    Returns:
        The size: of a dtype with a law of its own, a multiple of 8.

    Raises:
        LawError: If there is no such dtype.
    """
    if dtype in LITERAL_BITS:
        return LITERAL_BITS[dtype]
    if dtype in FLOAT_SIZES:
        return 8 * FLOAT_SIZES[dtype]
    if dtype == "bool":
        return 8
    return 8 * np.dtype(_integer_type(dtype)).itemsize


def item_size(dtype: str) -> int:
    """Gives the size of one element.

    Args:
        dtype: The name of a dtype, as docs/manifest.md lists them.

    Returns:
        The size in bytes.

    Raises:
        LawError: If there is no such dtype, or its elements are not whole bytes.
    """
    return byte_count(dtype, 1)


def byte_count(dtype: str, count: int) -> int:
    """Gives the size of a number of elements.

    Args:
        dtype: The name of a dtype, as docs/manifest.md lists them.
        count: The number of elements.

    Returns:
        The size in bytes.

    Raises:
        LawError: If there is no such dtype, or the elements do not fill whole bytes.
    """
    bits = count * item_bits(dtype)
    if bits % 8 != 0:
        raise LawError(f"{count} elements of {dtype} do not fill whole bytes")
    return bits // 8


def storage_dtype(dtype: str) -> np.dtype[Any]:
    """Gives the NumPy dtype in which the reference keeps the elements of a dtype.

    Args:
        dtype: The name of a dtype, as docs/manifest.md lists them.

    Returns:
        NumPy's little-endian dtype of that name; for bfloat16 uint16, and for the dtypes of 8 bits that NumPy does not
        have uint8, which hold the bits.

    Raises:
        LawError: If there is no such dtype, or its elements are not whole bytes.
    """
    if dtype in FLOAT_SIZES:
        return np.dtype("<u2" if dtype == "bfloat16" else f"<f{FLOAT_SIZES[dtype]}")
    if dtype in INTEGER_TYPES:
        return np.dtype(INTEGER_TYPES[dtype])
    if dtype == "bool":
        return np.dtype(np.bool_)
    if dtype == "complex64":
        return np.dtype("<c8")
    if item_size(dtype) != 1:
        raise LawError(f"{dtype!r} has no NumPy dtype")
    return np.dtype(np.uint8)


def stored(values: Floats, dtype: str) -> NDArray[Any]:
    """Converts binary32 values to a float dtype (docs/law.md, "Dtypes and bytes").

    Narrower dtypes round to nearest, ties to even, subnormal results included.

    Args:
        values: A float32 array of finite values.
        dtype: float64, float32, float16 or bfloat16.

    Returns:
        An array of the same shape and of `storage_dtype(dtype)`.

    Raises:
        LawError: If the dtype is not a float dtype.
    """
    if dtype not in FLOAT_SIZES:
        raise LawError(f"{dtype!r} is not a float dtype")
    return by_tiles(partial(stored_lanes, dtype=dtype), values, dtype=storage_dtype(dtype))


def stored_lanes(values: Lanes, dtype: str) -> Lanes:
    """Prepares binary32 values for a float dtype: a cast to `storage_dtype(dtype)` gives the elements.

    Args:
        values: Finite values.
        dtype: float64, float32, float16 or bfloat16.

    Returns:
        The values themselves; for bfloat16 the bits, rounded to nearest, ties to even.
    """
    if dtype != "bfloat16":
        return values
    bits = values.view(np.uint32)
    # Add half a unit of the last place that is kept, less one where that place is even.
    to_even = _HALF_PLACE + ((bits >> _SIXTEEN) & _ONE)
    return (bits + to_even) >> _SIXTEEN


def float_bytes(values: Floats, dtype: str) -> bytes:
    """Converts binary32 values to the bytes of a float dtype (docs/law.md, "Dtypes and bytes").

    Args:
        values: A float32 array of finite values.
        dtype: float64, float32, float16 or bfloat16.

    Returns:
        The little-endian bytes of the elements in row-major order.

    Raises:
        LawError: If the dtype is not a float dtype.
    """
    return stored(values, dtype).tobytes()


def float_values(data: bytes, dtype: str) -> Doubles:
    """Reads the elements of a float dtype (docs/law.md, "Dtypes and bytes").

    Args:
        data: Canonical bytes.
        dtype: float64, float32, float16 or bfloat16.

    Returns:
        The elements, widened to binary64.

    Raises:
        LawError: If the dtype is not a float dtype.
    """
    require_exact_arithmetic()
    if dtype == "bfloat16":
        bits = np.frombuffer(data, "<u2").astype(np.uint32) << np.uint32(16)
        return bits.view(np.float32).astype(np.float64)
    if dtype not in FLOAT_SIZES:
        raise LawError(f"{dtype!r} is not a float dtype")
    return np.frombuffer(data, f"<f{FLOAT_SIZES[dtype]}").astype(np.float64)


def integer_bytes(value: int | float, dtype: str) -> bytes:
    """Encodes one element of an integer or boolean tensor (docs/law.md, "Dtypes and bytes").

    Args:
        value: An integer of magnitude 2^53 at most; 0 or 1 for bool.
        dtype: An integer dtype, or bool.

    Returns:
        The little-endian bytes of the element.

    Raises:
        LawError: If the dtype cannot hold the value, or is not an integer dtype.
    """
    if dtype == "bool":
        lowest, highest, size, signed = 0, 1, 1, False
    else:
        info = np.iinfo(_integer_type(dtype))
        lowest, highest, size, signed = int(info.min), int(info.max), info.bits // 8, info.min < 0
    if value != int(value) or not max(lowest, -_LARGEST_INTEGER) <= value <= min(highest, _LARGEST_INTEGER):
        raise LawError(f"{dtype} cannot hold {value!r}")
    return int(value).to_bytes(size, "little", signed=signed)


def _integer_type(dtype: str) -> str:
    if dtype not in INTEGER_TYPES:
        raise LawError(f"{dtype!r} is not an integer dtype")
    return INTEGER_TYPES[dtype]
