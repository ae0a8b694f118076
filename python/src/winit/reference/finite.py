"""Values that a float dtype must hold as finite numbers (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

import numpy as np

from .arrays import Floats
from .dtypes import FLOAT_LIMITS, float_bytes
from .errors import LawError


def finite_bytes(values: Floats, dtype: str) -> bytes:
    """Converts binary32 values to a float dtype in which all of them are finite.

    Args:
        values: A float32 array of any shape.
        dtype: float64, float32, float16 or bfloat16.

    Returns:
        The little-endian bytes of the elements in row-major order.

    Raises:
        LawError: If the dtype is not a float dtype, or a value is not finite in it. The message names the first such
            element.
    """
    if dtype not in FLOAT_LIMITS:
        raise LawError(f"{dtype!r} is not a float dtype")
    flat = np.ascontiguousarray(values).reshape(-1)
    good = np.abs(flat.astype(np.float64)) < FLOAT_LIMITS[dtype]
    if not np.all(good):
        element = int(np.argmin(good))
        raise LawError(f"element {element}: {float(flat[element])!r} is not finite in {dtype}")
    return float_bytes(flat, dtype)
