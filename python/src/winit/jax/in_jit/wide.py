"""Integers of several 32-bit limbs, least significant first: for the law's binary64 steps where JAX has no binary64."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from .philox import multiply

Limbs: TypeAlias = Sequence[Any]
"""Limbs, uint32 arrays of one shape or NumPy's uint32 numbers."""

_MASK = 0xFFFFFFFF


def limbs(value: int, count: int) -> list[Any]:
    """Splits a number into limbs.

    Args:
        value: A number, 0 ..< 2^(32 × count).
        count: The number of limbs.
    """
    return [np.uint32((value >> (32 * limb)) & _MASK) for limb in range(count)]


def add(a: Limbs, b: Limbs, carry: Any = 0) -> list[Any]:
    """Adds, modulo 2^(32 × count). `carry` is 0 or 1."""
    total, carried = list[Any](), jnp.uint32(carry)
    for x, y in zip(a, b, strict=True):
        partial = x + y
        digit = partial + carried
        carried = ((partial < y) | (digit < carried)).astype(jnp.uint32)
        total.append(digit)
    return total


def subtract(a: Limbs, b: Limbs) -> list[Any]:
    """Subtracts b, which is not above a."""
    return add(a, [~limb for limb in b], 1)


def select(condition: Any, a: Limbs, b: Limbs) -> list[Any]:
    """Returns a where the condition holds, else b."""
    return [jnp.where(condition, x, y) for x, y in zip(a, b, strict=True)]


def product(constant: int, x: Any, count: int) -> list[Any]:
    """Multiplies 32-bit numbers by a constant.

    Args:
        constant: A number of 0 or more.
        x: uint32 numbers.
        count: The number of limbs, which hold the product.
    """
    zero = jnp.zeros_like(x)
    total: list[Any] = [zero] * count
    for place in range((constant.bit_length() + 31) // 32):
        low, high = multiply((constant >> (32 * place)) & _MASK, x)
        shifted = [zero] * place + [low, high] + [zero] * count
        total = add(total, shifted[:count])
    return total


def bit_length(x: Limbs) -> Any:
    """Returns the number of bits up to the highest one that is set, as int32."""
    length: Any = np.int32(0)
    for place, limb in enumerate(x):
        own = 32 * (place + 1) - jax.lax.clz(limb).astype(jnp.int32)
        length = jnp.where(limb != 0, own, length)
    return length


def rounded(x: Limbs, digits: int) -> list[Any]:
    """Rounds to a number of significant bits, to nearest, ties to even. The highest bit of `x` must be free."""
    dropped = jnp.maximum(bit_length(x) - digits, 0)
    below = [_ones(dropped - 32 * place) for place in range(len(x))]
    half = [_ones(dropped - 1 - 32 * place) for place in range(len(x))]
    odd: Any = False
    for place, limb in enumerate(x):
        lowest = below[place] ^ _ones(dropped + 1 - 32 * place)
        odd = odd | ((limb & lowest) != 0)
    carry = (odd & (dropped > 0)).astype(jnp.uint32)
    return [limb & ~mask for limb, mask in zip(add(x, half, carry), below, strict=True)]


def to_binary32(x: Limbs, exponent: int) -> Any:
    """Converts to binary32, to nearest, ties to even.

    Args:
        x: Numbers, in units of 2^exponent. The results are 0 or not subnormal.
        exponent: The exponent of the unit.

    Returns:
        The bits of the results, uint32.
    """
    exact = rounded(x, 24)
    length = bit_length(exact)
    digits: Any = np.uint32(0)
    for place, limb in enumerate(exact):
        right = length - 24 - 32 * place
        moved = jnp.where(
            right >= 0,
            jnp.where(right < 32, limb >> _amount(right), np.uint32(0)),
            jnp.where(right > -32, limb << _amount(-right), np.uint32(0)),
        )
        digits = digits | moved
    field = (length + (exponent - 1 + 127)).astype(jnp.uint32)
    return jnp.where(length == 0, np.uint32(0), (field << 23) | (digits & np.uint32(0x007FFFFF)))


def _ones(count: Any) -> Any:
    """Returns the number whose lowest `count` bits are set: none below 1, all above 31."""
    some = (np.uint32(1) << _amount(count)) - np.uint32(1)
    return jnp.where(count <= 0, np.uint32(0), jnp.where(count >= 32, np.uint32(_MASK), some))


def _amount(count: Any) -> Any:
    return jnp.clip(count, 0, 31).astype(jnp.uint32)
