"""Sentinels: what new memory is filled with, a function of the allocation and of the index in it.

Floating-point memory gets NaNs with a payload, which no initialization writes and which arithmetic carries on; a build
that is repeated gets large finite values instead. All other memory gets pseudo-random bits; a repeated build gets their
complement, so that a value that was written can equal one of the two sentinels but never both.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Round = Literal[0, 1]
"""0 for the first build, 1 for a repeated one."""

PERIOD = 65521
"""After how many elements sentinels repeat: a prime, so that rows of a matrix do not line up with it."""


@dataclass(frozen=True)
class Format:
    """How the elements of an allocation are filled.

    Attributes:
        name: The name of the format.
        unsigned: NumPy's unsigned integer of the size of an element, or of one half of a complex number.
        nan: The bits of a NaN sentinel without its payload; 0 if the format has no NaN with a payload.
        payload: The bits of the payload.
        finite: The bits that the finite sentinel of a repeated build has set.
    """

    name: str
    unsigned: str
    nan: int = 0
    payload: int = 0
    finite: int = 0

    @property
    def size(self) -> int:
        """The number of bytes of an element."""
        return np.dtype(self.unsigned).itemsize

    @property
    def is_certain(self) -> bool:
        """Whether one build is enough to tell a sentinel from a value: a written value has it by chance in 2^-31."""
        return self.nan != 0 or self.size >= 4


# Quiet NaNs. The finite values are near 2^60 in binary32, so that their squares are finite too.
FLOAT64 = Format("float64", "<u8", 0x7FF8_0000_0000_0000, 0x0007_FFFF_FFFF_FFFF, 0x43B0_0000_0000_0000)
FLOAT32 = Format("float32", "<u4", 0x7FC0_0000, 0x003F_FFFF, 0x5D80_0000)
FLOAT16 = Format("float16", "<u2", 0x7E00, 0x01FF, 0x7400)
BFLOAT16 = Format("bfloat16", "<u2", 0x7FC0, 0x003F, 0x5D80)
BOOL = Format("bool", "u1")
BITS = {size: Format(f"bits{8 * size}", f"<u{size}") for size in (1, 2, 4, 8)}


def sentinels(form: Format, serial: int, round: Round, count: int) -> NDArray[Any]:
    """Makes the sentinels of the first elements of an allocation.

    Args:
        form: How the elements are filled.
        serial: The number of the allocation.
        round: 0 for the first build, 1 for a repeated one.
        count: How many elements, at most `PERIOD`; after them the sentinels repeat.

    Returns:
        `count` unsigned integers of the size of an element.
    """
    words = _words()[:count] ^ np.uint32(_mixed(serial))
    unsigned = np.dtype(form.unsigned)
    if form.name == "bool":
        return ((words & np.uint32(1)) ^ np.uint32(round)).astype(unsigned)
    wide = words.astype(np.uint64)
    if form.size == 8:
        wide |= (wide * np.uint64(0x9E37_79B9)) << np.uint64(32)
    if form.nan:
        bits = np.uint64(form.finite if round else form.nan) | (wide & np.uint64(form.payload)) | np.uint64(1)
        return bits.astype(unsigned)
    if form.size >= 4:
        wide &= np.uint64(2 ** (8 * form.size - 1) - 1)  # positive: an index made of it fails, and does not wrap
    if round:
        wide ^= np.uint64(2 ** (8 * form.size - (form.size >= 4)) - 1)
    return (wide & np.uint64(2 ** (8 * form.size) - 1)).astype(unsigned)


def is_nan(bits: NDArray[Any], form: Format) -> NDArray[np.bool_]:
    """Tells which elements are NaNs of any kind, for a format that has a NaN sentinel."""
    quiet = form.payload + 1
    infinity = form.nan ^ quiet
    magnitude = bits & np.array(infinity | quiet | form.payload, bits.dtype)
    return np.asarray(magnitude > np.array(infinity, bits.dtype))


def has_payload(bits: NDArray[Any], form: Format) -> NDArray[np.bool_]:
    """Tells which elements are NaNs with the odd payload of a sentinel; the NaNs of arithmetic have the payload 0."""
    return np.asarray(is_nan(bits, form) & (bits & np.array(form.payload, bits.dtype) & np.array(1, bits.dtype)) != 0)


@cache
def _words() -> NDArray[np.uint32]:
    """Makes `PERIOD` pseudo-random words: the finalizer of MurmurHash3 of the index."""
    word = np.arange(1, PERIOD + 1, dtype=np.uint32) * np.uint32(0x9E37_79B9)
    word ^= word >> np.uint32(16)
    word *= np.uint32(0x85EB_CA6B)
    word ^= word >> np.uint32(13)
    word *= np.uint32(0xC2B2_AE35)
    word ^= word >> np.uint32(16)
    return word


def _mixed(serial: int) -> int:
    """Returns 32 pseudo-random bits of the number of an allocation."""
    value = (serial * 0x9E37_79B9 + 0x7F4A_7C15) & 0xFFFF_FFFF
    value = ((value ^ (value >> 15)) * 0x2C1B_3C6D) & 0xFFFF_FFFF
    value = ((value ^ (value >> 12)) * 0x297A_2D39) & 0xFFFF_FFFF
    return value ^ (value >> 15)
