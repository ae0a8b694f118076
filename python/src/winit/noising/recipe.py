"""The recipe of noise: law and stream of a name at a step (docs/law.md, "The stream of noise")."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import Any

from .. import reference
from ..errors import BadInput
from ..recipes.laws import law_text
from ..recipes.references import check_tensor
from ..recipes.tensor_recipe import TensorRecipe

_LAWS = ("normal", "uniform", "truncated_normal", "constant", "expression")
_STANDARD_NORMAL = reference.normal()


def noise_recipe(
    seed: int,
    name: str,
    shape: Sequence[int],
    *,
    step: int = 0,
    law: Mapping[str, Any] | None = None,
    dtype: str = "float32",
) -> TensorRecipe:
    """Makes the recipe of noise, for what needs boxes, threads or a digest: `noise_recipe(…).box(offset, size)`.

    Args:
        seed: The seed, 0 ..< 2^64.
        name: The name.
        shape: The shape of the whole.
        step: The step, 0 or more.
        law: A law of docs/manifest.md in which each element has a value of its own; N(0, 1) by default.
        dtype: A floating-point dtype, as docs/manifest.md names it.

    Returns:
        The recipe.

    Raises:
        BadInput: If a value is not valid.

    Example:
        >>> import winit
        >>> recipe = noise_recipe(42, "w", (4, 3), step=7)
        >>> bool((recipe[1:3] == winit.noise(42, "w", (4, 3), step=7)[1:3]).all())
        True
    """
    try:
        key, at = operator.index(seed), operator.index(step)
        lengths = tuple(operator.index(length) for length in shape)
    except TypeError:
        raise BadInput("seed, step and the lengths of the shape of noise are integers") from None
    if not isinstance(name, str):
        raise BadInput(f"the name of noise is a str, not {type(name).__name__}")
    if at < 0:
        raise BadInput(f"the step of noise is 0 or more, not {at}")
    try:
        text = law_text(_STANDARD_NORMAL if law is None else law)
    except BadInput as error:
        raise BadInput(
            f"the law of noise: {error}. Functions of winit.reference make laws, such as normal(std=0.02)"
        ) from None
    try:
        stream = reference.noise_stream(name, at)
    except UnicodeEncodeError:
        raise BadInput("the name of noise is not valid Unicode") from None
    recipe = TensorRecipe(name, lengths, dtype, text, stream, key)
    check_tensor(recipe)
    if recipe.law["law"] not in _LAWS:
        raise BadInput(f"noise has one of the laws {', '.join(_LAWS)}, not {recipe.law['law']}")
    if dtype not in reference.FLOAT_SIZES:
        raise BadInput(f"noise has a floating-point dtype ({', '.join(reference.FLOAT_SIZES)}), not {dtype}")
    return recipe
