"""The law `norm_of`: norms of another tensor (docs/law.md, "Norms of another tensor")."""

from __future__ import annotations

import numpy as np

from .arrays import Doubles, Floats
from .errors import LawError
from .powers import norm


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
    if not axes or axes != sorted(set(axes)) or not 0 <= axes[0] <= axes[-1] < values.ndim:
        raise LawError(f"{axes} are not ascending axes of a tensor of rank {values.ndim}")
    others = [axis for axis in range(values.ndim) if axis not in axes]
    left_out = tuple(values.shape[axis] for axis in others)
    kept = tuple(1 if axis in axes else size for axis, size in enumerate(values.shape))
    if shape not in (left_out, kept):
        raise LawError(f"norms of shape {shape} are neither {kept} nor {left_out}")
    groups = values.transpose(*others, *axes).reshape(*left_out, -1) if values.size else np.zeros((*left_out, 0))
    with np.errstate(over="ignore"):
        result = norm(groups).astype(np.float32).reshape(shape)
    if not np.all(np.isfinite(result)):
        raise LawError("a norm is not finite in binary32")
    return result
