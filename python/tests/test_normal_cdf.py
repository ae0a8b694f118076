"""Φ, correctly rounded (docs/law.md, "Truncated normal: T(w)"), against mpmath."""

from __future__ import annotations

import math
import random
from fractions import Fraction

import mpmath
import pytest

from winit import reference
from winit.reference import normal_cdf

PRECISION = 250
"""Bits of the exact values: mpmath gives the tails that precise too."""


def exact(x: float, precision: int = PRECISION) -> Fraction:
    with mpmath.workprec(precision):
        sign, mantissa, exponent, _ = (mpmath.erfc(-mpmath.mpf(x) / mpmath.sqrt(2)) / 2)._mpf_
    assert sign == 0
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def spread(low: float, high: float, count: int, seed: int) -> list[float]:
    generator = random.Random(seed)
    return [generator.uniform(low, high) for _ in range(count)]


def powers(count: int, seed: int) -> list[float]:
    generator = random.Random(seed)
    return [generator.choice([-1, 1]) * 2.0 ** -generator.uniform(0, 80) for _ in range(count)]


def around(*xs: float) -> list[float]:
    return [y for x in xs for y in (x, -x, *(math.nextafter(s * x, d) for s in (1, -1) for d in (-99, 99)))]


@pytest.mark.parametrize(
    "xs",
    [
        spread(-5.2, 5.2, 1500, 1),
        spread(-39.0, -5.0, 600, 2),
        spread(-38.7, -37.4, 200, 3),  # subnormal results
        spread(5.0, 9.0, 300, 4),
        powers(400, 5),  # results next to a half
        around(0.0, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 8.25, 38.4, 38.5, 38.6, 39.0, 9.0, 2.0**-53, 1e-300, 5e-324),
    ],
    ids=["center", "lower tail", "subnormal", "upper tail", "near a half", "edges"],
)
def test_phi_is_the_number_nearest_to_the_exact_value(xs: list[float]) -> None:
    for x in xs:
        assert reference.phi(x) == reference.nearest_binary64(exact(x)), x


def test_the_bounds_hold_the_exact_value_at_every_precision() -> None:
    for a in [*spread(0.0, 38.99, 200, 6), 5e-324, 1e-9, 4.999, 5.0, 38.99]:
        value = exact(-a, 800)
        for precision in (64, 128, 256):
            low, high = normal_cdf._tail(a, precision)
            assert low <= value <= high, (a, precision)
            # In the center the value is a difference of two numbers near 1/2, and the error is absolute.
            assert high - low <= Fraction(8, 2**precision) * (1 if a < 5 else value * 2 ** (precision // 8))


def test_phi_widens_its_bounds_until_they_round_to_one_number(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {x: reference.phi(x) for x in (-30.5, -2.0, -0.1, 0.7, 4.0, 8.0)}
    monkeypatch.setattr(normal_cdf, "_FIRST_PRECISION", 4)
    for x, value in expected.items():
        assert normal_cdf.phi.__wrapped__(x) == value


def test_phi_of_an_infinite_cut_is_0_or_1_and_of_nan_an_error() -> None:
    assert (reference.phi(-math.inf), reference.phi(math.inf)) == (0.0, 1.0)
    with pytest.raises(ValueError, match="NaN"):
        reference.phi(math.nan)
