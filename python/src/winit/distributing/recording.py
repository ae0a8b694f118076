"""The chunk digests that a registry records of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from ..errors import BadInput
from ..recipes.hashing import chunk_count
from .chunk_digests import ChunkDigests, ChunkRange, recipe_digest

if TYPE_CHECKING:
    from ..registry import Run, RunTensor


def recorded(run: Run) -> ChunkDigests:
    """Reads the recorded digests of all chunks of a run, so that workers without the registry can compare with them.

    Args:
        run: A run of a registry. A recipe file has the digests of tensors only.

    Returns:
        The digests, each tensor's checked against the digest in the manifest.

    Raises:
        BadInput: If it is not a run.
        Mismatch: If the record contradicts itself.
        Unavailable: If the registry cannot be read now.

    Example:
        >>> import winit
        >>> recorded(winit.Recipe.from_laws(42, {}))
        Traceback (most recent call last):
            ...
        winit.errors.BadInput: a run of a registry is expected, not Recipe; winit.open(reference) gives one. ...
    """
    from ..registry import Run

    if not isinstance(run, Run):
        kind = type(run).__name__
        raise BadInput(
            f"a run of a registry is expected, not {kind}; winit.open(reference) gives one. A recipe records no "
            "digests of chunks"
        )
    own = [cast("RunTensor", tensor) for tensor in run.values() if tensor.tied_to is None and chunk_count(tensor)]
    ranges = tuple(ChunkRange(tensor.name, 0, chunk_count(tensor)) for tensor in own)
    return ChunkDigests(recipe_digest(run), ranges, b"".join(tensor.recorded_digests() for tensor in own))
