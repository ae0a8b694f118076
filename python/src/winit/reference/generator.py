"""Philox4x32-10, and the word that each element of a tensor owns (docs/law.md, "Words")."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import Indices, Words
from .lanes import TILE, Lanes, memory, shared_memory

_MASK32 = np.array(0xFFFFFFFF, np.uint64)  # an array without axes: NumPy takes such an operand faster than a scalar
_SHIFT32 = np.array(32, np.uint64)
_MULTIPLIER_0 = np.array(0xD2511F53, np.uint64)
_MULTIPLIER_1 = np.array(0xCD9E8D57, np.uint64)
_WEYL_0 = 0x9E3779B9
_WEYL_1 = 0xBB67AE85


def _rounds(c0: Any, c1: Any, c2: Any, c3: Any, k0: int, k1: int) -> tuple[Any, Any, Any, Any]:
    """Runs the ten rounds on 32-bit values in uint64: lanes, arrays, or arrays without axes."""
    for _ in range(10):
        product_0 = c0 * _MULTIPLIER_0  # 32 × 32 bits fit in 64
        product_1 = c2 * _MULTIPLIER_1
        high_1, high_0 = product_1 >> _SHIFT32, product_0 >> _SHIFT32
        high_1 ^= c1
        high_1 ^= _word(k0)
        high_0 ^= c3
        high_0 ^= _word(k1)
        c0, c1, c2, c3 = high_1, product_1 & _MASK32, high_0, product_0 & _MASK32
        k0 = (k0 + _WEYL_0) & 0xFFFFFFFF
        k1 = (k1 + _WEYL_1) & 0xFFFFFFFF
    return c0, c1, c2, c3


def _word(value: int) -> NDArray[np.uint64]:
    return np.array(value, np.uint64)


def philox(
    counter: tuple[ArrayLike, ArrayLike, ArrayLike, ArrayLike], key: tuple[int, int]
) -> tuple[Words, Words, Words, Words]:
    """Runs the ten rounds of Philox4x32-10 (docs/law.md, "Words").

    Args:
        counter: Four arrays of 32-bit values, all of one shape.
        key: Two 32-bit integers.

    Returns:
        Four uint32 arrays of the counter's shape.

    Example:
        >>> from winit import reference
        >>> [hex(lane[0]) for lane in reference.philox(([0], [0], [0], [0]), (0, 0))]
        ['0x6627e8d5', '0xe169c58d', '0xbc57ac4c', '0x9b00dbd8']
    """
    c0, c1, c2, c3 = (np.asarray(c, np.uint64) for c in counter)
    c0, c1, c2, c3 = _rounds(c0, c1, c2, c3, *key)
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
    result = np.empty((count, 4), np.uint32)
    if count == 0:
        return result
    _check_64_bits(first, "block")
    _check_64_bits(first + count - 1, "block")
    with shared_memory():
        for start in range(0, count, TILE // 4):
            part = result[start : start + TILE // 4]
            # A sum that passes 2^64 is refused above.
            index = np.uint64(first + start) + np.arange(len(part), dtype=np.uint64)
            _fill_blocks(seed, stream, index, part)
    return result


def _fill_blocks(seed: int, stream: int, indices: Indices, out: Words) -> None:
    """Writes the blocks of these indices to `out`, of shape (count, 4)."""
    index = Lanes(indices, memory(len(indices)), kept=indices)
    first, last = int(indices.min()), int(indices.max())
    # Where all have one upper half, it is one number, and NumPy computes the first rounds for one block only.
    upper = _word(first >> 32) if first >> 32 == last >> 32 else index >> _SHIFT32
    counter = (index & _MASK32, upper, _word(stream & 0xFFFFFFFF), _word(stream >> 32))
    for lane, words in enumerate(_rounds(*counter, seed & 0xFFFFFFFF, seed >> 32)):
        np.copyto(out[:, lane], words.array, casting="unsafe")  # each is below 2^32


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

    Example:
        >>> from winit import reference
        >>> reference.words(0, 0, 1, 2).tolist() == [0xE169C58D, 0xBC57AC4C]
        True
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

    A word costs a block of four here. `words` makes those of neighbors together.

    Args:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        indices: The indices of the elements, in a uint64 array of any shape.

    Returns:
        A uint32 array of the same shape.

    Raises:
        ValueError: If the seed or the stream does not fit in 64 bits.
    """
    flat = indices.reshape(-1)
    extents = [
        words_of_extents(seed, stream, flat[start : start + TILE // 4], 1) for start in range(0, flat.size, TILE // 4)
    ]
    return np.concatenate(extents).reshape(indices.shape) if extents else np.empty(indices.shape, np.uint32)


def words_of_extents(seed: int, stream: int, starts: Indices, length: int) -> Words:
    """Makes the words of extents of elements, all of one length (docs/law.md, "Words").

    Args:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        starts: The index of the first element of each extent, of shape (count,).
        length: The number of elements of an extent, 1 or more.

    Returns:
        A uint32 array of shape (count, length).

    Raises:
        ValueError: If the seed or the stream does not fit in 64 bits.
    """
    _check_64_bits(seed, "seed")
    _check_64_bits(stream, "stream")
    # An extent begins at any of the four lanes, so that it can need one block more than its length does.
    per_extent = (length + 2) // 4 + 1
    first = starts >> np.uint64(2)
    index: Indices = np.add.outer(first, np.arange(per_extent, dtype=np.uint64)).reshape(-1)
    lanes = np.empty((index.size, 4), np.uint32)
    _fill_blocks(seed, stream, index, lanes)
    offsets = (starts & np.uint64(3)).astype(np.intp)
    chosen = offsets[:, np.newaxis] + np.arange(length, dtype=np.intp)
    return np.take_along_axis(lanes.reshape(len(starts), 4 * per_extent), chosen, axis=1)


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
