"""The parameters of a law as the kernels take them: the bits of numbers, as signed 32-bit integers."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

COUNT = 8
"""Parameters of the kernels. Those that a law does not need are 0."""

_LARGEST_DRAW = np.float32(1 - 2.0**-24)
_SMALLEST_HALF = 2.0**-90


@dataclass(frozen=True)
class Parameters:
    """A law for the kernels.

    Attributes:
        law: Which formula: "symmetric", "uniform", "normal" or "truncated_normal".
        bits: The bits of its numbers. A binary64 number has two, the lower half first.
    """

    law: str
    bits: tuple[int, ...]


def parameters(law: Mapping[str, Any]) -> Parameters:
    """Returns the parameters of a law.

    A uniform law around 0 whose draws never reach its bounds has a formula of its own: half × 2^-31 is exact, and
    neither the sum with 0 nor the bounds change a value.

    Args:
        law: A law uniform, normal or truncated_normal, of a recipe that was checked.

    Example:
        >>> parameters({"law": "normal", "mean": 0.0, "std": 1.0})
        Parameters(law='normal', bits=(1065353216, 0, 0, 0, 0, 0, 0, 0))
    """
    name = str(law["law"])
    if name == "uniform" and _is_symmetric(law):
        return Parameters("symmetric", _padded(binary32_bits(float(law["half"]) * 2.0**-31)))
    if name == "truncated_normal":
        alpha, beta = float(law["alpha"]), float(law["beta"])
        wide = (*_binary64_bits(alpha), *_binary64_bits((beta - alpha) * 2.0**-32))
        return Parameters(name, (*wide, *_bits(law, "low", "high", "std", "mean")))
    names = ("half", "mid", "low", "high") if name == "uniform" else ("std", "mean")
    return Parameters(name, _padded(*_bits(law, *names)))


def halves(value: int) -> tuple[int, int]:
    """Splits the lower 64 bits of an integer into signed 32-bit integers, the lower half first.

    Example:
        >>> halves(2**64 - 1), halves(-2), halves(2**32 + 5)
        ((-1, -1), (-2, -1), (5, 1))
    """
    return _signed(value & 0xFFFFFFFF), _signed(value >> 32 & 0xFFFFFFFF)


def binary32_bits(value: float) -> int:
    """Returns the bits of a binary32 number as a signed integer."""
    return _signed(int.from_bytes(struct.pack("<f", value), "little"))


def _is_symmetric(law: Mapping[str, Any]) -> bool:
    half, bound = np.float32(law["half"]), float(_LARGEST_DRAW * np.float32(law["half"]))
    return law["mid"] == 0 and float(half) >= _SMALLEST_HALF and law["low"] <= -bound and bound <= law["high"]


def _bits(law: Mapping[str, Any], *names: str) -> tuple[int, ...]:
    return tuple(binary32_bits(float(law[name])) for name in names)


def _padded(*bits: int) -> tuple[int, ...]:
    return bits + (0,) * (COUNT - len(bits))


def _binary64_bits(value: float) -> tuple[int, int]:
    return halves(int.from_bytes(struct.pack("<d", value), "little"))


def _signed(bits: int) -> int:
    return bits - (1 << 32) if bits >> 31 else bits
