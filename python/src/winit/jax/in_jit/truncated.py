"""The truncated normal draw T (docs/law.md, "Truncated normal: T(w)"), whose binary64 steps are done in integers."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import frexp
from typing import Any

import jax.numpy as jnp
import numpy as np

from . import wide
from .exact import Exact, number
from .unit_draws import core, negative_where

_DIGITS = 53


def truncated(exact: Exact, word: Any, law: Mapping[str, Any]) -> Any:
    """Computes T(w).

    Args:
        exact: The operations.
        word: Words, uint32.
        law: A law truncated_normal, with alpha below beta.

    Returns:
        float32 numbers of the shape of the words.
    """
    tail, rest, lower = _tail(word, float(law["alpha"]), float(law["beta"]))
    z = negative_where(lower, core(exact, tail, rest))
    low, high = np.float32(law["low"]), np.float32(law["high"])
    z = jnp.where(z > low, z, low)
    return jnp.where(z < high, z, high)


def _tail(word: Any, alpha: float, beta: float) -> tuple[Any, Any, Any]:
    """Computes tail and 1 - 2 × tail in binary32, and where u is below ½.

    u = α + (β - α) × ((w + ½) × 2^-32). With β - α = width × 2^e, the product is (2w + 1) × width, of 86 bits, in
    units of 2^(e - 33). Two bits more make room for what of α is smaller: a half, and whether there is anything below.
    """
    fraction, exponent = frexp(beta - alpha)
    width = int(fraction * 2**_DIGITS)
    unit = exponent - _DIGITS - 35
    scaled = Fraction(alpha) / Fraction(2) ** unit
    start = int(scaled)
    if start != scaled:
        start |= 1  # the product has 55 bits or more, so that the last bit only tells on which side of a tie it is
    count = (-unit + 2 + 31) // 32

    twice = wide.product(8 * width, word, count)
    spread = wide.rounded(wide.add(twice, wide.limbs(4 * width, count)), _DIGITS)
    u = wide.rounded(wide.add(spread, wide.limbs(start, count)), _DIGITS)
    one = wide.limbs(1 << -unit, count)
    lower = wide.bit_length(u) < -unit
    tail = wide.select(lower, u, wide.subtract(one, u))
    rest = wide.rounded(wide.subtract(wide.subtract(one, tail), tail), _DIGITS)
    return number(wide.to_binary32(tail, unit)), number(wide.to_binary32(rest, unit)), lower
