"""Recipes from what a user gives as the source of values."""

from __future__ import annotations

import operator
from collections.abc import Callable
from os import PathLike
from typing import Any, TypeAlias

from ..errors import BadInput
from ..recipes import Recipe
from ..specs import Spec

Source: TypeAlias = "Spec | Recipe | str | PathLike[str] | int"
"""A spec, a recipe, a run, a reference, the path of a recipe file, or a seed for the laws captured from a function."""


def recipe_of(source: Source, seed: int | None = None, build: Callable[[], Any] | None = None) -> Recipe:
    """Makes the recipe that a source says.

    Args:
        source: The source.
        seed: The seed, for a spec.
        build: The function that builds the module, for a source that is a seed.

    Raises:
        BadInput: If the source is of another kind, or the seed is missing or too many.
    """
    if isinstance(source, Spec):
        if seed is None:
            raise BadInput("a spec has no seed: give one, as in init_(module, spec, seed=42)")
        return source.recipe(_index(seed, "the seed"))
    if hasattr(type(source), "__index__") and not isinstance(source, bool):  # NumPy's integers too
        if seed is not None:
            raise BadInput(f"two seeds were given, {source} and {seed}: an int as the source is the seed")
        if build is None:
            raise BadInput(
                "a seed needs the function that builds the module, because a module that is built does not show the "
                "laws of its values: init_(lambda: Model(config), 42). Or give a spec: init_(module, spec, seed=42)"
            )
        return captured(build).recipe(_index(source, "the seed"))
    if seed is not None:
        raise BadInput("a seed is for a spec; a recipe, a run and a reference have one already")
    return run_of(source)


def run_of(source: Any) -> Recipe:
    """Returns a recipe or run, or opens the one that a reference or path names."""
    if isinstance(source, Recipe):
        return source
    if isinstance(source, str | PathLike):
        import winit

        opened: Recipe = winit.open(source)
        return opened
    raise BadInput(f"a spec, recipe, run, reference or seed was expected, not {type(source).__name__}")


def captured(build: Callable[[], Any]) -> Spec:
    """Captures the laws of a function that builds a module."""
    import winit.torch

    spec: Spec = winit.torch.capture(build)
    return spec


def _index(value: Any, what: str) -> int:
    try:
        return operator.index(value)
    except TypeError:
        raise BadInput(f"{what} is an integer, not {type(value).__name__}") from None
