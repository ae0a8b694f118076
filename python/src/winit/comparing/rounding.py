"""Values rounded once to another floating-point dtype: to nearest, ties to even."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..filling import numpy_dtype


def rounded(values: np.ndarray[Any, Any], dtype: str, target: str) -> np.ndarray[Any, Any]:
    """Rounds values to a dtype.

    Args:
        values: An array as `TensorRecipe.box` makes it.
        dtype: Its dtype, as docs/manifest.md names it.
        target: The dtype to round to; both are floating-point dtypes that laws fill, or equal.

    Returns:
        An array of the target's dtype in NumPy; for bfloat16 it may be uint16, with the bits.
    """
    if dtype == target:
        return values
    if dtype == "bfloat16":
        bits = np.ascontiguousarray(values).reshape(values.shape).view("<u2").astype(np.uint32) << np.uint32(16)
        values = bits.view(np.float32)
    if target != "bfloat16":
        with np.errstate(over="ignore", under="ignore"):
            return values.astype(numpy_dtype(target))
    return _bfloat16(values)


def _bfloat16(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Returns the bits of the nearest bfloat16 numbers."""
    with np.errstate(over="ignore", under="ignore"):
        narrow = np.asarray(values).astype(np.float32)
    bits = narrow.view(np.uint32)
    if values.dtype == np.float64:
        # Round to odd first, so that the second rounding sees whether anything was lost, and on which side.
        wide = narrow.astype(np.float64)
        bits = bits - (np.abs(wide) > np.abs(values)).astype(np.uint32)
        bits = bits | (wide != values).astype(np.uint32)
    to_even = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    made = ((bits + to_even) >> np.uint32(16)).astype("<u2")
    return np.where(np.isnan(narrow), (bits >> np.uint32(16)).astype("<u2") | np.uint16(0x40), made)
