"""The digests of all shares, compared with what is recorded of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from ..errors import BadInput, Finding
from ..quoting import counted, quoted
from ..recipes import Recipe, TensorRecipe
from ..recipes.identity import digest_findings
from ..recipes.literals import CHUNK_SIZE
from .assembling import Assembly
from .chunk_digests import ChunkDigests, checked_recipe, recipe_digest


def compare(recipe: Recipe, digests: Iterable[ChunkDigests], recorded: ChunkDigests | None = None) -> list[Finding]:
    """Compares the digests of all shares with what is recorded of a run.

    Args:
        recipe: The recipe. Its tensor digests are compared, where they are known.
        digests: What `winit.dist.digests` returned for each share, in any order.
        recorded: The recorded digests of all chunks, by which a finding names chunks; `winit.dist.recorded` reads them
            from a registry. A run of a registry needs none.

    Returns:
        What differs, a finding for each tensor, in the order of the recipe; an empty list if nothing does.

    Raises:
        BadInput: If a chunk is missing, digests are of another recipe, or there is nothing to compare with.
        Mismatch: If two workers disagree about a chunk.

    Example:
        >>> from winit import Recipe, dist, reference
        >>> recipe = Recipe.from_laws(42, {"w": ("float32", (1024, 1024), reference.normal(std=0.02))})
        >>> id = recipe.compute_id()
        >>> compare(recipe, [dist.digests(recipe, share) for share in dist.shares(recipe, 2)])
        []
    """
    expected = Expectation(checked_recipe(recipe), recorded)
    made = Assembly(recipe, expected.tensors)
    made.add_all(digests)
    return expected.findings(made, lambda index: f"in the digests at index {index}")


class Expectation:
    """What is known of a recipe's digests, to compare with."""

    def __init__(self, recipe: Recipe, recorded: ChunkDigests | None) -> None:
        """Checks that there is something to compare with.

        Args:
            recipe: The recipe, whose tensors may have digests.
            recorded: The digests of all its chunks, or None. Those of a run of a registry are read.

        Raises:
            BadInput: If there is nothing, or `recorded` is not about the recipe.
        """
        from ..registry import Run
        from .recording import recorded as recorded_of

        if recorded is None and isinstance(recipe, Run):
            recorded = recorded_of(recipe)
        self._recipe = recipe
        self.recorded = recorded
        self._chunks: Assembly | None = None
        if recorded is None:
            self.tensors = [tensor for tensor in recipe.values() if tensor.digest is not None]
            if not self.tensors and len(recipe):
                raise BadInput(
                    "there is nothing to compare with: no digest of the recipe is known, and no recorded digests are "
                    "given. compute_id() computes the digests"
                )
            return
        self.tensors = list(recipe.values())
        if not isinstance(recorded, ChunkDigests):
            raise BadInput(f"recorded digests are ChunkDigests, not {type(recorded).__name__}")
        if recorded.recipe != recipe_digest(recipe):
            raise BadInput("the recorded digests are those of another recipe. Give each worker the recipe of the run")
        self._chunks = Assembly(recipe, self.tensors)
        try:
            self._chunks.add_all([recorded])
        except BadInput as error:
            raise BadInput(f"the recorded digests do not fit the recipe: {error}") from None
        for name, digest in self._chunks.tensor_digests().items():
            if recipe[name].digest not in (None, digest):
                raise BadInput(
                    f"the recorded digests do not fit the recipe: the chunks of {quoted(name)} have the digest "
                    f"{digest}, and the recipe claims {recipe[name].digest}"
                )

    def findings(self, made: Assembly, maker: Callable[[int], str]) -> list[Finding]:
        """Compares the digests that were made.

        Args:
            made: The digests of all chunks of `tensors`.
            maker: Says who brought a digest, by the index.

        Returns:
            What differs, in the order of the recipe.
        """
        if self._chunks is not None:
            return [each for tensor in self.tensors if (each := self._chunk_finding(tensor, made, maker)) is not None]
        return digest_findings(self.tensors, made.tensor_digests())

    def _chunk_finding(self, tensor: TensorRecipe, made: Assembly, maker: Callable[[int], str]) -> Finding | None:
        if tensor.tied_to is not None or self._chunks is None:
            return None
        new = made.digests(tensor.name)
        wrong = np.flatnonzero(np.any(new != self._chunks.digests(tensor.name), axis=1))
        if not len(wrong):
            return None
        first = int(wrong[0])
        start, stop = first * CHUNK_SIZE, min((first + 1) * CHUNK_SIZE, tensor.byte_count)
        makers = list(dict.fromkeys(maker(int(index)) for index in made.bringers(tensor.name)[wrong]))
        by = ", ".join(makers[:8] + ([f"and {len(makers) - 8} more"] if len(makers) > 8 else []))
        message = (
            f"{len(wrong)} of {counted(len(new), 'chunk')} {'does' if len(wrong) == 1 else 'do'} not regenerate to the "
            f"recorded digest; first chunk {first} (bytes {start} to {stop - 1}), {by}"
        )
        return Finding("regenerated", message, tensor.name)
