"""The facts of the elements of one tensor, in binary64."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .document import Histogram

BINS = 48
"""The number of intervals of a histogram."""

_TILE = 1 << 20  # elements that are widened to binary64 at a time


@dataclass(frozen=True)
class Statistics:
    """The facts of the elements of a tensor. The moments are those of the finite elements.

    Attributes:
        count: The number of elements.
        mean: The mean, or None without a finite element.
        std: The standard deviation with the divisor n, or None without a finite element.
        min: The least finite element, or None.
        max: The greatest finite element, or None.
        skewness: m₃/m₂^1.5, or None where all finite elements are equal.
        kurtosis: m₄/m₂², or None where all finite elements are equal.
        zeros: The number of elements that are 0 or −0.
        nan: The number of NaN.
        infinite: The number of infinities.
        histogram: The histogram over [min, max], or None without a finite element.
    """

    count: int
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    max: float | None = None
    skewness: float | None = None
    kurtosis: float | None = None
    zeros: int = 0
    nan: int = 0
    infinite: int = 0
    histogram: Histogram | None = None

    @property
    def is_constant(self) -> bool:
        """Whether all elements are one finite value."""
        return self.min is not None and self.min == self.max and self.nan + self.infinite == 0

    @property
    def mean_square(self) -> float:
        """The mean of the squares."""
        return (self.std or 0.0) ** 2 + (self.mean or 0.0) ** 2


def statistics(values: NDArray[Any]) -> Statistics:
    """Returns the facts of the elements of an array of real numbers.

    Two passes: the mean, then the moments about it. Elements are scaled by a power of two, so that no square or fourth
    power overflows or vanishes.

    Example:
        >>> facts = statistics(np.array([1.0, 2.0, 3.0, 4.0]))
        >>> facts.mean, facts.std, facts.kurtosis
        (2.5, 1.118033988749895, 1.64)
    """
    flat = values.reshape(-1)
    nan = infinite = zeros = finite = 0
    low, high = math.inf, -math.inf
    for tile in _tiles(flat):
        nan += int(np.isnan(tile).sum())
        infinite += int(np.isinf(tile).sum())
        zeros += int((tile == 0).sum())
        tile = tile[np.isfinite(tile)]
        finite += tile.size
        if tile.size:
            low, high = min(low, float(tile.min())), max(high, float(tile.max()))
    if not finite:
        return Statistics(flat.size, zeros=zeros, nan=nan, infinite=infinite)
    low, high = low + 0.0, high + 0.0  # no −0
    if low == high:
        histogram = Histogram(low, high, (finite,))
        return Statistics(flat.size, low, 0.0, low, high, None, None, zeros, nan, infinite, histogram)
    scale = math.frexp(max(abs(low), abs(high)))[1]
    mean = math.fsum(float(np.ldexp(tile, -scale).sum()) for tile in _finite(flat)) / finite
    sums = np.zeros(3)
    spread = math.frexp(max(math.ldexp(high, -scale) - mean, mean - math.ldexp(low, -scale)))[1]
    counts = np.zeros(BINS, dtype=np.int64)
    for tile in _finite(flat):
        deviations = np.ldexp(np.ldexp(tile, -scale) - mean, -spread)
        squares = deviations * deviations
        sums += (squares.sum(), (squares * deviations).sum(), (squares * squares).sum())
        counts += np.histogram(np.ldexp(tile, -scale), BINS, (math.ldexp(low, -scale), math.ldexp(high, -scale)))[0]
    second, third, fourth = (float(each) / finite for each in sums)
    return Statistics(
        count=flat.size,
        mean=_ldexp(mean, scale),
        std=_ldexp(math.sqrt(second), scale + spread),
        min=low,
        max=high,
        skewness=third / second**1.5,
        kurtosis=fourth / second**2,
        zeros=zeros,
        nan=nan,
        infinite=infinite,
        histogram=Histogram(low, high, tuple(int(count) for count in counts)),
    )


def _tiles(flat: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    for start in range(0, flat.size, _TILE):
        yield flat[start : start + _TILE].astype(np.float64)


def _finite(flat: NDArray[Any]) -> Iterator[NDArray[np.float64]]:
    for tile in _tiles(flat):
        yield tile[np.isfinite(tile)]


def _ldexp(value: float, exponent: int) -> float:
    try:
        return math.ldexp(value, exponent)
    except OverflowError:
        return math.copysign(math.inf, value)
