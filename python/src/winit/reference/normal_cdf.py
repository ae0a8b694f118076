"""Φ, the normal distribution function, correctly rounded (docs/law.md, "Truncated normal: T(w)").

It is computed in integers, with a lower and an upper bound. Both must round to one binary64 number; until they do, the
precision is doubled. So the result is correctly rounded by construction, and no floating-point operation decides a bit.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import lru_cache

_FIRST_PRECISION = 128
_GUARD = 64
"""Bits below the precision. The errors of all truncated steps together stay below 2^40 of their last places."""

_CENTER = 5
"""Up to this |x| the power series has few terms; beyond it the continued fraction converges fast."""


def nearest_binary64(value: Fraction) -> float:
    """Rounds an exact number once to binary64, to nearest, ties to even; the result may be subnormal.

    Args:
        value: The exact number, within the range of binary64.

    Returns:
        The nearest binary64 number.
    """
    if value == 0:
        return 0.0
    # Scale so that the integer below has 53 bits, or fewer where the result is subnormal.
    magnitude = abs(value)
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < Fraction(2) ** exponent:
        exponent -= 1
    shift = min(52 - exponent, 1074)
    return math.ldexp(round(value * Fraction(2) ** shift), -shift)


@lru_cache(maxsize=4096)
def phi(x: float) -> float:
    """Computes Φ(x), the probability that a standard normal number is below x (docs/law.md, "Truncated normal: T(w)").

    Results are cached: the cuts of a model are few.

    Args:
        x: A binary64 number, or an infinity.

    Returns:
        The binary64 number nearest to the exact value, subnormal results included.

    Raises:
        ValueError: If `x` is NaN.

    Example:
        >>> from winit import reference
        >>> reference.phi(-2.0)
        0.02275013194817921
    """
    x = float(x)
    if math.isnan(x):
        raise ValueError("Φ of NaN is not defined")
    if x <= -39:
        return 0.0  # Φ(-39) is 2^-1103, and half of the least subnormal number is 2^-1075
    if x >= 9:
        return 1.0  # 1 - Φ(9) is 2^-63, and half of the last place below 1 is 2^-54
    if x == 0:
        return 0.5
    precision = _FIRST_PRECISION
    while True:
        low, high = _tail(abs(x), precision)
        if x > 0:
            low, high = 1 - high, 1 - low
        rounded = nearest_binary64(low)
        if rounded == nearest_binary64(high):
            return rounded
        precision *= 2


def _tail(a: float, precision: int) -> tuple[Fraction, Fraction]:
    """Bounds Φ(-a), 0 < a < 39.

    Integers stand for multiples of 1/one. Each truncated step is wrong by less than 1/one. The density is wrong by less
    than 2^20/one and the series, which is below 2^19, by less than 2^30/one: their product by less than 2^40/one.
    """
    bits = precision + _GUARD
    one, error = 1 << bits, 1 << _GUARD
    density, exponent = _density(a, bits)
    if a < _CENTER:
        product = (density * _series(a, one)) >> (bits + exponent)
        return Fraction((one >> 1) - product - error, one), Fraction((one >> 1) - product + error, one)
    low, high = _mills(a, one)
    scale = one << exponent
    return Fraction(((density * low) >> bits) - error, scale), Fraction(((density * high) >> bits) + error, scale)


def _density(a: float, bits: int) -> tuple[int, int]:
    """Computes e^(-a²/2) / √(2π) as d and k with the value d × 2^-k, d between 0.39 and 0.8.

    a²/2 = k ln 2 - r with 0 < r ≤ ln 2, so that the series of e^r has positive terms only. k is below 2^11, so that
    the error of ln 2 gives r, and e^r, one below 2^20/one.
    """
    one, ln2 = 1 << bits, _ln2(bits)
    m, n = a.as_integer_ratio()
    half_square = (m * m << bits) // (2 * n * n)
    k = half_square // ln2 + 1
    r = k * ln2 - half_square
    total, term, order = 0, one, 0
    while term:
        total += term
        order += 1
        term = ((term * r) >> bits) // order
    return (total << bits) // _root_of_two_pi(bits), k


def _series(a: float, one: int) -> int:
    """Computes (Φ(a) - 1/2) ÷ density = a + a³/3 + a⁵/(3 × 5) + … (Abramowitz and Stegun, 26.2.11).

    An error of 1/one in a term grows at most by e^(a²/2) < 2^19 over the terms after it, of which there are fewer than
    2^11: together below 2^30/one.
    """
    m, n = a.as_integer_ratio()
    square, divisor = m * m, n * n
    total, term, order = 0, one * m // n, 1
    while term:
        total += term
        order += 2
        term = term * square // (divisor * order)
    return total


def _mills(a: float, one: int) -> tuple[int, int]:
    """Bounds Φ(-a) ÷ density = 1 ÷ (a + 1 ÷ (a + 2 ÷ (a + 3 ÷ …))) (Abramowitz and Stegun, 26.2.14), a ≥ 5.

    What follows after n levels is between 0 and (n + 1) ÷ a, and each level is monotone, so the ends of this interval
    give bounds. A truncation at one level is multiplied by i ÷ f² at each level outside it. Two such factors are
    below 1 together, because the f of a level times the f inside it is above i. So all truncations together stay below
    n²/one.
    """
    m, n = a.as_integer_ratio()
    fixed = one * m // n
    levels = one.bit_length()
    ends = []
    for inner in (fixed, fixed + (levels + 1) * one * one // fixed):
        f = inner
        for i in range(levels, 0, -1):
            f = fixed + i * one * one // f
        ends.append(one * one // f)
    return min(ends), max(ends)


@lru_cache(maxsize=8)
def _ln2(bits: int) -> int:
    """Computes ln 2 = Σ 1 ÷ (k 2^k), within one last place for each term."""
    return sum((1 << bits) // (k << k) for k in range(1, bits + 1))


@lru_cache(maxsize=8)
def _root_of_two_pi(bits: int) -> int:
    """Computes √(2π), by π = 16 arctan(1/5) - 4 arctan(1/239) (Machin)."""
    wide = 1 << (bits + 32)
    pi = 16 * _arctan_of_inverse(5, wide) - 4 * _arctan_of_inverse(239, wide)
    return math.isqrt(2 * pi * wide) >> 32


def _arctan_of_inverse(n: int, one: int) -> int:
    """Computes arctan(1/n) = 1/n - 1/(3n³) + 1/(5n⁵) - …."""
    total, power, order = 0, one // n, 1
    while power:
        total += power // order if order % 4 == 1 else -(power // order)
        power //= n * n
        order += 2
    return total
