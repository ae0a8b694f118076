"""The digests of a share: what one worker computes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..recipes import Recipe
from ..recipes.hashing import range_digests
from .chunk_digests import ChunkDigests, ChunkRange, checked_ranges, checked_recipe, checked_share, recipe_digest


def digests(
    recipe: Recipe,
    share: Iterable[ChunkRange],
    threads: int | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> ChunkDigests:
    """Makes and hashes the chunks of a share. The memory is bounded: a thread has 16 MiB at most, or a matrix.

    Args:
        recipe: The recipe.
        share: One of `shares`, or any other ranges of chunks.
        threads: How many threads to use at most; all cores by default. Give it where several workers share the cores
            of a machine.
        progress: Is called with the number of bytes that are done and of all bytes of the share, in this thread.

    Returns:
        The digests, which `assemble` and `compare` take.

    Raises:
        BadInput: If the recipe does not have a chunk, a law gives a value that the dtype cannot hold, or a literal is
            not at hand.

    Example:
        >>> from winit import Recipe, dist, reference
        >>> recipe = Recipe.from_laws(42, {"w": ("float32", (1024, 1024), reference.normal(std=0.02))})
        >>> done = [digests(recipe, share) for share in dist.shares(recipe, 3)]
        >>> dist.assemble(recipe, done) == recipe.compute_id()
        True
    """
    ranges = checked_share(share)
    made = range_digests(checked_ranges(checked_recipe(recipe), ranges), threads, progress)
    return ChunkDigests(recipe_digest(recipe), ranges, b"".join(digest for chunks in made for digest in chunks))
