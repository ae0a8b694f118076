"""exp, log and the functions that are made of them (docs/law.md, "Functions").

Binary64, one array operation after the other, in the order that the page gives. The domains are checked elsewhere.
"""

from __future__ import annotations

import math

import numpy as np

from .arrays import Doubles

ONE = np.float64(1)
_LOG2_E = np.float64(float.fromhex("0x1.71547652b82fep+0"))
_LN2_HIGH = np.float64(float.fromhex("0x1.62e42fee00000p-1"))
_LN2_LOW = np.float64(float.fromhex("0x1.a39ef35793c76p-33"))
_SQRT_2 = np.float64(float.fromhex("0x1.6a09e667f3bcdp+0"))
_SMALLEST_NORMAL = np.float64(2.0**-1022)
_FRACTION = np.uint64((1 << 52) - 1)
_EXPONENT_OF_1 = np.uint64(1023 << 52)


def inverse_factorial(n: int) -> np.float64:
    """Computes 1 ÷ n!, rounded once.

    Args:
        n: 0 ..< 19, so that n! is exact in binary64.

    Returns:
        The quotient.
    """
    return ONE / np.float64(math.factorial(n))


def _power_of_two(k: Doubles) -> Doubles:
    """Makes 2^k from exponent bits; k is an integer from -1022 to 1023."""
    bits = (k.astype(np.int64) + np.int64(1023)) << np.int64(52)
    return bits.view(np.float64)


def exp(x: Doubles) -> Doubles:
    """Computes e to the power of x (docs/law.md, "Functions").

    Args:
        x: Finite numbers.

    Returns:
        An array of the same shape; infinite where the result overflows.
    """
    y = np.where(x > np.float64(-746), x, np.float64(-746))
    y = np.where(y < np.float64(710), y, np.float64(710))
    k = np.rint(y * _LOG2_E)
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    p = np.full_like(r, inverse_factorial(13))
    for n in range(12, -1, -1):
        p = p * r + inverse_factorial(n)
    a = np.floor(k * np.float64(0.5))
    with np.errstate(over="ignore", under="ignore"):
        result: Doubles = (p * _power_of_two(a)) * _power_of_two(k - a)
    return result


def log(x: Doubles) -> Doubles:
    """Computes the natural logarithm (docs/law.md, "Functions").

    Args:
        x: Positive numbers.

    Returns:
        An array of the same shape.
    """
    small = x < _SMALLEST_NORMAL
    scaled: Doubles = np.where(small, x * np.float64(2.0**54), x)
    bits = scaled.view(np.uint64)
    e = (bits >> np.uint64(52)).astype(np.float64) - np.float64(1023)
    e = np.where(small, e - np.float64(54), e)
    mantissa = ((bits & _FRACTION) | _EXPONENT_OF_1).view(np.float64)
    large = mantissa >= _SQRT_2
    m = np.where(large, mantissa * np.float64(0.5), mantissa)
    e = np.where(large, e + ONE, e)
    f = m - ONE
    s = f / (np.float64(2) + f)
    z = s * s
    p = np.full_like(z, np.float64(2) / np.float64(25))
    for n in range(23, 2, -2):
        p = p * z + np.float64(2) / np.float64(n)
    series = z * p  # R in docs/law.md
    h = (np.float64(0.5) * f) * f
    result: Doubles = e * _LN2_HIGH - ((h - (s * (h + series) + e * _LN2_LOW)) - f)
    return result


def log1p(x: Doubles) -> Doubles:
    """Computes log(1 + x) (docs/law.md, "Functions").

    Args:
        x: Numbers above -1.

    Returns:
        An array of the same shape.
    """
    u = ONE + x
    v = u - ONE
    result = x.copy()
    some = v != 0
    result[some] = log(u[some]) * (x[some] / v[some])
    return result


def expm1(x: Doubles) -> Doubles:
    """Computes exp(x) - 1 (docs/law.md, "Functions").

    Args:
        x: Finite numbers.

    Returns:
        An array of the same shape; infinite where the result overflows.
    """
    u = exp(x)
    v = u - ONE
    result = np.where(v == 0, x, v)
    some = (v != 0) & (v != -1)
    result[some] = v[some] * (x[some] / log(u[some]))
    return result


def tanh(x: Doubles) -> Doubles:
    """Computes the hyperbolic tangent (docs/law.md, "Functions").

    Args:
        x: Finite numbers.

    Returns:
        An array of the same shape.
    """
    size = np.abs(x)
    a = np.where(size < np.float64(20), size, np.float64(20))
    t = expm1(a + a)
    r = t / (t + np.float64(2))
    result: Doubles = np.where(x < 0, -r, r)
    return result
