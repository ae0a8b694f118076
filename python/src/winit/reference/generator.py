"""Philox4x32-10, and the word that each element of a tensor owns (docs/law.md, "Words")."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Indices, Words

_MASK32 = np.uint64(0xFFFFFFFF)
_SHIFT32 = np.uint64(32)
_MULTIPLIER_0 = np.uint64(0xD2511F53)
_MULTIPLIER_1 = np.uint64(0xCD9E8D57)
_WEYL_0 = 0x9E3779B9
_WEYL_1 = 0xBB67AE85


def philox(
    counter: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike], key: tuple[int, int]
) -> tuple[Words, Words, Words, Words]:
    """Runs the ten rounds of Philox4x32-10 (docs/law.md, "Words").

    Args:
        counter: Four arrays of 32-bit values, all of one shape.
        key: Two 32-bit integers.

    Returns:
        Four uint32 arrays of the counter's shape.
    """
    c0, c1, c2, c3 = (np.asarray(c, dtype=np.uint64) for c in counter)
    k0, k1 = key
    for _ in range(10):
        product_0 = _MULTIPLIER_0 * c0  # 32 × 32 bits fit in 64
        product_1 = _MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (
            (product_1 >> _SHIFT32) ^ c1 ^ np.uint64(k0),
            product_1 & _MASK32,
            (product_0 >> _SHIFT32) ^ c3 ^ np.uint64(k1),
            product_0 & _MASK32,
        )
        k0 = (k0 + _WEYL_0) & 0xFFFFFFFF
        k1 = (k1 + _WEYL_1) & 0xFFFFFFFF
    return c0.astype(np.uint32), c1.astype(np.uint32), c2.astype(np.uint32), c3.astype(np.uint32)


def blocks(seed: int, stream: int, first: int, count: int) -> Words:
    """Makes consecutive Philox blocks of a stream (docs/law.md, "Words").

    Args:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        first: The index of the first block, 0 ..< 2^64.
        count: The number of blocks.

    Returns:
        A uint32 array of shape (count, 4).

    Raises:
        ValueError: If the seed, the stream or a block index does not fit in 64 bits.
    """
    _check_64_bits(seed, "seed")
    _check_64_bits(stream, "stream")
    if count == 0:
        return np.empty((0, 4), dtype=np.uint32)
    _check_64_bits(first, "block")
    _check_64_bits(first + count - 1, "block")
    index = np.uint64(first) + np.arange(count, dtype=np.uint64)
    counter = (
        index & _MASK32,
        index >> _SHIFT32,
        np.full(count, stream & 0xFFFFFFFF, dtype=np.uint64),
        np.full(count, stream >> 32, dtype=np.uint64),
    )
    return np.stack(philox(counter, (seed & 0xFFFFFFFF, seed >> 32)), axis=1)


def words(seed: int, stream: int, start: int, count: int) -> Words:
    """Makes the words of elements start ..< start + count (docs/law.md, "Words").

    Element i takes lane i mod 4 of block i div 4.

    Args:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        start: The index of the first element, 0 ..< 2^66.
        count: The number of elements.

    Returns:
        A uint32 array of shape (count,).

    Raises:
        ValueError: If the seed, the stream or a block index does not fit in 64 bits.
    """
    if count == 0:
        return np.empty(0, dtype=np.uint32)
    first = start >> 2
    last = (start + count - 1) >> 2
    lanes = blocks(seed, stream, first, last - first + 1).reshape(-1)
    offset = start & 3
    return lanes[offset : offset + count]


def words_at(seed: int, stream: int, indices: Indices) -> Words:
    """Makes the words of any elements (docs/law.md, "Words").

    Args:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        indices: The indices of the elements, in an array of any shape.

    Returns:
        A uint32 array of the same shape.

    Raises:
        ValueError: If the seed or the stream does not fit in 64 bits.
    """
    _check_64_bits(seed, "seed")
    _check_64_bits(stream, "stream")
    index = indices.reshape(-1)
    block, lane = index >> np.uint64(2), index & np.uint64(3)
    counter = (block & _MASK32, block >> _SHIFT32, stream & 0xFFFFFFFF, stream >> 32)
    lanes = np.stack(philox(counter, (seed & 0xFFFFFFFF, seed >> 32)))
    chosen: Words = lanes[lane, np.arange(len(index))].reshape(indices.shape)
    return chosen


def name_stream(name: str) -> int:
    """Derives the stream of a tensor from its name (docs/law.md, "Words").

    Args:
        name: The tensor's name. It is hashed as UTF-8, without Unicode normalization.

    Returns:
        The first eight bytes, little-endian, of the SHA-256 of the name: 0 ..< 2^64.
    """
    return int.from_bytes(hashlib.sha256(name.encode("utf-8")).digest()[:8], "little")


def noise_stream(name: str, step: int = 0) -> int:
    """Derives the stream of noise for a tensor at a step (docs/law.md, "Words").

    Args:
        name: The tensor's name.
        step: The step, 0 or more.

    Returns:
        The name's own stream at step 0; at a later step, the stream of the name, U+0000, and the step in decimal.
    """
    return name_stream(name if step == 0 else f"{name}\0{step}")


def _check_64_bits(value: int, what: str) -> None:
    if not 0 <= value < 1 << 64:
        raise ValueError(f"{what} {value} does not fit in 64 bits")
