"""Tensors that `init_` is asked to leave as they are."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from ..errors import BadInput
from .tensors import ModuleTensor


def split_kept(
    tensors: list[ModuleTensor], keep: str | Sequence[str]
) -> tuple[list[ModuleTensor], list[ModuleTensor], list[str]]:
    """Splits tensors into those to fill and those to keep.

    Args:
        tensors: The tensors of a module.
        keep: Patterns of names, as in a shell: `*` matches anything.

    Returns:
        The tensors to fill, the tensors to keep, and sentences about problems.

    Raises:
        BadInput: If a pattern matches nothing.
    """
    patterns = [keep] if isinstance(keep, str) else list(keep)
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for one in tensors for name in one.names):
            raise BadInput(f"keep=`{pattern}` matches no tensor of the module. Nothing was written.")
    kept = [one for one in tensors if any(fnmatchcase(name, p) for name in one.names for p in patterns)]
    problems = [
        f"`{one.name}` is to be kept, but is on the meta device and has no values"
        for one in kept
        if one.tensor.device.type == "meta"
    ]
    return [one for one in tensors if one not in kept], kept, problems
