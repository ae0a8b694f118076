"""The moments of a law: what the values of any build must show."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from ... import reference
from ...reference.trees import tree_values
from .draws import DrawLaw

_POINTS = 1 << 14
"""Quantiles of a draw over which the moments of a law are averaged."""


class Moments(NamedTuple):
    """Moments and bounds of the values of a law.

    Attributes:
        mean: The mean.
        std: The standard deviation.
        kurtosis: The fourth central moment over the squared variance; 3 for a normal law.
        low: The lower bound; −∞ if there is none.
        high: The upper bound.
    """

    mean: float
    std: float
    kurtosis: float
    low: float = -math.inf
    high: float = math.inf

    @property
    def bounded(self) -> bool:
        """Tells whether both bounds are finite."""
        return math.isfinite(self.low) and math.isfinite(self.high)


def moments(law: Mapping[str, Any]) -> Moments:
    """Computes the moments of an elementwise law without coordinates.

    Args:
        law: A law `uniform`, `normal`, `truncated_normal` or `expression`, as docs/manifest.md has it.

    Returns:
        The moments; those of an expression, and the kurtosis of a truncated law, over 16384 quantiles of the draw.

    Example:
        >>> from winit import reference
        >>> round(moments(reference.uniform(-1.0, 1.0)).std, 4)
        0.5774
    """
    if law["law"] == "normal":
        return Moments(law["mean"], abs(law["std"]), 3.0)
    if law["law"] == "uniform":
        return Moments(law["mid"], law["half"] / math.sqrt(3), 1.8, law["low"], law["high"])
    words = ((np.arange(_POINTS, dtype=np.uint64) * 2 + 1) << np.uint64(31 - _POINTS.bit_length() + 1)).astype(
        np.uint32
    )
    if law["law"] == "truncated_normal":
        values = reference.law_values(law, words).astype(np.float64)  # type: ignore[arg-type]
        ends = sorted(law["mean"] + law["std"] * law[end] for end in ("low", "high"))
        exact = DrawLaw("truncated_normal", law["std"], law["mean"], law["low"], law["high"])
        return Moments(exact.mean, exact.std, _of(values).kurtosis, ends[0], ends[1])

    def draws() -> np.ndarray[Any, Any]:
        return reference.law_values(law["draw"], words).astype(np.float64)

    return _of(tree_values(law["tree"], (0,), (_POINTS,), draws))


def _of(values: np.ndarray[Any, Any]) -> Moments:
    mean, std = float(values.mean()), float(values.std())
    kurtosis = float(((values - mean) ** 4).mean()) / std**4 if std else 3.0
    return Moments(mean, std, kurtosis)
