"""Names of tensors in a module, and in a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from ..errors import BadInput

Rename: TypeAlias = Callable[[str], str] | Mapping[str, str]
"""From names in a module to names in a run, as `lambda name: name.removeprefix("model.")`.

A mapping leaves names alone that it does not hold.
"""

_SHOWN = 10  # names in a line of an error


def name_in_run(name: str, rename: Rename | None) -> str:
    """Returns the name that a tensor of a module has in a run."""
    if rename is None:
        return name
    new = rename.get(name, name) if isinstance(rename, Mapping) else rename(name)
    if not isinstance(new, str):
        raise BadInput(f"rename gave {type(new).__name__} for `{name}`, and a name is a str. Nothing was written.")
    return new


def listed(names: list[str]) -> str:
    """Lists names for an error, the first ten of them."""
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
