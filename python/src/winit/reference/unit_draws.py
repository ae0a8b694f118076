"""The unit draws U, Q and T on lanes, which turn a word into a number (docs/law.md, "Unit draws")."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from .lanes import Lanes, maximum, minimum

Number: TypeAlias = NDArray[np.float32]
"""A number in binary32, as an array without axes: NumPy takes such an operand faster than a scalar."""


def f32(text: str) -> Number:
    """Reads a hexadecimal float literal that binary32 holds exactly.

    Args:
        text: The literal, for example "0x1.62e430p-1".

    Returns:
        The number in binary32.

    Raises:
        ValueError: If binary32 cannot hold the number exactly.
    """
    value = float.fromhex(text)
    rounded = np.array(value, np.float32)
    if float(rounded) != value:
        raise ValueError(f"{text} is not a binary32 number")
    return rounded


def f64(value: float) -> NDArray[np.float64]:
    """Makes a binary64 operand."""
    return np.array(value, np.float64)


def i32(value: int) -> NDArray[np.int32]:
    """Makes a signed 32-bit operand."""
    return np.array(value, np.int32)


_Pair: TypeAlias = tuple[Number, Number]

_HALF, _ONE, _FOUR = f32("0x1p-1"), f32("0x1p+0"), f32("0x1p+2")
_TWO_M23, _TWO_M31, _TWO_M32 = f32("0x1p-23"), f32("0x1p-31"), f32("0x1p-32")
_SQRT_HALF_BITS, _LARGEST, _SIGN_BIT = i32(0x3F3504F3), i32(0x7FFFFFFF), i32(-(2**31))
_8, _23, _31 = i32(8), i32(23), i32(31)
_LN2 = f32("0x1.62e430p-1")

# ln(1 + t) / t. Each pair holds two neighboring coefficients: A5 those of t^4 and t^5.
_A7: _Pair = f32("0x1.4c3d08p-3"), f32("-0x1.9dfa6ep-4")
_A5: _Pair = f32("0x1.978e2ep-3"), f32("-0x1.614c08p-3")
_A3: _Pair = f32("0x1.5559dcp-2"), f32("-0x1.ff623cp-3")
_A1: _Pair = f32("0x1.fffffep-1"), f32("-0x1.00007ap-1")

# Numerator and denominator of |Q| / x, as functions of l = -ln(4 p (1 - p)).
_N6 = f32("0x1.9cd394p-23")
_N5: _Pair = f32("0x1.2a9942p-10"), f32("0x1.f2dd96p-15")
_N3: _Pair = f32("0x1.74d8a6p-4"), f32("0x1.9a906cp-7")
_N1: _Pair = f32("0x1.40d932p+0"), f32("0x1.ca3758p-2")
_D5: _Pair = f32("0x1.04eebcp-12"), f32("0x1.f7a9a8p-19")
_D3: _Pair = f32("0x1.1bfb62p-5"), f32("0x1.2f2db8p-9")
_D1: _Pair = f32("0x1p+0"), f32("0x1.86153ep-4")


def _linear(pair: _Pair, x: Lanes) -> Lanes:
    result = x * pair[1]
    result += pair[0]
    return result


def negative_where(sign: Lanes, magnitude: Lanes) -> Lanes:
    """-magnitude where the signed 32-bit integer `sign` is below 0, else magnitude, which is not negative."""
    return (magnitude.view(np.int32) | (sign & _SIGN_BIT)).view(np.float32)


def core(p: Lanes, x: Lanes) -> Lanes:
    """C(p, x) (docs/law.md, "The core: C(p, x)")."""
    v = (p * _FOUR) * (_ONE - p)
    bits = v.view(np.int32)
    e = (bits - _SQRT_HALF_BITS) >> _23
    t = (bits - (e << _23)).view(np.float32) - _ONE
    t2 = t * t
    t4 = t2 * t2
    series = (_linear(_A7, t) * t2 + _linear(_A5, t)) * t4 + (_linear(_A3, t) * t2 + _linear(_A1, t))
    ell = -(e.astype(np.float32) * _LN2 + t * series)  # l in docs/law.md
    ell2 = ell * ell
    ell4 = ell2 * ell2
    numerator = (_linear(_N5, ell) + _N6 * ell2) * ell4 + (_linear(_N3, ell) * ell2 + _linear(_N1, ell))
    denominator = _linear(_D5, ell) * ell4 + (_linear(_D3, ell) * ell2 + _linear(_D1, ell))
    return x * (numerator / denominator)


def uniform(w: Lanes) -> Lanes:
    """U(w) (docs/law.md, "Uniform: U(w)")."""
    s = w.view(np.int32)
    return ((s >> _8).astype(np.float32) + _HALF) * _TWO_M23


def normal(w: Lanes) -> Lanes:
    """Q(w) (docs/law.md, "Standard normal: Q(w)")."""
    s = w.view(np.int32)
    top = s >> _31
    m = s ^ top
    q = m ^ _LARGEST
    p = (m.astype(np.float32) + _HALF) * _TWO_M32
    x = (q.astype(np.float32) + _HALF) * _TWO_M31
    return negative_where(~top, core(p, x))


def truncated(w: Lanes, alpha: float, beta: float, low: float, high: float) -> Lanes:
    """T(w) (docs/law.md, "Truncated normal: T(w)")."""
    u = w.astype(np.float64)  # u = α + ((β - α) × ((f64(w) + 0.5) × 2^-32)), one operation after the other in place
    u += f64(0.5)
    u *= f64(2.0**-32)
    u *= f64(beta - alpha)
    u += f64(alpha)
    tail = minimum(u, f64(1) - u)  # u where lower, else 1 - u
    c = core(tail.astype(np.float32), (f64(1) - f64(2) * tail).astype(np.float32))
    lower = (u - f64(0.5)).astype(np.float32)  # its sign: below 0 where u < 0.5
    z = negative_where(lower.view(np.int32), c)
    return minimum(maximum(z, np.array(low, np.float32)), np.array(high, np.float32))
