"""Numbers of a spec: texts that the command resolves to exactly the numbers of a law."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import lru_cache

import numpy as np

from .. import reference
from ..errors import BadInput


class Number(str):
    """A number as a spec has it, in the form that JSON gives it."""

    __slots__ = ()


def binary64(value: int | float) -> Number:
    """Returns the shortest text of a binary64 number."""
    return Number(reference.number_text(value))


def binary32(value: int | float) -> Number:
    """Returns a short text that a binary64 reader, and then one rounding, turn into a binary32 number.

    Example:
        >>> binary32(0.019999999552965164)
        '0.02'
    """
    short = float(str(np.float32(value)))
    return binary64(short if float(np.float32(short)) == value else value)


@lru_cache(maxsize=1024)
def uniform_bounds(half: float, mid: float, low: float, high: float) -> tuple[Number, Number]:
    """Finds the bounds from which a law `uniform` follows (docs/law.md, "Laws and their parameters").

    Half and mid are computed from the bounds before these are rounded, so the bounds are looked for among all binary64
    numbers that round to `low` and `high`: first among short ones, then in the region that all four roundings leave.

    Args:
        half: The half length of the range, as the law has it.
        mid: Its middle.
        low: The lower bound.
        high: The upper bound.

    Returns:
        The texts of the bounds.

    Raises:
        BadInput: If no bounds give these numbers.
    """
    wanted = {"law": "uniform", "half": half, "mid": mid, "low": low, "high": high}
    for bounds in _bounds(half, mid, low, high):
        try:
            if bounds[0] < bounds[1] and reference.uniform(*bounds) == wanted:
                return binary64(bounds[0]), binary64(bounds[1])
        except reference.LawError:
            continue
    raise BadInput(f"no bounds give the law uniform with half {half!r}, mid {mid!r}, low {low!r} and high {high!r}")


def _bounds(half: float, mid: float, low: float, high: float) -> Iterator[tuple[float, float]]:
    lows, highs = [float(binary32(low)), low], [float(binary32(high)), high]
    yield from ((a, b) for a in lows for b in highs)
    # In the plane of (low, high), each of the four numbers leaves a strip; a point inside all of them is wanted.
    region = [(a, b) for a in _rounding_interval(low) for b in _rounding_interval(high)]
    region = [region[0], region[1], region[3], region[2]]
    for value, weights in ((half, (Fraction(-1, 2), Fraction(1, 2))), (mid, (Fraction(1, 2), Fraction(1, 2)))):
        least, most = _rounding_interval(value)
        region = _clipped(region, weights, least)
        region = _clipped(region, (-weights[0], -weights[1]), -most)
    if region:
        center = [sum((point[k] for point in region), Fraction(0)) / len(region) for k in (0, 1)]
        yield _shortest_near(center, region)
        yield float(center[0]), float(center[1])
        yield from ((float(a), float(b)) for a, b in region)


def _shortest_near(center: list[Fraction], region: list[tuple[Fraction, Fraction]]) -> tuple[float, float]:
    """Returns numbers with few digits near the center of a region."""
    made = list[float]()
    for axis in (0, 1):
        reach = (max(point[axis] for point in region) - min(point[axis] for point in region)) / 8
        value = float(center[axis])
        for digits in range(1, 17):
            short = float(f"{value:.{digits}g}")
            if abs(Fraction(short) - center[axis]) <= reach:
                value = short
                break
        made.append(value)
    return made[0], made[1]


def _rounding_interval(value: float) -> tuple[Fraction, Fraction]:
    """Returns the numbers between which every number rounds to a binary32 number."""
    at = np.float32(value)
    with np.errstate(over="ignore", under="ignore"):
        below, above = float(np.nextafter(at, np.float32(-np.inf))), float(np.nextafter(at, np.float32(np.inf)))
    least = Fraction(value) if math.isinf(below) else (Fraction(value) + Fraction(below)) / 2
    most = Fraction(value) if math.isinf(above) else (Fraction(value) + Fraction(above)) / 2
    return least, most


def _clipped(
    region: list[tuple[Fraction, Fraction]], weights: tuple[Fraction, Fraction], least: Fraction
) -> list[tuple[Fraction, Fraction]]:
    """Returns the part of a convex polygon in which weights · point >= least."""
    made = list[tuple[Fraction, Fraction]]()
    for at, point in enumerate(region):
        following = region[(at + 1) % len(region)]
        here, there = (weights[0] * p[0] + weights[1] * p[1] - least for p in (point, following))
        if here >= 0:
            made.append(point)
        if (here < 0 < there) or (there < 0 < here):
            part = here / (here - there)
            made.append((point[0] + part * (following[0] - point[0]), point[1] + part * (following[1] - point[1])))
    return made


@lru_cache(maxsize=1024)
def cut(rounded: float, probability: float) -> Number:
    """Finds a cut of a truncated normal law: it rounds to a binary32 number, and Φ of it is a binary64 number.

    Args:
        rounded: The cut as the law has it, `low` or `high`.
        probability: `alpha` or `beta`.

    Returns:
        The text of the cut.

    Raises:
        BadInput: If there is none.
    """
    for value in (float(binary32(rounded)), rounded):
        if reference.phi(value) == probability:
            return binary64(value)
    least, most = _rounding_interval(rounded)
    # Φ grows with the cut, so the cuts of one probability are neighbors.
    first = _first(lambda x: reference.phi(x) >= probability, float(least), float(most))
    last = _first(lambda x: reference.phi(x) > probability, first, float(most))
    for value in _short_between(first, last):
        if float(np.float32(value)) == rounded and reference.phi(value) == probability:
            return binary64(value)
    raise BadInput(f"no cut of a truncated normal law is {rounded!r} in binary32 with the probability {probability!r}")


def _first(holds: Callable[[float], bool], low: float, high: float) -> float:
    """Returns the first binary64 number in [low, high] for which a growing condition holds, or `high`."""
    while True:
        middle = low + (high - low) / 2
        if middle in (low, high):
            return low if holds(low) else high
        low, high = (low, middle) if holds(middle) else (middle, high)


def _short_between(first: float, last: float) -> Iterable[float]:
    for digits in range(1, 17):
        yield float(f"{first + (last - first) / 2:.{digits}g}")
    yield from (first, first + (last - first) / 2, last)
