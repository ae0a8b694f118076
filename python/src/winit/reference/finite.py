"""Values that a float dtype must hold as finite numbers (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

import numpy as np

from .arrays import Floats
from .dtypes import FLOAT_LIMITS
from .errors import ElementError, LawError


def require_finite(values: Floats, dtype: str) -> None:
    """Checks that binary32 values stay finite in a float dtype.

    Args:
        values: A float32 array of any shape.
        dtype: float64, float32, float16 or bfloat16.

    Raises:
        ElementError: If a value is not finite in the dtype. The error names the first such element.
        LawError: If the dtype is not a float dtype.
    """
    if dtype not in FLOAT_LIMITS:
        raise LawError(f"{dtype!r} is not a float dtype")
    good = np.abs(values.astype(np.float64)) < FLOAT_LIMITS[dtype]
    if not np.all(good):
        element = int(np.argmin(good.reshape(-1)))
        raise ElementError(element, f"{float(values.reshape(-1)[element])!r} is not finite in {dtype}")
