"""Dtypes, and the bytes of one element in each (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

import numpy as np

from .arrays import Doubles, Floats
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
