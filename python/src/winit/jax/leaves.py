"""The leaves of trees by name: of `jax.eval_shape`, of flax's linen with its boxes, and of the states of nnx."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax

from ..errors import BadInput


@dataclass(frozen=True)
class Leaf:
    """A leaf of a tree.

    Attributes:
        name: The path, joined with `/`.
        value: What stands there now.
        is_generator: Whether it is the state of a random generator.
    """

    name: str
    value: Any
    is_generator: bool


def leaves_of(abstract: Any) -> tuple[list[Leaf], Callable[[list[Any]], Any]]:
    """Returns the leaves of a tree in order, and a function that puts values in their places.

    Args:
        abstract: A tree, or an `nnx.State`.

    Raises:
        BadInput: If the tree is a module.
    """
    nnx = sys.modules.get("flax.nnx")
    if nnx is not None and isinstance(abstract, nnx.State):
        flat = list(nnx.to_flat_state(abstract))
        leaves = [
            Leaf(_joined(path), _raw(variable), isinstance(variable, nnx.RngState) or _is_key(_raw(variable)))
            for path, variable in flat
        ]

        def rebuild(values: list[Any]) -> Any:
            made = [
                (path, variable if leaf.is_generator else variable.replace(value))
                for (path, variable), leaf, value in zip(flat, leaves, values, strict=True)
            ]
            return nnx.from_flat_state(made)

        return leaves, rebuild
    if nnx is not None and isinstance(abstract, nnx.Module):
        raise BadInput("the tree is a module of nnx. Pass its state, nnx.state(model)")
    paths, structure = jax.tree_util.tree_flatten_with_path(abstract, is_leaf=_is_box)
    leaves = []
    for path, value in paths:
        content = value.unbox(apply_constraint=False) if _is_box(value) else value
        leaves.append(Leaf(_joined(path), content, _is_key(content)))

    def rebuild_tree(values: list[Any]) -> Any:
        made = [
            box.replace_boxed(value) if _is_box(box) else value for (_, box), value in zip(paths, values, strict=True)
        ]
        return jax.tree_util.tree_unflatten(structure, made)

    return leaves, rebuild_tree


def _is_box(value: Any) -> bool:
    """Tells whether a value is a box of linen, which holds a value and the names of its axes."""
    metadata = sys.modules.get("flax.core.meta")
    return metadata is not None and isinstance(value, metadata.AxisMetadata)


def _raw(variable: Any) -> Any:
    get = getattr(variable, "get_value", None)
    return get() if get is not None else variable.value


def _is_key(value: Any) -> bool:
    dtype = getattr(value, "dtype", None)
    return dtype is not None and bool(jax.dtypes.issubdtype(dtype, jax.dtypes.prng_key))


def _joined(path: tuple[Any, ...]) -> str:
    return "/".join(_step(step) for step in path)


def _step(step: Any) -> str:
    for attribute in ("key", "idx", "name"):
        if hasattr(step, attribute):
            return str(getattr(step, attribute))
    return str(step)
