"""Checks of recipes that refer to others: tied tensors, and norms of other tensors."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from ..errors import BadInput
from ..quoting import quoted, shown
from .checking import check_recipe, checked_shape, name_problem, parsed_law
from .dtypes import FLOATING_LIMITS, byte_count
from .tensor_recipe import TensorRecipe

NORM_LIMIT = 16
"""How many tensors may each be the norm of the next (docs/law.md, "Norms of another tensor")."""

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z", re.ASCII)


def is_digest(value: object) -> bool:
    """Tells whether a value is the text of a digest."""
    return isinstance(value, str) and _DIGEST.match(value) is not None


def check_tensor(tensor: TensorRecipe) -> None:
    """Checks the recipe of a tensor, and how it refers to another one.

    Args:
        tensor: The recipe.

    Raises:
        BadInput: If a value is not valid, or values do not fit each other. The text names the tensor.
    """
    if not isinstance(tensor, TensorRecipe):
        raise BadInput(f"a recipe consists of tensor recipes, not of {type(tensor).__name__}")
    problem = name_problem(tensor.name)
    if problem is not None:
        raise BadInput(problem)
    try:
        _check(tensor)
    except BadInput as error:
        raise BadInput(f"tensor {quoted(tensor.name)}: {error}") from None


def _law(tensor: TensorRecipe) -> Mapping[str, Any]:
    """Returns the law that all tensors of a law text share, without a copy."""
    return parsed_law(tensor.law_text)


def _check(tensor: TensorRecipe) -> None:
    if checked_shape(tensor.shape) != tensor.shape:
        raise BadInput("its shape is not a tuple of integers")
    for what, value in (("seed", tensor.seed), ("stream", tensor.stream)):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 64:
            raise BadInput(f"its {what} is not an integer of 64 bits")
    if tensor.digest is not None and not is_digest(tensor.digest):
        raise BadInput("its digest is not `sha256:` and 64 lower-case hexadecimal digits")
    check_recipe(tensor.dtype, tensor.shape, tensor.law_text)
    name = _law(tensor)["law"]
    if name == "same_as":
        _check_tie(tensor)
    elif name == "norm_of":
        _check_norm(tensor)
    elif tensor.source is not None:
        raise BadInput(f"it has a source, and the law {name} names none")
    _check_literals(tensor)


def _source(tensor: TensorRecipe, relation: str) -> TensorRecipe:
    name = _law(tensor)["name"]
    if tensor.source is None or tensor.source.name != name:
        raise BadInput(f"{relation} {quoted(name)}, and the recipe of that tensor is not given")
    return tensor.source


def _check_tie(tensor: TensorRecipe) -> None:
    target = _source(tensor, "it is tied to")
    name = quoted(target.name)
    if _law(target)["law"] == "same_as":
        raise BadInput(f"it is tied to {name}, which is itself tied to {quoted(_law(target)['name'])}; name that one")
    for what in ("shape", "dtype", "seed", "stream"):
        if getattr(target, what) != getattr(tensor, what):
            raise BadInput(f"it is tied to {name}, and differs from it in its {what}")
    if tensor.digest is not None and target.digest is not None and tensor.digest != target.digest:
        raise BadInput(f"it is tied to {name}, and differs from it in its digest")


def _check_norm(tensor: TensorRecipe) -> None:
    source, axes = _source(tensor, "it is the norm of"), _law(tensor)["axes"]
    name = quoted(source.name)
    for which in (tensor, source):
        if which.dtype not in FLOATING_LIMITS:
            raise BadInput(
                f"it is the norm of {name}, and {which.dtype} is no dtype of norms; use a floating-point one"
            )
    if axes[-1] >= len(source.shape):
        raise BadInput(
            f"it is the norm of {name} over the axes {shown(axes)}, which the shape {shown(source.shape)} lacks"
        )
    kept = tuple(1 if axis in axes else length for axis, length in enumerate(source.shape))
    left = tuple(length for axis, length in enumerate(source.shape) if axis not in axes)
    if tensor.shape not in (kept, left):
        raise BadInput(f"it is the norm of {name}, which has the shape {shown(left)} or {shown(kept)}")
    norms, at = 0, tensor
    while at.source is not None:
        norms += _law(at)["law"] == "norm_of"
        at = at.source
    if norms > NORM_LIMIT:
        raise BadInput(f"it ends a chain of more than {NORM_LIMIT} norms")


def _check_literals(tensor: TensorRecipe) -> None:
    if not tensor.literals:
        return
    sizes = list[int]()
    law = _law(tensor)
    if law["law"] == "literal":
        sizes.append(tensor.byte_count)
    elif law["law"] == "parts":
        for part in law["parts"]:
            if part["law"]["law"] == "literal":
                extents = [stop - start for start, stop in part["box"]]
                sizes.append(byte_count(tensor.dtype, math.prod(extents) * math.prod(tensor.shape[len(extents) :])))
    found = [literal.byte_count for literal in tensor.literals]
    if found != sizes:
        raise BadInput(f"it needs literals of {sizes} bytes, and has {found}")


def linked(
    names: Mapping[str, str | None], make: Callable[[str, TensorRecipe | None], TensorRecipe]
) -> list[TensorRecipe]:
    """Makes recipes that refer to each other, sources first.

    Args:
        names: Each tensor's name, with the name of its source or None.
        make: Makes the recipe of a tensor from its name and its source.

    Returns:
        The recipes, in the order of `names`.

    Raises:
        BadInput: If a source is not a tensor of the model, or a tensor depends on itself.
    """
    made = dict[str, TensorRecipe]()
    for name in names:
        chain, at = list[str](), name
        while at not in made:
            if at in chain or len(chain) > 2 * NORM_LIMIT + 1:
                raise BadInput(
                    f"tensor {quoted(name)}: it depends on {quoted(at)}, which depends on itself, or ends a chain of "
                    f"more than {NORM_LIMIT} norms"
                )
            chain.append(at)
            source = names[at]
            if source is None:
                break
            if source not in names:
                raise BadInput(
                    f"tensor {quoted(at)}: it refers to {quoted(source)}, which is not a tensor of the model"
                )
            at = source
        for each in reversed(chain):
            source = names[each]
            made[each] = make(each, None if source is None else made[source])
    return [made[name] for name in names]
