"""Φ, the normal distribution function, correctly rounded (docs/law.md, "Truncated normal: T(w)").

This is the only module that needs mpmath, and only when a truncated recipe is made.
"""

from __future__ import annotations

import math
from fractions import Fraction


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


def _phi_at_precision(x: float, digits: int) -> Fraction:
    import mpmath

    with mpmath.workdps(digits):
        exact_x = mpmath.mpf(x)
        sign, mantissa, exponent, _ = (mpmath.erfc(-exact_x / mpmath.sqrt(2)) / 2)._mpf_
    magnitude = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -magnitude if sign else magnitude


def phi(x: float) -> float:
    """Computes Φ(x), the probability that a standard normal number is below x (docs/law.md, "Truncated normal: T(w)").

    It is computed with 60 and with 120 digits, and both must round to the same number. They do, unless Φ(x) lies
    within a relative 1e-59 of the middle between two binary64 numbers.

    Args:
        x: A binary64 number.

    Returns:
        The binary64 number nearest to the exact value, subnormal results included.

    Raises:
        ArithmeticError: If the two precisions round to different numbers.
        ModuleNotFoundError: If mpmath is not installed.
    """
    coarse, fine = (nearest_binary64(_phi_at_precision(float(x), digits)) for digits in (60, 120))
    if coarse != fine:
        raise ArithmeticError(f"Φ({x!r}) is too close to the middle between two binary64 numbers to be rounded")
    return fine
