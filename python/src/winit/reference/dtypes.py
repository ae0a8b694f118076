"""Dtypes, and the bytes of one element in each (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

import numpy as np

from .arrays import Floats
from .errors import LawError

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

FLOAT_LIMITS = {
    "float64": float.fromhex("0x1.ffffffp127"),  # a float64 value is a binary32 number first
    "float32": float.fromhex("0x1.ffffffp127"),
    "float16": 65520.0,
    "bfloat16": float.fromhex("0x1.ffp127"),
}
"""For each float dtype, the least magnitude that rounds to infinity."""

_LARGEST_INTEGER = 2**53


def item_size(dtype: str) -> int:
    """Gives the size of one element.

    Args:
        dtype: The name of a dtype, as docs/manifest.md lists them.

    Returns:
        The size in bytes.

    Raises:
        LawError: If there is no such dtype.
    """
    if dtype in FLOAT_SIZES:
        return FLOAT_SIZES[dtype]
    if dtype == "bool":
        return 1
    return np.dtype(_integer_type(dtype)).itemsize


def float_bytes(values: Floats, dtype: str) -> bytes:
    """Converts binary32 values to a float dtype (docs/law.md, "Dtypes and bytes").

    Narrower dtypes round to nearest, ties to even, subnormal results included.

    Args:
        values: A float32 array of finite values.
        dtype: float64, float32, float16 or bfloat16.

    Returns:
        The little-endian bytes of the elements in row-major order.

    Raises:
        LawError: If the dtype is not a float dtype.
    """
    if dtype == "float64":
        return values.astype("<f8").tobytes()
    if dtype == "float32":
        return values.astype("<f4").tobytes()
    if dtype == "float16":
        return values.astype("<f2").tobytes()
    if dtype == "bfloat16":
        bits = np.ascontiguousarray(values).view(np.uint32)
        # Add half a unit of the last place that is kept, less one where that place is even.
        to_even = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
        return ((bits + to_even) >> np.uint32(16)).astype("<u2").tobytes()
    raise LawError(f"{dtype!r} is not a float dtype")


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
