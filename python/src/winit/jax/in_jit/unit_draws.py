"""The unit draws U and Q, and the core that Q and T share (docs/law.md, "Unit draws"), for XLA."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ...reference import unit_draws as law
from .exact import Exact, bits, number

_SIGN = np.uint32(1 << 31)
_HALF, _ONE, _FOUR, _LN2 = (np.float32(text) for text in (0.5, 1, 4, float.fromhex("0x1.62e430p-1")))
_SQRT_HALF_BITS = np.int32(0x3F3504F3)


def uniform(exact: Exact, word: Any) -> Any:
    """Computes U(w).

    Args:
        exact: The operations.
        word: Words, uint32.

    Returns:
        float32 numbers of the shape of the words.
    """
    signed = jax.lax.bitcast_convert_type(word, jnp.int32)
    return exact.multiply(exact.add((signed >> 8).astype(jnp.float32), _HALF), np.float32(2.0**-23))


def normal(exact: Exact, word: Any) -> Any:
    """Computes Q(w).

    Args:
        exact: The operations.
        word: Words, uint32.

    Returns:
        float32 numbers of the shape of the words.
    """
    signed = jax.lax.bitcast_convert_type(word, jnp.int32)
    top = signed >> 31
    m = signed ^ top
    q = m ^ np.int32(0x7FFFFFFF)
    p = exact.multiply(exact.add(m.astype(jnp.float32), _HALF), np.float32(2.0**-32))
    x = exact.multiply(exact.add(q.astype(jnp.float32), _HALF), np.float32(2.0**-31))
    return negative_where(top == 0, core(exact, p, x))


def negative_where(condition: Any, magnitude: Any) -> Any:
    """Returns -magnitude where the condition holds, else magnitude."""
    return number(jnp.where(condition, bits(magnitude) ^ _SIGN, bits(magnitude)))


def core(exact: Exact, p: Any, x: Any) -> Any:
    """Computes C(p, x).

    Args:
        exact: The operations.
        p: The probability of the tail, float32, in (0, ½].
        x: 1 - 2p, float32.

    Returns:
        float32 numbers of the same shape.
    """
    multiply, add = exact.multiply, exact.add

    def linear(pair: Any, y: Any) -> Any:
        return add(multiply(y, np.float32(pair[1])), np.float32(pair[0]))

    v = multiply(multiply(p, _FOUR), exact.subtract(_ONE, p))
    pattern = jax.lax.bitcast_convert_type(v, jnp.int32)
    e = (pattern - _SQRT_HALF_BITS) >> 23
    t = exact.subtract(number(pattern - (e << 23)), _ONE)
    t2 = multiply(t, t)
    t4 = multiply(t2, t2)
    series = add(
        multiply(add(multiply(linear(law._A7, t), t2), linear(law._A5, t)), t4),
        add(multiply(linear(law._A3, t), t2), linear(law._A1, t)),
    )
    ell = number(bits(add(multiply(e.astype(jnp.float32), _LN2), multiply(t, series))) ^ _SIGN)
    ell2 = multiply(ell, ell)
    ell4 = multiply(ell2, ell2)
    numerator = add(
        multiply(add(linear(law._N5, ell), multiply(np.float32(law._N6), ell2)), ell4),
        add(multiply(linear(law._N3, ell), ell2), linear(law._N1, ell)),
    )
    denominator = add(
        multiply(linear(law._D5, ell), ell4), add(multiply(linear(law._D3, ell), ell2), linear(law._D1, ell))
    )
    return multiply(x, exact.divide(numerator, denominator))
