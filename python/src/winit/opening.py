"""One function that opens a recipe or a run, whatever names it."""

from __future__ import annotations

import os
from os import PathLike

from .errors import BadInput
from .quoting import quoted
from .recipes import Recipe


def open(reference: str | PathLike[str], registry: str | PathLike[str] | None = None) -> Recipe:
    """Opens a recipe file, or a run of a registry.

    Args:
        reference: The path of a recipe file, which ends in `.json`; or a reference of a run: `gpt2`, `gpt2:v2`,
            `gpt2:baseline`, `gpt2@sha256:e6dc`, also written as `winit://gpt2:v2`. `winit:///path/to/gpt2.json` is a
            recipe file.
        registry: The registry file for a reference. By default $WINIT_REGISTRY, else `winit.sqlite` in the current
            folder.

    Returns:
        A `Recipe` for a file, a `Run` for a reference.

    Raises:
        NotFound: If there is no such file or run.
        BadInput: If a file is not valid, a link has a relative path, or a reference has another form.
        Unavailable: If a file cannot be read.

    Example:
        >>> import winit
        >>> laws = {"w": ("float32", (4, 3), winit.reference.normal(std=0.02))}
        >>> winit.Recipe.from_laws(42, laws).save("recipe.json")
        >>> open("recipe.json")
        Recipe(seed=42, 1 tensor, 12 elements)
    """
    text = os.fspath(reference)
    if not isinstance(text, str):
        raise BadInput("a reference or a path must be a str")
    scheme, is_link, rest = text.partition("://")
    if is_link:
        if scheme != "winit":
            raise BadInput(f"{scheme}:// is not read here; a link to a run begins with winit://")
        text = rest
        if text.endswith(".json") and not text.startswith("/"):
            raise BadInput(
                f"{quoted('winit://' + text)} is no link to a file: its path is relative. Write winit:///path/to/NAME.json"
            )
    is_file_link = text.startswith("/") and is_link  # winit:///path/to/gpt2.json
    if isinstance(reference, PathLike) or (text.endswith(".json") and (is_file_link or not is_link)):
        return Recipe.load(text)
    from .registry import Registry

    return Registry(registry)[text]
