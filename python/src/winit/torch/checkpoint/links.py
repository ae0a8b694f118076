"""Links to recipes: `winit:///path/to/gpt2.recipe.json` for a file, `winit://REF` for a run of the registry."""

from __future__ import annotations

import os
from os import PathLike
from typing import Any

from ...errors import BadInput
from ...quoting import quoted
from ...recipes import Recipe
from ..dtypes import torch_dtype
from ..sources import run_of

SCHEME = "winit://"
_LONGEST = 4096  # Linux' PATH_MAX


def recipe_at(link: str) -> Recipe:
    """Opens what a link names.

    Args:
        link: With or without `winit://`: the absolute path of a recipe file, which ends in `.json`, or a reference of a
            run in the registry ($WINIT_REGISTRY, else `winit.sqlite` in the current folder).

    Raises:
        BadInput: If the text is neither, or the file is not valid. No file was opened unless its name ends in `.json`.
        NotFound: If there is no such file or run.
        Unavailable: If a file cannot be read.

    Example:
        >>> import os, winit
        >>> laws = {"w": ("float32", (4, 3), winit.reference.normal(std=0.02))}
        >>> winit.Recipe.from_laws(42, laws).save("m.recipe.json")
        >>> recipe_at("winit://" + os.path.abspath("m.recipe.json"))
        Recipe(seed=42, 1 tensor, 12 elements)
    """
    text = link.removeprefix(SCHEME)
    if len(text) > _LONGEST or not text.isprintable():
        raise BadInput(f"{quoted(text)} is neither a path nor a reference: it is too long, or has control characters")
    if ".." in text.split("/"):
        raise BadInput(f"{quoted(link)} has the component `..`. Write the path without it")
    if not text.startswith("/"):
        import winit

        return winit.open(SCHEME + text)
    if not text.endswith(".json"):
        raise BadInput(
            f"{quoted(link)} is not the path of a recipe file, whose name ends in .json. Write "
            "winit:///path/to/NAME.json, or winit://NAME:v2 for a run"
        )
    return Recipe.load(text)


def recipe_from(source: Recipe | str | PathLike[str]) -> Recipe:
    """Returns a recipe or run, or opens the one that a link, a reference or the path of a recipe file names.

    Args:
        source: What to open.

    Raises:
        BadInput: If there is no such thing, or PyTorch lacks the dtype of a tensor.
    """
    text: Any = source if isinstance(source, Recipe) else os.fspath(source)
    recipe = recipe_at(text) if isinstance(text, str) and text.startswith(SCHEME) else run_of(source)
    for tensor in recipe.values():
        try:
            torch_dtype(tensor.dtype)
        except BadInput as error:
            raise BadInput(f"{quoted(tensor.name)}: {error}") from None
    return recipe
