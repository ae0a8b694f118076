"""The functions of expressions in float64 tensors (docs/law.md, "Functions").

Divisors are tensors: on CUDA, PyTorch multiplies by the reciprocal of a divisor that is a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

_LOG2_E = float.fromhex("0x1.71547652b82fep+0")
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_SQRT_2 = float.fromhex("0x1.6a09e667f3bcdp+0")
_TWO_OVER_PI = float.fromhex("0x1.45f306dc9c883p-1")
_HALF_PI = [float.fromhex(t) for t in ("0x1.921fb54400000p+0", "0x1.0b4611a600000p-34", "0x1.3198a2e037073p-69")]
_LARGEST_EXPONENT = 64
_LARGEST_ANGLE = 2.0**20


def _inverse_factorial(n: int) -> float:
    return 1.0 / math.factorial(n)  # exact operands for n < 19, so one rounding


def _power_of_two(k: torch.Tensor) -> torch.Tensor:
    return ((k.to(torch.int64) + 1023) << 52).view(torch.float64)


def exp(x: torch.Tensor) -> torch.Tensor:
    """Computes e to the power of x."""
    y = x.clamp(-746.0, 710.0)
    k = torch.round(y * _LOG2_E)  # ties to even
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    p = torch.full_like(r, _inverse_factorial(13))
    for n in range(12, -1, -1):
        p = p * r + _inverse_factorial(n)
    a = torch.floor(k * 0.5)
    return (p * _power_of_two(a)) * _power_of_two(k - a)


def log(x: torch.Tensor) -> torch.Tensor:
    """The natural logarithm of positive numbers."""
    small = x < 2.0**-1022
    bits = torch.where(small, x * 2.0**54, x).view(torch.int64)
    e = (bits >> 52).to(torch.float64) - 1023.0
    e = torch.where(small, e - 54.0, e)
    mantissa = ((bits & ((1 << 52) - 1)) | (1023 << 52)).view(torch.float64)
    large = mantissa >= _SQRT_2
    m = torch.where(large, mantissa * 0.5, mantissa)
    e = torch.where(large, e + 1.0, e)
    f = m - 1.0
    s = f / (f + 2.0)
    z = s * s
    p = torch.full_like(z, 2.0 / 25.0)
    for n in range(23, 2, -2):
        p = p * z + 2.0 / n
    series = z * p  # R in docs/law.md
    h = (f * 0.5) * f
    return e * _LN2_HIGH - ((h - (s * (h + series) + e * _LN2_LOW)) - f)


def log1p(x: torch.Tensor) -> torch.Tensor:
    """log(1 + x) for x above -1."""
    u = x + 1.0
    v = u - 1.0
    none = v == 0
    divisor = torch.where(none, 1.0, v)
    return torch.where(none, x, log(torch.where(none, 1.0, u)) * (x / divisor))


def expm1(x: torch.Tensor) -> torch.Tensor:
    """exp(x) - 1."""
    u = exp(x)
    v = u - 1.0
    plain = (v == 0) | (v == -1)
    divisor = log(torch.where(plain, 2.0, u))
    return torch.where(v == 0, x, torch.where(plain, v, v * (x / divisor)))


def tanh(x: torch.Tensor) -> torch.Tensor:
    """The hyperbolic tangent."""
    a = x.abs().clamp(max=20.0)
    t = expm1(a + a)
    r = t / (t + 2.0)
    return torch.where(x < 0, -r, r)


def sqrt(x: torch.Tensor) -> torch.Tensor:
    """The square root of numbers from 0 on, rounded to nearest.

    PyTorch's own is off by one unit in the last place for some numbers on the CPU (MKL's vdSqrt). Here it is the start:
    with x = m × 4^k and s near the root of m, the rest m − s² is exact by Dekker's product (T. Dekker, A floating-point
    technique for extending the available precision, 1971), and shows whether a neighbor of s is nearer.
    """
    small = x < 2.0**-1000
    scaled = torch.where(small, x * 2.0**200, x)
    k = ((scaled.view(torch.int64) >> 52) - 1023) >> 1
    m = scaled * _power_of_two(k * -2)
    s = torch.sqrt(m)
    c = s * 134217729.0  # 2^27 + 1
    high = c - (c - s)
    low = s - high
    product = s * s
    error = ((high * high - product) + (high * low) * 2.0) + low * low
    rest = (m - product) - error
    step = s * 2.0**-52
    s = torch.where(rest > step, s + 2.0**-52, torch.where(rest <= -step, s - 2.0**-52, s))
    root = s * _power_of_two(k)
    return torch.where(x > 0, torch.where(small, root * 2.0**-100, root), x)


def _alternating(z: torch.Tensor, first: int) -> torch.Tensor:
    """The series of 1/first!, of alternating signs, down to 1/3! or 1/2! with a minus."""
    p = torch.full_like(z, _inverse_factorial(first))
    sign = -1 if first % 4 in (0, 1) else 1
    for n in range(first - 2, 1, -2):
        p = p * z - _inverse_factorial(n) if sign < 0 else p * z + _inverse_factorial(n)
        sign = -sign
    return p


def _quadrant(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """K mod 4 (an int64 tensor), S and C."""
    k = torch.round(x * _TWO_OVER_PI)
    r = ((x - k * _HALF_PI[0]) - k * _HALF_PI[1]) - k * _HALF_PI[2]
    z = r * r
    sine = r + (r * z) * _alternating(z, 17)
    cosine = z * _alternating(z, 16) + 1.0
    return k.to(torch.int64) & 3, sine, cosine


def sin(x: torch.Tensor) -> torch.Tensor:
    """The sine of numbers of magnitude 2^20 at most."""
    quadrant, s, c = _quadrant(x)
    value = torch.where(quadrant % 2 == 0, s, c)
    return torch.where(quadrant < 2, value, -value)


def cos(x: torch.Tensor) -> torch.Tensor:
    """The cosine of numbers of magnitude 2^20 at most."""
    quadrant, s, c = _quadrant(x)
    value = torch.where(quadrant % 2 == 0, c, s)
    return torch.where((quadrant == 0) | (quadrant == 3), value, -value)


def _is_repeated(y: torch.Tensor) -> torch.Tensor:
    """Tells which exponents are powers by repeated multiplication."""
    return (torch.floor(y) == y) & (y.abs() <= _LARGEST_EXPONENT)


def power(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """X to the power of y: x is positive, or y an integer of magnitude 64 at most."""
    repeated = _is_repeated(y)
    product = x
    size = y.abs()
    for n in range(2, _LARGEST_EXPONENT + 1):
        product = torch.where(size >= n, product * x, product)
    one = torch.ones_like(x)
    product = torch.where(y < 0, one / product, product)
    whole = torch.where(y == 0, one, product)
    return torch.where(repeated, whole, exp(y * log(torch.where(repeated, one, x))))


def _everywhere(x: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
    return torch.ones_like(x, dtype=torch.bool)


@dataclass(frozen=True)
class Operation:
    """An operation on float64 tensors of one shape, and where its operands are within the domain."""

    arity: int
    compute: Callable[..., Any]
    accepts: Callable[..., Any] = _everywhere


OPERATIONS = {
    "+": Operation(2, lambda a, b: a + b),
    "-": Operation(2, lambda a, b: a - b),
    "*": Operation(2, lambda a, b: a * b),
    "/": Operation(2, lambda a, b: a / b, lambda _, b: b != 0),
    "min": Operation(2, lambda a, b: torch.where(a < b, a, b)),
    "max": Operation(2, lambda a, b: torch.where(a > b, a, b)),
    "pow": Operation(2, power, lambda x, y: (x > 0) | (_is_repeated(y) & ((x != 0) | (y >= 0)))),
    "neg": Operation(1, lambda a: -a),
    "abs": Operation(1, torch.abs),
    "floor": Operation(1, torch.floor),
    "sqrt": Operation(1, sqrt, lambda x: x >= 0),
    "exp": Operation(1, exp),
    "log": Operation(1, log, lambda x: x > 0),
    "log1p": Operation(1, log1p, lambda x: x > -1),
    "expm1": Operation(1, expm1),
    "sin": Operation(1, sin, lambda x: x.abs() <= _LARGEST_ANGLE),
    "cos": Operation(1, cos, lambda x: x.abs() <= _LARGEST_ANGLE),
    "tanh": Operation(1, tanh),
}
"""The operations, by the names that they have in a manifest."""
