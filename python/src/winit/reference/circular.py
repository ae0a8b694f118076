"""sin and cos (docs/law.md, "Functions").

Binary64, one array operation after the other, in the order that the page gives. The domains are checked elsewhere.
"""

from __future__ import annotations

import numpy as np

from .arrays import Doubles
from .exponentials import ONE, inverse_factorial

_TWO_OVER_PI = np.float64(float.fromhex("0x1.45f306dc9c883p-1"))
_HALF_PI_TEXTS = ("0x1.921fb54400000p+0", "0x1.0b4611a600000p-34", "0x1.3198a2e037073p-69")
_HALF_PI = [np.float64(float.fromhex(text)) for text in _HALF_PI_TEXTS]  # its sum is π ÷ 2


def _alternating(z: Doubles, first: int) -> Doubles:
    """The series of 1/first!, of alternating signs, down to 1/3! or 1/2! with a minus."""
    p = np.full_like(z, inverse_factorial(first))
    sign = -1 if first % 4 in (0, 1) else 1
    for n in range(first - 2, 1, -2):
        p = p * z - inverse_factorial(n) if sign < 0 else p * z + inverse_factorial(n)
        sign = -sign
    return p


def _quadrant(x: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """K mod 4, S and C."""
    k = np.rint(x * _TWO_OVER_PI)
    r = ((x - k * _HALF_PI[0]) - k * _HALF_PI[1]) - k * _HALF_PI[2]
    z = r * r
    sine = r + (r * z) * _alternating(z, 17)
    cosine = ONE + z * _alternating(z, 16)
    return np.mod(k, np.float64(4)), sine, cosine


def sin(x: Doubles) -> Doubles:
    """Computes the sine (docs/law.md, "Functions").

    Args:
        x: Numbers of magnitude 2^20 at most.

    Returns:
        An array of the same shape.
    """
    quadrant, s, c = _quadrant(x)
    result: Doubles = np.select([quadrant == 0, quadrant == 1, quadrant == 2], [s, c, -s], -c)
    return result


def cos(x: Doubles) -> Doubles:
    """Computes the cosine (docs/law.md, "Functions").

    Args:
        x: Numbers of magnitude 2^20 at most.

    Returns:
        An array of the same shape.
    """
    quadrant, s, c = _quadrant(x)
    result: Doubles = np.select([quadrant == 0, quadrant == 1, quadrant == 2], [c, -s, -c], s)
    return result
