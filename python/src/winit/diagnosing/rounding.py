"""How much of a weight the rounding to its dtype takes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_FORMATS = {"float16": (11, -14), "bfloat16": (8, -126)}
"""The bits of the significand, and the exponent of the least normal number, of dtypes that weights are rounded to.

float32 and float64 are left out: weights below their range would be no weights. The float8 dtypes have three or four
bits, so that any weight is off by more than 1%.
"""


def relative_rounding_error(values: NDArray[Any], dtype: str, std: float) -> float | None:
    """Returns the root mean square of the rounding errors, divided by the standard deviation.

    The error of one rounding is uniform in ± half a unit in the last place, and that unit is constant below the least
    normal number: subnormal numbers lose bits. None for a dtype of which this says nothing.
    """
    if dtype not in _FORMATS or std <= 0 or not math.isfinite(std):
        return None
    precision, least = _FORMATS[dtype]
    finite = np.abs(values.reshape(-1).astype(np.float64))
    finite = finite[np.isfinite(finite)]
    exponents = np.where(finite == 0, least, np.maximum(np.frexp(finite)[1] - 1, least))
    last_place = np.ldexp(1.0, exponents - (precision - 1))
    return math.sqrt(float(np.mean(last_place**2)) / 12) / std
