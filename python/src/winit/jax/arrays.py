"""Sharded arrays of JAX, each shard made where it is needed."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from ..recipes import TensorRecipe
from .dtypes import held_dtype
from .placing import checked_placement


def make_array(recipe: TensorRecipe, sharding: Any, dtype: Any = None) -> Any:
    """Makes an array of JAX. Each process makes the shards of its own devices, and each distinct shard once.

    Args:
        recipe: The recipe of the tensor, such as `run["params/Dense_0/kernel"]`.
        sharding: A `jax.sharding.Sharding`, or a device. A sharding over an abstract mesh takes the mesh of
            `jax.set_mesh`.
        dtype: The floating-point dtype of the array, if it is not that of the tensor: each value is rounded once, to
            nearest, ties to even.

    Returns:
        A `jax.Array` of the tensor's shape.

    Raises:
        BadInput: If JAX cannot hold the dtype, as it cannot hold 64 bits unless `jax_enable_x64` is set, or the
            sharding does not divide the axes.

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
    wanted = held_dtype(recipe, dtype)
    sharding = checked_placement(recipe.name, recipe.shape, sharding)
    made: dict[tuple[tuple[int, int], ...], np.ndarray[Any, Any]] = {}

    def shard(index: tuple[slice, ...]) -> np.ndarray[Any, Any]:
        # JAX asks once for each device, also for shards that several devices hold.
        box = tuple(place.indices(length)[:2] for place, length in zip(index, recipe.shape, strict=True))
        if box not in made:
            part = recipe.box([start for start, _ in box], [stop - start for start, stop in box])
            made[box] = part if part.dtype == wanted else part.astype(wanted)
        return made[box]

    return jax.make_array_from_callback(recipe.shape, sharding, shard)
