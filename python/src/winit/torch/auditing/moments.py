"""Mean, standard deviation and range of a law, and of the elements of a tensor."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import elements

SAMPLE = 1 << 20
"""How many elements of a tensor are looked at: their standard error is below the tolerance by far."""


@dataclass(frozen=True)
class Moments:
    """The moments of a law.

    Attributes:
        mean: The mean.
        std: The standard deviation.
        low: The least value; -inf if there is none.
        high: The greatest value; inf if there is none.
    """

    mean: float
    std: float
    low: float = -math.inf
    high: float = math.inf


def moments(law: Mapping[str, Any]) -> Moments | None:
    """Returns the moments of a law of docs/manifest.md.

    Returns:
        The moments of `constant`, `normal`, `uniform` and `truncated_normal`; None for another law, whose moments are
        not a function of its parameters alone.
    """
    name = law["law"]
    if name == "constant":
        return Moments(float(law["value"]), 0.0, float(law["value"]), float(law["value"]))
    if name == "normal":
        return Moments(float(law["mean"]), float(law["std"]))
    if name == "uniform":
        low, high = float(law["low"]), float(law["high"])
        return Moments((low + high) / 2, (high - low) / math.sqrt(12), low, high)
    if name == "truncated_normal":
        return _truncated(*(float(law[key]) for key in ("mean", "std", "low", "high")))
    return None


def sample_moments(tensor: Any) -> Moments | None:
    """Returns the moments of the elements of a tensor: of all, or of 16 evenly spaced blocks of a large one.

    Returns:
        The moments; None if its dtype is not floating-point of 2, 4 or 8 bytes.
    """
    if tensor.numel() > SAMPLE and tensor.is_contiguous():
        flat, block = tensor.view(-1), SAMPLE // 16
        starts = np.linspace(0, len(flat) - block, 16).astype(int).tolist()
        pieces = [elements.values(flat[start : start + block]) for start in starts]
    else:
        pieces = [elements.values(tensor)]
    if pieces[0] is None:
        return None
    array = np.concatenate([piece.reshape(-1) for piece in pieces if piece is not None])
    return Moments(float(array.mean()), float(array.std()), float(array.min()), float(array.max()))


def _truncated(mean: float, std: float, low: float, high: float) -> Moments:
    """The moments of a normal law cut at low and high (Johnson, Kotz, Balakrishnan 1994, 13.10.1)."""
    if not std:
        return Moments(mean, 0.0, low, high)
    a, b = (low - mean) / std, (high - mean) / std
    mass = (math.erf(b / math.sqrt(2)) - math.erf(a / math.sqrt(2))) / 2
    if mass <= 1e-12:
        return Moments((low + high) / 2, (high - low) / math.sqrt(12), low, high)
    at_a, at_b = (math.exp(-x * x / 2) / math.sqrt(2 * math.pi) for x in (a, b))
    shift = (at_a - at_b) / mass
    variance = 1 + (a * at_a - b * at_b) / mass - shift * shift
    return Moments(mean + std * shift, std * math.sqrt(max(variance, 0.0)), low, high)
