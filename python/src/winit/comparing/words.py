"""The first word of many streams at once, for the search of a seed (docs/law.md, "Words")."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


def words_of(pairs: Sequence[tuple[int, int]]) -> np.ndarray[Any, np.dtype[np.uint32]]:
    """Makes the word of element 0 for each seed and stream: the first lane of Philox4x32-10 of block 0.

    Args:
        pairs: Seeds and streams.

    Returns:
        A uint32 array, one word for each pair.

    Example:
        >>> hex(words_of([(0, 0)])[0])
        '0x6627e8d5'
    """
    seeds = np.array([seed for seed, _ in pairs], np.uint64)
    streams = np.array([stream for _, stream in pairs], np.uint64)
    c0, c1, c2, c3 = np.zeros_like(seeds), np.zeros_like(seeds), streams & _LOW, streams >> _HALF
    k0, k1 = seeds & _LOW, seeds >> _HALF
    for _ in range(10):
        first, second = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (second >> _HALF) ^ c1 ^ k0, second & _LOW, (first >> _HALF) ^ c3 ^ k1, first & _LOW
        k0, k1 = (k0 + np.uint64(0x9E3779B9)) & _LOW, (k1 + np.uint64(0xBB67AE85)) & _LOW
    return c0.astype(np.uint32)
