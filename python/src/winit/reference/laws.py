"""The laws: the parameters that a recipe records, and the values that they give.

This implements docs/law.md, "Laws and their parameters".
"""

from __future__ import annotations

import math

import numpy as np

from .arrays import Floats, Words
from .draws import normal_draw, truncated_draw, uniform_draw
from .errors import LawError
from .forms import ConstantLaw, ElementwiseLaw, NormalLaw, TruncatedNormalLaw, UniformLaw
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
    with np.errstate(over="ignore"):
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
        w: The words of the elements, of shape (count,).

    Returns:
        A float32 array of shape (count,).

    Raises:
        LawError: If the law is not elementwise.
    """
    if law["law"] == "constant":
        return np.full(len(w), np.float32(law["value"]), dtype=np.float32)
    if law["law"] == "normal":
        return normal_draw(w) * np.float32(law["std"]) + np.float32(law["mean"])
    if law["law"] == "uniform":
        scaled = uniform_draw(w) * np.float32(law["half"]) + np.float32(law["mid"])
        clamped: Floats = np.minimum(np.maximum(scaled, np.float32(law["low"])), np.float32(law["high"]))
        return clamped
    if law["law"] == "truncated_normal":
        draw = truncated_draw(w, law["alpha"], law["beta"], law["low"], law["high"])
        return draw * np.float32(law["std"]) + np.float32(law["mean"])
    raise LawError(f"{law['law']!r} is not an elementwise law")


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


def _scale(value: float, what: str) -> float:
    rounded = binary32(value, what)
    if rounded == 0 and value != 0:
        raise LawError(f"{what} {value!r} becomes 0 in binary32")
    return rounded
