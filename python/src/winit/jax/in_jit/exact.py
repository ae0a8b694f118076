"""Arithmetic in binary32 that a compiler cannot fuse, reassociate or approximate.

XLA compiles a + b × c to one fused operation where the processor has it, and with fast-math flags it reorders sums and
multiplies by reciprocals. Each result here passes through integers, where it is combined with a number that is 0
without the compiler knowing it (`philox.hidden_zero`). So no operation sees the one before it, and each rounds once.
`lax.reduce_precision` and `lax.optimization_barrier` do not do this: both are gone before the code is compiled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_FRACTION, _LEADING = np.uint32(0x007FFFFF), np.uint32(0x00800000)


def bits(x: Any) -> Any:
    """Returns the bits of binary32 numbers as uint32."""
    return jax.lax.bitcast_convert_type(x, jnp.uint32)


def number(x: Any) -> Any:
    """Returns the binary32 numbers that have these bits, uint32 or int32."""
    return jax.lax.bitcast_convert_type(x, jnp.float32)


@dataclass(frozen=True)
class Exact:
    """Operations that round once each, to nearest, ties to even.

    Neither operands nor results may be subnormal: XLA flushes those to zero on some processors. Zeros are allowed.

    Attributes:
        zero: uint32 zeros that the compiler does not know, of the shape of the operands.
    """

    zero: Any

    def multiply(self, a: Any, b: Any) -> Any:
        """Returns a × b."""
        return self._kept(a * b)

    def add(self, a: Any, b: Any) -> Any:
        """Returns a + b."""
        return self._kept(a + b)

    def subtract(self, a: Any, b: Any) -> Any:
        """Returns a - b."""
        return self._kept(a - b)

    def constant(self, value: float) -> Any:
        """Returns a binary32 number that the compiler does not know, so that adding 0 or multiplying by 1 stays."""
        return number(self.zero ^ np.float32(value).view(np.uint32))

    def divide(self, a: Any, b: Any) -> Any:
        """Returns a ÷ b, rounded to nearest, also where the processor's division is off by some units.

        Args:
            a: Positive binary32 numbers.
            b: Positive binary32 numbers. The quotients are not subnormal.
        """
        a_bits, b_bits = bits(a), bits(b)
        a_digits, b_digits = (a_bits & _FRACTION) | _LEADING, (b_bits & _FRACTION) | _LEADING
        shift = jnp.where(a_digits < b_digits, np.uint32(24), np.uint32(23))
        # The quotient of the digits, 2^23 ..< 2^24, first as the processor gives it.
        scaled = number((a_digits & _FRACTION) | ((shift + np.uint32(150)) << 23))
        divisor = b_digits.astype(jnp.int32)
        quotient = self._kept(scaled / number((b_digits & _FRACTION) | np.uint32(150 << 23))).astype(jnp.int32)
        # The rest is small, so that its lower 32 bits are enough.
        rest = jax.lax.bitcast_convert_type(a_digits << shift, jnp.int32) - quotient * divisor
        for _ in range(4):
            step = jnp.where(rest < 0, np.int32(-1), (rest >= divisor).astype(jnp.int32))
            quotient, rest = quotient + step, rest - step * divisor
        quotient = quotient + (2 * rest > divisor).astype(jnp.int32)  # a quotient of 24-bit numbers is never a tie
        exponent = (a_bits >> 23) - (b_bits >> 23) - shift
        return number(bits(quotient.astype(jnp.float32)) + (exponent << 23))

    def _kept(self, result: Any) -> Any:
        return number(bits(result) ^ self.zero)
