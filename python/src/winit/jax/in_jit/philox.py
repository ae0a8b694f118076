"""Words: Philox4x32-10 on 32-bit integers (docs/law.md, "Words"), for any box of a tensor.

JAX has no 64-bit integers unless `jax_enable_x64` is set, so products and indices are pairs of 32-bit numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_MULTIPLIERS = 0xD2511F53, 0xCD9E8D57
_WEYL = 0x9E3779B9, 0xBB67AE85
_MASK = 0xFFFFFFFF


@dataclass(frozen=True)
class Region:
    """A box of elements, each with a word of its own.

    Attributes:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        size: The lengths of the box.
        strides: How far apart the words of neighbors on each axis are.
        first: The index of the word of the first element.
    """

    seed: int
    stream: int
    size: tuple[int, ...]
    strides: tuple[int, ...]
    first: int

    @staticmethod
    def of_box(seed: int, stream: int, shape: Sequence[int], offset: Sequence[int], size: Sequence[int]) -> Region:
        """Makes the region of a box of a tensor whose words are in row-major order.

        Args:
            seed: The seed.
            stream: The stream.
            shape: The shape in which the words are counted.
            offset: Where the box begins.
            size: The lengths of the box.
        """
        strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
        first = sum(start * stride for start, stride in zip(offset, strides, strict=True))
        return Region(seed, stream, tuple(size), strides, first)


def words(region: Region) -> tuple[Any, Any]:
    """Computes the word of each element, and a number that is 0 without the compiler knowing it.

    Args:
        region: The elements.

    Returns:
        Two uint32 arrays of the shape of the region: the words, and zeros that depend on the words (`hidden_zero`).
    """
    low, high = _indices(region)
    block = (low >> 2) | (high << 30), high >> 2
    lanes = _philox(region.seed, region.stream, *block)
    lane = low & 3
    word = jnp.where(lane < 2, jnp.where(lane == 0, lanes[0], lanes[1]), jnp.where(lane == 2, lanes[2], lanes[3]))
    return word, hidden_zero(lanes[0], lanes[1])


def hidden_zero(a: Any, b: Any) -> Any:
    """Computes 0 from two numbers in a way that no compiler simplifies.

    7a² - 1 and b² differ modulo 2^32, because they differ modulo 8: squares are 0, 1 or 4 there, and 7a² - 1 is 7, 6
    or 3. A constant 0 would be folded away; an argument of the compiled function would have to be passed by the user.

    Args:
        a: uint32 numbers that are known at run time only.
        b: Other ones, of the same shape.

    Returns:
        uint32 zeros of their shape.
    """
    return (a * a * np.uint32(7) - np.uint32(1) == b * b).astype(jnp.uint32)


def multiply(constant: int, x: Any) -> tuple[Any, Any]:
    """Multiplies 32-bit numbers without rounding.

    Args:
        constant: A number, 0 ..< 2^32.
        x: uint32 numbers.

    Returns:
        The lower and the upper 32 bits of the 64-bit products, as uint32.
    """
    return x * np.uint32(constant), _upper_half(np.uint32(constant & 0xFFFF), np.uint32(constant >> 16), x)


def _upper_half(low: Any, high: Any, x: Any) -> Any:
    x_low, x_high = x & 0xFFFF, x >> 16
    crossed = x_high * low
    middle = ((x_low * low) >> 16) + (crossed & 0xFFFF) + x_low * high  # at most 2^32 - 1
    return x_high * high + (crossed >> 16) + (middle >> 16)


def _indices(region: Region) -> tuple[Any, Any]:
    """Returns the lower and the upper 32 bits of the index of each element's word."""
    low, high = jnp.uint32(region.first & _MASK), jnp.uint32(region.first >> 32)
    low, high = jnp.broadcast_to(low, region.size), jnp.broadcast_to(high, region.size)
    for axis, (length, stride) in enumerate(zip(region.size, region.strides, strict=True)):
        if length == 1:
            continue
        index = jax.lax.broadcasted_iota(jnp.uint32, region.size, axis)
        step, carried = multiply(stride & _MASK, index)
        low = low + step
        high = high + carried + index * np.uint32(stride >> 32) + (low < step).astype(jnp.uint32)
    return low, high


def _philox(seed: int, stream: int, low: Any, high: Any) -> tuple[Any, Any, Any, Any]:
    """Computes the four lanes of the blocks whose indices are given in halves."""
    k0, k1 = seed & _MASK, seed >> 32
    c0, c1 = low, high
    c2, c3 = (jnp.full_like(low, np.uint32(half)) for half in (stream & _MASK, stream >> 32))
    for _ in range(10):
        low0, high0 = multiply(_MULTIPLIERS[0], c0)
        low1, high1 = multiply(_MULTIPLIERS[1], c2)
        c0, c1, c2, c3 = high1 ^ c1 ^ np.uint32(k0), low1, high0 ^ c3 ^ np.uint32(k1), low0
        k0, k1 = (k0 + _WEYL[0]) & _MASK, (k1 + _WEYL[1]) & _MASK
    return c0, c1, c2, c3
