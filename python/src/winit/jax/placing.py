"""Where arrays go: the shardings of the leaves of a tree, checked before anything is made."""

from __future__ import annotations

from typing import Any

import jax

from ..errors import BadInput
from ..quoting import quoted
from .leaves import Leaf, leaves_of


def placements(leaves: list[Leaf], shardings: Any) -> list[Any]:
    """Returns the sharding of each leaf.

    Args:
        leaves: The leaves.
        shardings: One for all, a tree of shardings, or None for those that the leaves have.

    Raises:
        BadInput: If the tree lacks a leaf, or has something else than a sharding there.
    """
    default = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    if shardings is None:
        return [getattr(leaf.value, "sharding", None) or default for leaf in leaves]
    if isinstance(shardings, jax.sharding.Sharding):
        return [shardings] * len(leaves)
    found = {leaf.name: leaf.value for leaf in leaves_of(shardings)[0]}
    for leaf in leaves:
        if leaf.is_generator:
            continue
        if leaf.name not in found:
            raise BadInput(f"the tree of shardings has none for {quoted(leaf.name)}")
        if not isinstance(found[leaf.name], jax.sharding.Sharding):
            raise BadInput(
                f"the tree of shardings has a {type(found[leaf.name]).__name__} at {quoted(leaf.name)}. Make a "
                "jax.sharding.NamedSharding(mesh, spec) of it"
            )
    return [found.get(leaf.name, default) for leaf in leaves]


def checked_placement(name: str, shape: tuple[int, ...], sharding: Any) -> Any:
    """Returns the sharding that an array is made with.

    Args:
        name: The name of the tensor or leaf, for errors.
        shape: Its shape.
        sharding: A sharding, or a device.

    Returns:
        A sharding over devices.

    Raises:
        BadInput: If the sharding does not divide the axes, or its mesh is abstract and `jax.set_mesh` gave no mesh of
            the same axes.
    """
    if isinstance(sharding, jax.sharding.PartitionSpec):
        raise BadInput(f"{quoted(name)} is given a PartitionSpec. Make a jax.sharding.NamedSharding(mesh, spec) of it")
    if not isinstance(sharding, jax.sharding.Sharding):
        sharding = jax.sharding.SingleDeviceSharding(sharding)
    if isinstance(getattr(sharding, "mesh", None), jax.sharding.AbstractMesh):
        sharding = _over_devices(name, sharding)
    try:
        sharding.shard_shape(shape)
    except ValueError as error:
        raise BadInput(
            f"{quoted(name)} {list(shape)} cannot be cut as {sharding}: {error}. JAX has arrays with uneven shards "
            "inside jit only: generate it there with winit.jax.generate, or choose another sharding"
        ) from None
    return sharding


def _over_devices(name: str, sharding: Any) -> Any:
    """Replaces the abstract mesh of a sharding by the mesh of `jax.set_mesh`."""
    get_mesh = getattr(jax.sharding, "get_mesh", None)
    mesh = None if get_mesh is None else get_mesh()
    if mesh is None or mesh.empty or dict(mesh.shape) != dict(sharding.mesh.shape):
        raise BadInput(
            f"the sharding of {quoted(name)} is over an abstract mesh {dict(sharding.mesh.shape)}, which has no "
            "devices. Make the tree within jax.set_mesh(mesh), or pass shardings over a mesh of devices"
        )
    return jax.sharding.NamedSharding(mesh, sharding.spec, memory_kind=sharding.memory_kind)
