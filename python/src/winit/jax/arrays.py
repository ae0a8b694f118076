"""Sharded arrays of JAX, each shard made where it is needed."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ..errors import BadInput
from ..quoting import quoted
from ..recipes import TensorRecipe


def make_array(recipe: TensorRecipe, sharding: Any, dtype: Any = None) -> Any:
    """Makes an array of JAX. Each process makes the shards of its own devices, and each distinct shard once.

    Args:
        recipe: The recipe of the tensor, such as `run["params/Dense_0/kernel"]`.
        sharding: A `jax.sharding.Sharding`, or a device.
        dtype: The floating-point dtype of the array, if it is not that of the tensor: each value is rounded once, to
            nearest, ties to even.

    Returns:
        A `jax.Array` of the tensor's shape.

    Raises:
        BadInput: If JAX cannot hold the dtype, as it cannot hold 64 bits unless `jax_enable_x64` is set.

    Example:
        >>> import jax, winit
        >>> from winit.jax import make_array
        >>> laws = {"w": ("float32", (8, 4), winit.reference.normal(std=0.02))}
        >>> recipe = winit.Recipe.from_laws(42, laws)
        >>> mesh = jax.make_mesh((1,), ("data",))
        >>> sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("data"))
        >>> array = make_array(recipe["w"], sharding)
        >>> bool((array == recipe["w"][...]).all())
        True
    """
    wanted = _held_dtype(recipe, dtype)
    if not isinstance(sharding, jax.sharding.Sharding):
        sharding = jax.sharding.SingleDeviceSharding(sharding)
    made: dict[tuple[tuple[int, int], ...], np.ndarray[Any, Any]] = {}

    def shard(index: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        # JAX asks once for each device, also for shards that several devices hold.
        box = tuple(place.indices(length)[:2] for place, length in zip(index, recipe.shape, strict=True))
        if box not in made:
            part = recipe.box([start for start, _ in box], [stop - start for start, stop in box])
            made[box] = part if part.dtype == wanted else part.astype(wanted)
        return made[box]

    return jax.make_array_from_callback(recipe.shape, sharding, shard)


def _held_dtype(recipe: TensorRecipe, dtype: Any) -> np.dtype[Any]:
    """Returns the dtype of the array; raises `BadInput` if JAX would give it another."""
    own: np.dtype[Any] = np.dtype(jax.numpy.dtype(recipe.dtype))
    wanted: np.dtype[Any] = own if dtype is None else np.dtype(jax.numpy.dtype(dtype))
    if wanted != own and not (jax.numpy.issubdtype(own, jax.numpy.floating) and _is_floating(wanted)):
        raise BadInput(f"{quoted(recipe.name)} is {own}; only floating-point values are rounded to another dtype")
    if jax.dtypes.canonicalize_dtype(wanted) != wanted:
        raise BadInput(
            f"JAX holds no {wanted} now, which {quoted(recipe.name)} needs. Set jax.config.update('jax_enable_x64', "
            "True), or pass a dtype of at most 32 bits"
        )
    return wanted


def _is_floating(dtype: np.dtype[Any]) -> bool:
    return bool(jax.numpy.issubdtype(dtype, jax.numpy.floating))
