"""The digests of all shares, put together: the id."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..comparing import mismatch
from ..errors import BadInput, Finding
from ..quoting import counted, quoted
from ..recipes import Recipe, TensorRecipe
from ..recipes.hashing import chunk_count, tensor_digest
from .chunk_digests import ChunkDigests, checked_ranges, checked_recipe, recipe_digest


def assemble(recipe: Recipe, digests: Iterable[ChunkDigests]) -> str:
    """Computes the id from the digests of all shares; sets and returns `recipe.id`, as `recipe.compute_id()` does.

    The id is the same for any number of workers. Digests that the recipe claims are compared.

    Args:
        recipe: The recipe.
        digests: What `winit.dist.digests` returned for each share, in any order. A chunk may come several times, as
            after a repeated task.

    Returns:
        The id, "sha256:…".

    Raises:
        BadInput: If a chunk is missing, or digests are of another recipe.
        Mismatch: If two workers disagree about a chunk, or the recipe claims another digest. Then nothing is changed.

    Example:
        >>> from winit import Recipe, dist, reference
        >>> recipe = Recipe.from_laws(42, {"w": ("float32", (1024, 1024), reference.normal(std=0.02))})
        >>> first, second = dist.shares(recipe, 2)
        >>> done = [dist.digests(recipe, first)]
        >>> assemble(recipe, done)
        Traceback (most recent call last):
            ...
        winit.errors.BadInput: 2 of 4 chunks are missing, first chunk 2 of `w`. Pass the digests of all shares
        >>> assemble(recipe, [*done, dist.digests(recipe, second)])[:15]
        'sha256:28ee8480'
    """
    made = Assembly(checked_recipe(recipe), recipe.values())
    made.add_all(digests)
    return recipe._set_computed(made.tensor_digests())


class Assembly:
    """The digests of the chunks of tensors, as the workers bring them."""

    def __init__(self, recipe: Recipe, tensors: Iterable[TensorRecipe]) -> None:
        """Begins without digests.

        Args:
            recipe: The recipe.
            tensors: The tensors of it whose chunks are needed. For a tied one, those of its target are.
        """
        self._recipe, self._digest = recipe, recipe_digest(recipe)
        needed = {tensor.tied_to or tensor.name for tensor in tensors}
        self._needed = {name: chunk_count(tensor) for name, tensor in recipe.items() if name in needed}
        own = (tensor for tensor in recipe.values() if tensor.tied_to is None)
        self._made = {tensor.name: np.zeros((chunk_count(tensor), 32), np.uint8) for tensor in own}
        self._bringers = {name: np.full(len(made), -1, np.int64) for name, made in self._made.items()}

    def add_all(self, digests: Iterable[ChunkDigests]) -> None:
        """Adds the digests of all shares, and checks that no chunk is missing."""
        if isinstance(digests, ChunkDigests):
            raise BadInput("the digests of all shares are a list of ChunkDigests, not one of them")
        for index, each in enumerate(digests):
            self._add(index, each)
        missing = {name: np.flatnonzero(self._bringers[name] < 0) for name in self._needed}
        lacking = [name for name, chunks in missing.items() if len(chunks)]
        if lacking:
            count, total = sum(len(chunks) for chunks in missing.values()), sum(self._needed.values())
            raise BadInput(
                f"{count} of {counted(total, 'chunk')} are missing, first chunk {missing[lacking[0]][0]} of "
                f"{quoted(lacking[0])}. Pass the digests of all shares"
            )

    def _add(self, index: int, digests: ChunkDigests) -> None:
        if not isinstance(digests, ChunkDigests):
            kind = type(digests).__name__
            raise BadInput(f"index {index} of the list is a {kind}, and not the ChunkDigests that `digests` returns")
        if digests.recipe != self._digest:
            raise BadInput(
                f"the digests at index {index} are of another recipe. Give each worker the same recipe, as by its file"
            )
        rows = np.frombuffer(digests.digests, np.uint8).reshape(-1, 32)
        place = 0
        for tensor, start, stop in checked_ranges(self._recipe, digests.ranges):
            new, place = rows[place : place + stop - start], place + stop - start
            made, bringers = self._made[tensor.name][start:stop], self._bringers[tensor.name][start:stop]
            differing = np.flatnonzero((bringers >= 0) & np.any(made != new, axis=1))
            if len(differing):
                chunk = int(differing[0])
                message = (
                    f"chunk {start + chunk} has the digest {bytes(made[chunk]).hex()} at index {bringers[chunk]} and "
                    f"{bytes(new[chunk]).hex()} at index {index}"
                )
                raise mismatch([Finding("regenerated", message, tensor.name)], "two workers made different bytes")
            made[...], bringers[...] = new, index

    def digests(self, name: str) -> np.ndarray[Any, Any]:
        """Returns the digests of the chunks of a tensor, uint8 [chunks, 32]."""
        return self._made[name]

    def bringers(self, name: str) -> np.ndarray[Any, Any]:
        """Returns the index of the worker that brought the digest of each chunk of a tensor, int64 [chunks]."""
        return self._bringers[name]

    def tensor_digests(self) -> dict[str, str]:
        """Returns the digest of each tensor, "sha256:…"; a tied one has that of its target."""
        made = {name: tensor_digest([self._made[name].tobytes()]) for name in self._needed}
        targets = {name: tensor.tied_to or name for name, tensor in self._recipe.items()}
        return {name: made[target] for name, target in targets.items() if target in made}
