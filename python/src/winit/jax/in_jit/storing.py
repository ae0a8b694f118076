"""Rounding of binary32 values to a dtype (docs/law.md, "Dtypes and bytes"), in integers.

XLA may drop a conversion to a narrower dtype and back (`xla_allow_excess_precision`); integers stay.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from .exact import bits


def stored(values: Any, dtype: str) -> Any:
    """Rounds values to a dtype, to nearest, ties to even, subnormal results included.

    Args:
        values: float32 numbers that are finite in the dtype.
        dtype: float32, bfloat16, float16, or float64 if JAX has it now.

    Returns:
        An array of that dtype.
    """
    if dtype == "float32":
        return values
    if dtype == "float64":
        return values.astype(jnp.float64)
    if dtype == "bfloat16":
        pattern = bits(values)
        kept = (pattern + np.uint32(0x7FFF) + ((pattern >> 16) & 1)) >> 16
        return jax.lax.bitcast_convert_type(kept.astype(jnp.uint16), jnp.bfloat16)
    return jax.lax.bitcast_convert_type(_half_bits(bits(values)).astype(jnp.uint16), jnp.float16)


def _half_bits(pattern: Any) -> Any:
    """Returns the bits of the nearest float16 numbers, as uint32."""
    magnitude = pattern & np.uint32(0x7FFFFFFF)
    normal = (magnitude - np.uint32(112 << 23) + np.uint32(0xFFF) + ((magnitude >> 13) & 1)) >> 13
    # Below 2^-14: digits × 2^(field - 150) in units of 2^-24. More than 25 places leave nothing.
    digits = (magnitude & np.uint32(0x007FFFFF)) | np.uint32(0x00800000)
    places = jnp.clip(126 - (magnitude >> 23).astype(jnp.int32), 1, 25).astype(jnp.uint32)
    ties = (np.uint32(1) << (places - 1)) - np.uint32(1) + ((digits >> places) & 1)
    small = (digits + ties) >> places
    sign = (pattern >> 16) & np.uint32(0x8000)
    return sign | jnp.where(magnitude < np.uint32(113 << 23), small, normal)
