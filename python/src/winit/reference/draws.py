"""The unit draws U, Q and T, which turn a word into a number (docs/law.md, "Unit draws")."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from .arrays import Floats, Words


def f32(text: str) -> np.float32:
    """Reads a hexadecimal float literal that binary32 holds exactly.

    Args:
        text: The literal, for example "0x1.62e430p-1".

    Returns:
        The number in binary32.

    Raises:
        ValueError: If binary32 cannot hold the number exactly.
    """
    value = float.fromhex(text)
    rounded = np.float32(value)
    if float(rounded) != value:
        raise ValueError(f"{text} is not a binary32 number")
    return rounded


_Pair: TypeAlias = tuple[np.float32, np.float32]

_HALF, _ONE, _FOUR = np.float32(0.5), np.float32(1), np.float32(4)
_TWO_M23, _TWO_M31, _TWO_M32 = f32("0x1p-23"), f32("0x1p-31"), f32("0x1p-32")
_SQRT_HALF_BITS = np.int32(0x3F3504F3)
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


def _linear(pair: _Pair, x: Floats) -> Floats:
    return pair[0] + x * pair[1]


def core(p: Floats, x: Floats) -> Floats:
    """Computes C(p, x), the absolute value of the normal quantile (docs/law.md, "The core: C(p, x)").

    Args:
        p: Tail probabilities, at most 0.5.
        x: 1 - 2p, of the same shape.

    Returns:
        A float32 array of the same shape, in standard deviations.
    """
    v = (p * _FOUR) * (_ONE - p)
    bits = v.view(np.int32)
    e = (bits - _SQRT_HALF_BITS) >> np.int32(23)
    t = (bits - (e << np.int32(23))).view(np.float32) - _ONE
    t2 = t * t
    t4 = t2 * t2
    series = (_linear(_A7, t) * t2 + _linear(_A5, t)) * t4 + (_linear(_A3, t) * t2 + _linear(_A1, t))
    ell = -(e.astype(np.float32) * _LN2 + t * series)  # l in docs/law.md
    ell2 = ell * ell
    ell4 = ell2 * ell2
    numerator = (_linear(_N5, ell) + _N6 * ell2) * ell4 + (_linear(_N3, ell) * ell2 + _linear(_N1, ell))
    denominator = _linear(_D5, ell) * ell4 + (_linear(_D3, ell) * ell2 + _linear(_D1, ell))
    quotient: Floats = numerator / denominator
    return x * quotient


def uniform_draw(w: Words) -> Floats:
    """Computes U(w), the uniform draw (docs/law.md, "Uniform: U(w)").

    Args:
        w: Words.

    Returns:
        A float32 array of the same shape: odd multiples of 2^-24 between -1 and 1, never 0 and never ±1.
    """
    signed = _contiguous(w).view(np.int32)
    return ((signed >> np.int32(8)).astype(np.float32) + _HALF) * _TWO_M23


def normal_draw(w: Words) -> Floats:
    """Computes Q(w), the standard normal quantile at (w + 1/2) / 2^32 (docs/law.md, "Standard normal: Q(w)").

    Args:
        w: Words.

    Returns:
        A float32 array of the same shape, of magnitude below 6.338.
    """
    signed = _contiguous(w).view(np.int32)
    top = signed >> np.int32(31)
    m = signed ^ top
    q = m ^ np.int32(0x7FFFFFFF)
    p = (m.astype(np.float32) + _HALF) * _TWO_M32
    x = (q.astype(np.float32) + _HALF) * _TWO_M31
    magnitude = core(p, x)
    return np.where(top == 0, -magnitude, magnitude)


def truncated_draw(w: Words, alpha: float, beta: float, low: float, high: float) -> Floats:
    """Computes T(w), the quantile of the normal distribution cut to [low, high].

    It implements docs/law.md, "Truncated normal: T(w)".

    Args:
        w: Words.
        alpha: Φ(low), correctly rounded to binary64.
        beta: Φ(high), correctly rounded to binary64.
        low: The lower cut, in standard deviations.
        high: The upper cut, in standard deviations.

    Returns:
        A float32 array of the same shape, within the cuts rounded to binary32.
    """
    lower_bound, upper_bound = np.float64(alpha), np.float64(beta)
    unit = (_contiguous(w).astype(np.float64) + np.float64(0.5)) * np.float64(2.0**-32)
    u = lower_bound + (upper_bound - lower_bound) * unit
    lower = u < np.float64(0.5)
    tail = np.where(lower, u, np.float64(1) - u)
    p = tail.astype(np.float32)
    x = (np.float64(1) - np.float64(2) * tail).astype(np.float32)
    magnitude = core(p, x)
    z = np.where(lower, -magnitude, magnitude)
    return np.minimum(np.maximum(z, np.float32(low)), np.float32(high))


def _contiguous(w: Words) -> Words:
    return np.ascontiguousarray(w, dtype=np.uint32)
