"""Elements that are expressions (docs/law.md, "Expressions"): the values of a tree, and the moments of its law.

A second reading of the manifest's trees, with NumPy's own functions in binary64. It does not give the law's bits, only
values that are near enough to compare with a library, which computes in binary32.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
JSONObject = dict[str, Any]

QUANTILES = 1 << 16  # midpoints of the unit interval, at which a distribution is integrated

UNARY = {
    "neg": np.negative, "abs": np.abs, "floor": np.floor, "sqrt": np.sqrt, "exp": np.exp, "log": np.log,
    "log1p": np.log1p, "expm1": np.expm1, "sin": np.sin, "cos": np.cos, "tanh": np.tanh,
}  # fmt: skip
BINARY = {
    "+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide, "min": np.minimum, "max": np.maximum,
    "pow": np.power,
}  # fmt: skip


def values(tree: Any, indices: Sequence[Array], draw: Array | None) -> Array:
    """The values of a tree for the coordinates of elements, and for their draws."""
    if isinstance(tree, (int, float)):
        return np.array(tree, np.float64)
    if tree == "draw":
        if draw is None:
            raise ValueError("the tree has a draw, and the law names none")
        return draw
    operation, *operands = tree
    if operation == "index":
        return indices[int(operands[0])]
    numbers = [values(operand, indices, draw) for operand in operands]
    return np.asarray(UNARY[operation](*numbers) if operation in UNARY else BINARY[operation](*numbers))


def uses(tree: Any, words: set[str]) -> bool:
    """Whether one of the words is an operation or an operand of a tree."""
    if isinstance(tree, list):
        return any(uses(part, words) for part in tree)
    return isinstance(tree, str) and tree in words


def table(law: JSONObject, shape: Sequence[int]) -> tuple[Array, float]:
    """The values of an expression without a draw, and how far the values of a library may be from them.

    A library computes in binary32. An angle has an error in proportion to its size, of up to the largest dimension.
    """
    indices = [i.astype(np.float64) for i in np.indices(shape, sparse=True)]
    expected = np.broadcast_to(values(law["tree"], indices, None), shape)
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    angles = uses(law["tree"], {"sin", "cos"})
    return expected, scale * 2.0**-21 * (max(shape, default=1) if angles else 1)


def quantiles(law: JSONObject) -> Array:
    """The draws of a law at the midpoints of equal probabilities."""
    u = (np.arange(QUANTILES) + 0.5) / QUANTILES
    if law["law"] == "uniform":
        return np.asarray(law["low"] + u * (law["high"] - law["low"]))
    if law["law"] not in ("normal", "truncated_normal"):
        raise ValueError(f"a draw of the law {law['law']}")
    if law["law"] == "truncated_normal":
        u = law["alpha"] + u * (law["beta"] - law["alpha"])
    unit = NormalDist()
    return np.asarray(law["mean"] + law["std"] * np.array([unit.inv_cdf(float(x)) for x in u]))


def distribution(law: JSONObject) -> tuple[Array, float, float]:
    """The values of an expression at the quantiles of its draw, and the bounds of the values.

    The bounds hold for a tree that rises or falls with its draw, as all trees of the presets do.
    """
    if uses(law["tree"], {"index"}):
        raise ValueError("an expression of both the draw and the coordinates")
    draw = law["draw"]
    ends = [draw.get("low", -np.inf), draw.get("high", np.inf)]
    if draw["law"] != "uniform":
        ends = [-np.inf, np.inf]
    with np.errstate(all="ignore"):
        bounds = values(law["tree"], [], np.array(ends))
        found = np.asarray(values(law["tree"], [], quantiles(draw)))
    low, high = float(np.nanmin(bounds)), float(np.nanmax(bounds))
    return found, low, high
