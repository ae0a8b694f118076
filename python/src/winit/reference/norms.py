"""The law `norm_of`: norms of another tensor (docs/law.md, "Norms of another tensor")."""

from __future__ import annotations

import numpy as np

from .arrays import Doubles, Floats
from .errors import LawError
from .powers import norm


def check_norms(axes: list[int], source: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Checks that axes and shape of norms fit the other tensor (docs/law.md, "Norms of another tensor").

    Args:
        axes: The axes that the norms run over, ascending, at least one.
        source: The shape of the other tensor.
        shape: The shape of the norms: the other axes, with these axes as 1 or left out.

    Returns:
        The shape with these axes left out.

    Raises:
        LawError: If they do not fit.
    """
    if not axes or axes != sorted(set(axes)) or not 0 <= axes[0] <= axes[-1] < len(source):
        raise LawError(f"{axes} are not ascending axes of a tensor of rank {len(source)}")
    left_out = tuple(length for axis, length in enumerate(source) if axis not in axes)
    kept = tuple(1 if axis in axes else length for axis, length in enumerate(source))
    if shape not in (left_out, kept):
        raise LawError(f"norms of shape {shape} are neither {kept} nor {left_out}")
    return left_out


def norm_values(values: Doubles, axes: list[int], shape: tuple[int, ...]) -> Floats:
    """Computes the norms of an array over some of its axes (docs/law.md, "Norms of another tensor").

    Args:
        values: The other tensor's elements.
        axes: The axes that the norms run over, ascending, at least one.
        shape: The shape of the result: the other axes, with these axes as 1 or left out.

    Returns:
        A float32 array of this shape.

    Raises:
        LawError: If the axes or the shape do not fit the array, or a norm is not finite in binary32.
    """
    left_out = check_norms(axes, values.shape, shape)
    others = [axis for axis in range(values.ndim) if axis not in axes]
    groups = values.transpose(*others, *axes).reshape(*left_out, -1) if values.size else np.zeros((*left_out, 0))
    with np.errstate(over="ignore", under="ignore"):
        result = norm(groups).astype(np.float32).reshape(shape)
    if not np.all(np.isfinite(result)):
        raise LawError("a norm is not finite in binary32")
    return result
