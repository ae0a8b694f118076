"""Trees of arrays: the parameters of flax's linen and nnx, and any other tree."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import jax

from ..errors import BadInput, NotFound
from ..quoting import counted, quoted
from ..recipes import Recipe, TensorRecipe
from .arrays import make_array


def make_tree(
    run: Recipe | str | PathLike[str],
    abstract: Any,
    shardings: Any = None,
    rename: Callable[[str], str] | None = None,
    *,
    subset: bool = False,
    cast: bool = False,
) -> Any:
    """Makes the arrays of a tree from a recipe or a run. Nothing is made before all names, shapes and dtypes fit.

    The name of a leaf is its path, joined with `/`: `params/Dense_0/kernel` in flax's linen, `linear/kernel` in nnx.
    States of random generators (typed keys of JAX, `nnx.RngState`) are left as they are.

    Args:
        run: A run, a recipe, a reference such as "mlp@sha256:e6dc", or the path of a recipe file.
        abstract: A tree whose leaves have shape and dtype: of `jax.eval_shape`, of arrays, or an `nnx.State`.
        shardings: A sharding for all leaves, or a tree of shardings. By default that of each leaf, where it has one,
            else the default device.
        rename: Gives the name in the run of a leaf's name.
        subset: Whether the run may have tensors that the tree has no leaf for.
        cast: Whether leaves may have another floating-point dtype than their tensors, to which the values are rounded.

    Returns:
        A tree like `abstract`, of `jax.Array`s.

    Raises:
        NotFound: If the run lacks a tensor.
        BadInput: If a shape or a dtype differs, or the run has tensors without a leaf.

    Example:
        >>> import jax, winit
        >>> from winit.jax import make_tree
        >>> laws = {"params/kernel": ("float32", (3, 2), winit.reference.normal(std=0.02))}
        >>> recipe = winit.Recipe.from_laws(42, laws)
        >>> abstract = {"params": {"kernel": jax.ShapeDtypeStruct((3, 2), "float32")}}
        >>> make_tree(recipe, abstract)["params"]["kernel"].shape
        (3, 2)
    """
    recipe = _opened(run)
    leaves, rebuild = _leaves(abstract)
    places = _shardings(leaves, abstract, shardings)
    wanted = [leaf for leaf in leaves if not leaf.is_generator]
    tensors = {leaf.name: _tensor(recipe, leaf, rename, cast) for leaf in wanted}
    used = {tensor.name for tensor in tensors.values()}
    left = [name for name in recipe if name not in used]
    if left and not subset:
        raise BadInput(
            f"the run has {counted(len(left), 'tensor')} that the tree has no leaf for, such as {quoted(left[0])}"
        )
    made = [
        leaf.value if leaf.is_generator else make_array(tensors[leaf.name], place, leaf.value.dtype if cast else None)
        for leaf, place in zip(leaves, places, strict=True)
    ]
    return rebuild(made)


@dataclass(frozen=True)
class _Leaf:
    """A leaf of the tree: its name, and what stands there now."""

    name: str
    value: Any
    is_generator: bool


def _opened(run: Recipe | str | PathLike[str]) -> Recipe:
    if isinstance(run, Recipe):
        return run
    from ..opening import open

    return open(run)


def _leaves(abstract: Any) -> tuple[list[_Leaf], Callable[[list[Any]], Any]]:
    """Returns the leaves in order, and a function that puts values in their places."""
    nnx = sys.modules.get("flax.nnx")
    if nnx is not None and isinstance(abstract, nnx.State):
        flat = list(nnx.to_flat_state(abstract))
        leaves = [
            _Leaf(_joined(path), _raw(variable), isinstance(variable, nnx.RngState) or _is_key(_raw(variable)))
            for path, variable in flat
        ]

        def rebuild(values: list[Any]) -> Any:
            made = [
                (path, variable if leaf.is_generator else variable.replace(value))
                for (path, variable), leaf, value in zip(flat, leaves, values, strict=True)
            ]
            return nnx.from_flat_state(made)

        return leaves, rebuild
    paths, structure = jax.tree_util.tree_flatten_with_path(abstract)
    leaves = [_Leaf(_joined(path), value, _is_key(value)) for path, value in paths]
    return leaves, lambda values: jax.tree_util.tree_unflatten(structure, values)


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


def _tensor(recipe: Recipe, leaf: _Leaf, rename: Callable[[str], str] | None, cast: bool) -> TensorRecipe:
    name = leaf.name if rename is None else rename(leaf.name)
    try:
        tensor = recipe[name]
    except NotFound as error:
        raise NotFound(f"leaf {quoted(leaf.name)} of the tree: {error}") from None
    if not hasattr(leaf.value, "shape") or not hasattr(leaf.value, "dtype"):
        raise BadInput(f"leaf {quoted(leaf.name)} is a {type(leaf.value).__name__}, which has no shape and dtype")
    if tuple(leaf.value.shape) != tensor.shape:
        raise BadInput(
            f"leaf {quoted(leaf.name)} has the shape {list(leaf.value.shape)}, and the tensor {list(tensor.shape)}"
        )
    dtype = jax.numpy.dtype(leaf.value.dtype).name
    if dtype != tensor.dtype and not cast:
        raise BadInput(
            f"leaf {quoted(leaf.name)} is {dtype}, and the tensor {tensor.dtype}. "
            "With cast=True, the values are rounded"
        )
    return tensor


def _shardings(leaves: list[_Leaf], abstract: Any, shardings: Any) -> list[Any]:
    default = jax.sharding.SingleDeviceSharding(jax.devices()[0])
    if shardings is None:
        return [getattr(leaf.value, "sharding", None) or default for leaf in leaves]
    if isinstance(shardings, jax.sharding.Sharding):
        return [shardings] * len(leaves)
    found = {leaf.name: _sharding(leaf) for leaf in _leaves(shardings)[0]}
    missing = [leaf.name for leaf in leaves if leaf.name not in found and not leaf.is_generator]
    if missing:
        raise BadInput(f"the tree of shardings has none for {quoted(missing[0])}")
    return [found.get(leaf.name, default) for leaf in leaves]


def _sharding(leaf: _Leaf) -> Any:
    if not isinstance(leaf.value, jax.sharding.Sharding):
        raise BadInput(f"the tree of shardings has a {type(leaf.value).__name__} at {quoted(leaf.name)}")
    return leaf.value


def names(abstract: Any) -> Mapping[str, tuple[int, ...]]:
    """Returns the names that `make_tree` gives the leaves of a tree, with their shapes.

    Args:
        abstract: A tree, as for `make_tree`.

    Returns:
        The shape of each leaf by its name, without the states of random generators.

    Example:
        >>> import jax
        >>> from winit.jax.trees import names
        >>> names({"params": {"kernel": jax.ShapeDtypeStruct((3, 2), "float32")}})
        {'params/kernel': (3, 2)}
    """
    return {leaf.name: tuple(leaf.value.shape) for leaf in _leaves(abstract)[0] if not leaf.is_generator}
