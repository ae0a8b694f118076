"""The laws: the parameters that a recipe records, and the values that they give.

This implements docs/law.md, "Laws and their parameters".
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np
from numpy.typing import NDArray

from . import unit_draws
from .arithmetic import require_exact_arithmetic
from .arrays import Floats, Words
from .errors import LawError
from .forms import ConstantLaw, DrawLaw, ElementwiseLaw, NormalLaw, TruncatedNormalLaw, UniformLaw
from .lanes import Lanes, by_tiles, maximum, minimum
from .normal_cdf import phi

LAW_VERSION = "philox4x32-10/icdf-1"
"""The version of the law that this package implements."""


def binary32(value: float, what: str = "parameter") -> float:
    """Rounds a parameter once to binary32 (docs/law.md, "Laws and their parameters").

    Args:
        value: The parameter in binary64.
        what: The parameter's name, for the error message.

    Returns:
        The rounded number, widened to a Python float; -0 becomes +0.

    Raises:
        LawError: If the rounded number is not finite.
    """
    require_exact_arithmetic()
    with np.errstate(over="ignore", under="ignore"):
        rounded = float(np.float32(value))
    if not math.isfinite(rounded):
        raise LawError(f"{what} {value!r} is not finite in binary32")
    return rounded + 0.0


def constant(value: int | float) -> ConstantLaw:
    """Makes the law of a constant tensor (docs/law.md, "Laws and their parameters").

    Args:
        value: An int stays exact, for integer and boolean tensors; a float is rounded to binary32.

    Returns:
        The law.

    Raises:
        LawError: If a float is not finite in binary32.
    """
    if isinstance(value, int):
        return {"law": "constant", "value": value}
    return {"law": "constant", "value": binary32(value, "value")}


def normal(mean: float = 0.0, std: float = 1.0) -> NormalLaw:
    """Makes a normal law (docs/law.md, "Laws and their parameters").

    Args:
        mean: The mean, in units of the values.
        std: The standard deviation, in units of the values. A negative one mirrors the values around the mean.

    Returns:
        The law, its parameters rounded to binary32.

    Raises:
        LawError: If a parameter is not finite in binary32, or `std` underflows to 0.
    """
    return {"law": "normal", "mean": binary32(mean, "mean"), "std": _scale(std, "std")}


def uniform(low: float, high: float) -> UniformLaw:
    """Makes a uniform law (docs/law.md, "Laws and their parameters").

    `half` and `mid` are computed from the bounds before these are rounded.

    Args:
        low: The lower bound, in units of the values.
        high: The upper bound, in units of the values.

    Returns:
        The law, its parameters rounded to binary32.

    Raises:
        LawError: If a parameter is not finite in binary32, or `low` is not below `high` there.
    """
    law: UniformLaw = {
        "law": "uniform",
        "half": _scale((high - low) / 2, "half"),
        "mid": binary32((low + high) / 2, "mid"),
        "low": binary32(low, "low"),
        "high": binary32(high, "high"),
    }
    if law["low"] >= law["high"]:
        raise LawError(f"low {low!r} is not below high {high!r}")
    return law


def truncated_normal(mean: float = 0.0, std: float = 1.0, low: float = -2.0, high: float = 2.0) -> TruncatedNormalLaw:
    """Makes a truncated normal law (docs/law.md, "Truncated normal: T(w)" and "Laws and their parameters").

    Args:
        mean: The mean before the cut, in units of the values.
        std: The standard deviation before the cut, in units of the values. A negative one mirrors the values around
            the mean.
        low: The lower cut, in standard deviations; at most 5.
        high: The upper cut, in standard deviations; at least -5.

    Returns:
        The law. `alpha` and `beta` are binary64, the other parameters are rounded to binary32.

    Raises:
        LawError: If a parameter is not finite in binary32, `std` underflows to 0, the cuts are outside the range of
            the law, or `low` is not below `high`.
    """
    if low > 5 or high < -5:
        raise LawError(f"the cuts {low!r} and {high!r} are outside the range of the law")
    law: TruncatedNormalLaw = {
        "law": "truncated_normal",
        "alpha": phi(low),
        "beta": phi(high),
        "low": binary32(low, "low"),
        "high": binary32(high, "high"),
        "mean": binary32(mean, "mean"),
        "std": _scale(std, "std"),
    }
    if law["low"] >= law["high"]:
        raise LawError(f"low {low!r} is not below high {high!r}")
    return law


def law_values(law: ElementwiseLaw, w: Words) -> Floats:
    """Computes the values of an elementwise law (docs/law.md, "Laws and their parameters").

    Args:
        law: The law.
        w: The words of the elements.

    Returns:
        A float32 array of the shape of `w`.

    Raises:
        LawError: If the law is not elementwise.
        FloatingPointModeError: If this thread's floating-point mode is not that of the law.

    Example:
        >>> from winit import reference
        >>> reference.law_values(reference.normal(std=0.5), reference.words(42, 0, 0, 2)).tolist()
        [0.14352095127105713, -0.03941172733902931]
    """
    require_exact_arithmetic()
    w = np.asarray(w, np.uint32)
    if law["law"] == "constant":
        return np.full(w.shape, np.float32(law["value"]))
    if law["law"] == "uniform" or law["law"] == "normal" or law["law"] == "truncated_normal":
        return by_tiles(partial(law_lanes, law), w)
    raise LawError(f"{law['law']!r} is not an elementwise law")


def law_lanes(law: DrawLaw, w: Lanes) -> Lanes:
    """Computes the values of a law that draws, on lanes.

    Args:
        law: The law.
        w: Words.

    Returns:
        The values in binary32.
    """
    if law["law"] == "normal":
        return unit_draws.normal(w) * _f32(law["std"]) + _f32(law["mean"])
    if law["law"] == "uniform":
        scaled = unit_draws.uniform(w) * _f32(law["half"]) + _f32(law["mid"])
        return minimum(maximum(scaled, _f32(law["low"])), _f32(law["high"]))
    draw = unit_draws.truncated(w, law["alpha"], law["beta"], law["low"], law["high"])
    return draw * _f32(law["std"]) + _f32(law["mean"])


def largest_magnitude(law: ElementwiseLaw) -> int | float:
    """Bounds the magnitude of a law's values, as a dtype is checked against it (docs/law.md, "Dtypes and bytes").

    Args:
        law: The law.

    Returns:
        A number that no value of the law exceeds in magnitude.
    """
    if law["law"] == "constant":
        return abs(law["value"])
    if law["law"] == "uniform":
        return max(abs(law["low"]), abs(law["high"]))
    reach = 6.35 if law["law"] == "normal" else max(abs(law["low"]), abs(law["high"]))
    return abs(law["mean"]) + reach * abs(law["std"])


def _f32(value: float) -> NDArray[np.float32]:
    return np.array(value, np.float32)


def _scale(value: float, what: str) -> float:
    rounded = binary32(value, what)
    if rounded == 0 and value != 0:
        raise LawError(f"{what} {value!r} becomes 0 in binary32")
    return rounded
