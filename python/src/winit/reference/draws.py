"""The unit draws U, Q and T of arrays of words (docs/law.md, "Unit draws")."""

from __future__ import annotations

import numpy as np

from . import unit_draws
from .arrays import Floats, Words
from .lanes import Lanes, by_tiles


def core(p: Floats, x: Floats) -> Floats:
    """Computes C(p, x), the absolute value of the normal quantile (docs/law.md, "The core: C(p, x)").

    Args:
        p: Tail probabilities, at most 0.5.
        x: 1 - 2p, of the same shape.

    Returns:
        A float32 array of the same shape, in standard deviations.
    """
    return by_tiles(unit_draws.core, np.asarray(p, np.float32), np.asarray(x, np.float32))


def uniform_draw(w: Words) -> Floats:
    """Computes U(w), the uniform draw (docs/law.md, "Uniform: U(w)").

    Args:
        w: Words.

    Returns:
        A float32 array of the same shape: odd multiples of 2^-24 between -1 and 1, never 0 and never ±1.

    Example:
        >>> from winit import reference
        >>> reference.uniform_draw(reference.words(42, 0, 0, 2)).tolist()
        [-0.774080216884613, 0.937173068523407]
    """
    return by_tiles(unit_draws.uniform, np.asarray(w, np.uint32))


def normal_draw(w: Words) -> Floats:
    """Computes Q(w), the standard normal quantile at (w + 1/2) / 2^32 (docs/law.md, "Standard normal: Q(w)").

    Args:
        w: Words.

    Returns:
        A float32 array of the same shape, of magnitude below 6.338.
    """
    return by_tiles(unit_draws.normal, np.asarray(w, np.uint32))


def truncated_draw(w: Words, alpha: float, beta: float, low: float, high: float) -> Floats:
    """Computes T(w), the quantile of the normal distribution cut to [low, high].

    It implements docs/law.md, "Truncated normal: T(w)".

    Args:
        w: Words.
        alpha: Φ(low), correctly rounded to binary64.
        beta: Φ(high), correctly rounded to binary64.
        low: The lower cut, in standard deviations.
        high: The upper cut, in standard deviations.

    Returns:
        A float32 array of the same shape, within the cuts rounded to binary32.
    """

    def draw(lanes: Lanes) -> Lanes:
        return unit_draws.truncated(lanes, alpha, beta, low, high)

    return by_tiles(draw, np.asarray(w, np.uint32))
