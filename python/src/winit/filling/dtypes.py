"""NumPy's dtypes for the dtypes of tensors."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from ..errors import BadInput

_NATIVE = ("float64", "float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8")


@cache
def numpy_dtype(name: str) -> np.dtype[Any]:
    """Returns the NumPy dtype of a tensor's dtype.

    bfloat16 and the dtypes of 8 bits are those of ml_dtypes where it is installed; without it, bfloat16 is given as
    uint16 and the others as uint8, which hold the bits.
    """
    if name in _NATIVE:
        return np.dtype(name).newbyteorder("<")
    if name == "bool":
        return np.dtype(np.bool_)
    if name == "complex64":
        return np.dtype("<c8")
    if name == "bfloat16" or name.startswith("float8_"):
        try:
            import ml_dtypes
        except ImportError:
            return np.dtype("<u2") if name == "bfloat16" else np.dtype(np.uint8)
        kind = getattr(ml_dtypes, name, np.uint8)  # an older ml_dtypes has fewer
        dtype: np.dtype[Any] = np.dtype(kind)
        return dtype
    raise BadInput(f"NumPy has no dtype for {name}")
