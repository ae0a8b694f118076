"""Trees of arrays: the parameters of flax's linen and nnx, and any other tree."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any

import jax

from ..errors import BadInput, NotFound
from ..quoting import counted, quoted
from ..recipes import Recipe, TensorRecipe
from .arrays import make_array
from .dtypes import held_dtype
from .leaves import Leaf, leaves_of
from .placing import checked_placement, placements


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
    The boxes of linen for axis names (`nn.Partitioned`, `nn.LogicallyPartitioned`) are no step of a path, and stay.
    States of random generators (typed keys of JAX, `nnx.RngState`) are left as they are.

    Args:
        run: A run, a recipe, a reference such as "mlp@sha256:e6dc", or the path of a recipe file.
        abstract: A tree whose leaves have shape and dtype: of `jax.eval_shape`, of arrays, or an `nnx.State`.
        shardings: A sharding for all leaves, or a tree of shardings, such as `nnx.get_named_sharding(state, mesh)` or
            `nn.logical_to_mesh_sharding(specs, mesh, rules)`. By default that of each leaf, where it has one, else
            the default device. A sharding over an abstract mesh takes the mesh of `jax.set_mesh`.
        rename: Gives the name in the run of a leaf's name.
        subset: Whether the run may have tensors that the tree has no leaf for.
        cast: Whether leaves may have another floating-point dtype than their tensors, to which the values are rounded.

    Returns:
        A tree like `abstract`, of `jax.Array`s.

    Raises:
        NotFound: If the run lacks a tensor.
        BadInput: If a shape or a dtype differs, the run has tensors without a leaf, or a sharding does not divide the
            axes of its leaf: JAX has such arrays inside jit only.

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
    leaves, rebuild = leaves_of(abstract)
    places = placements(leaves, shardings)
    wanted = [leaf for leaf in leaves if not leaf.is_generator]
    tensors = {leaf.name: _tensor(recipe, leaf, rename, cast) for leaf in wanted}
    used = {tensor.name for tensor in tensors.values()}
    left = [name for name in recipe if name not in used]
    if left and not subset:
        raise BadInput(
            f"the run has {counted(len(left), 'tensor')} that the tree has no leaf for, such as {quoted(left[0])}"
        )
    for leaf, place in zip(leaves, places, strict=True):
        if not leaf.is_generator:
            checked_placement(leaf.name, tuple(leaf.value.shape), place)
            held_dtype(tensors[leaf.name], leaf.value.dtype if cast else None)
    made = [
        leaf.value if leaf.is_generator else make_array(tensors[leaf.name], place, leaf.value.dtype if cast else None)
        for leaf, place in zip(leaves, places, strict=True)
    ]
    return rebuild(made)


def _opened(run: Recipe | str | PathLike[str]) -> Recipe:
    if isinstance(run, Recipe):
        return run
    from ..opening import open

    return open(run)


def _tensor(recipe: Recipe, leaf: Leaf, rename: Callable[[str], str] | None, cast: bool) -> TensorRecipe:
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
    return {leaf.name: tuple(leaf.value.shape) for leaf in leaves_of(abstract)[0] if not leaf.is_generator}
