"""The dtypes that JAX can hold now."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ..errors import BadInput
from ..quoting import quoted
from ..recipes import TensorRecipe


def held_dtype(recipe: TensorRecipe, dtype: Any) -> np.dtype[Any]:
    """Returns the dtype of the array of a tensor.

    Args:
        recipe: The recipe of the tensor.
        dtype: The floating-point dtype of the array, or None for that of the tensor.

    Raises:
        BadInput: If JAX would give the array another dtype, or the tensor would be cast from or to integers.
    """
    own: np.dtype[Any] = np.dtype(jax.numpy.dtype(recipe.dtype))
    wanted: np.dtype[Any] = own if dtype is None else np.dtype(jax.numpy.dtype(dtype))
    if wanted != own and not (_is_floating(own) and _is_floating(wanted)):
        raise BadInput(f"{quoted(recipe.name)} is {own}; only floating-point values are rounded to another dtype")
    if jax.dtypes.canonicalize_dtype(wanted) != wanted:
        raise BadInput(
            f"JAX holds no {wanted} now, which {quoted(recipe.name)} needs. Set jax.config.update('jax_enable_x64', "
            "True), or pass a dtype of at most 32 bits"
        )
    return wanted


def _is_floating(dtype: np.dtype[Any]) -> bool:
    return bool(jax.numpy.issubdtype(dtype, jax.numpy.floating))
