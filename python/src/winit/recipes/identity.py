"""The id of a recipe and the digests of its tensors: known, computed, compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from ..caching import computed_once
from ..errors import Finding
from . import hashing, manifest
from .tensor_recipe import TensorRecipe
from .tensors import Tensors


class Identity(Tensors):
    """Tensors with a seed, whose digests may be known.

    Attributes:
        seed: The seed of the run; None for an imported run.
        id: The id, "sha256:…"; None until every digest is known.
    """

    seed: int | None
    id: str | None

    @property
    def _manifest_seed(self) -> int:
        return self.seed or 0

    def _known_id(self) -> str | None:
        if any(tensor.digest is None for tensor in self._tensors.values()):
            return None
        return manifest.run_id(self._manifest_seed, self._tensors.values())

    @computed_once
    def weights(self) -> str | None:
        """The SHA-256 over names, shapes, dtypes and digests; None until every digest is known.

        Runs with different recipes but equal bytes have equal `weights` (docs/manifest.md, "The ids").
        """
        if any(tensor.digest is None for tensor in self._tensors.values()):
            return None
        return manifest.weights_digest(self._tensors.values())

    def compute_id(self, threads: int | None = None, progress: Callable[[int, int], None] | None = None) -> str:
        """Makes and hashes every byte once; sets and returns `id`. Digests that the recipe claims are compared.

        Args:
            threads: How many threads to use at most; all cores by default.
            progress: Is called with the number of bytes that are done and of all bytes, in this thread.

        Raises:
            Mismatch: If a digest of the recipe is not that of its bytes. Then nothing is changed.
            BadInput: If a law gives a value that the dtype cannot hold, or a literal is not at hand.

        Example:
            >>> from winit import Recipe, reference
            >>> recipe = Recipe.from_laws(42, {"b": ("int64", (), reference.constant(0))})
            >>> recipe.compute_id() == recipe.id
            True
        """
        return self._set_computed(self._made_digests(self._tensors.values(), threads, progress))

    def _set_computed(self, digests: Mapping[str, str]) -> str:
        """Sets and returns `id` from the digests of all tensors, computed elsewhere (`winit.dist`).

        Args:
            digests: The tensor digest of each tensor, by name.

        Raises:
            Mismatch: If the recipe claims another digest. Then nothing is changed.
        """
        self._compare(self._tensors.values(), digests)
        self._set_digests(digests)
        assert self.id is not None, "each tensor has a digest"
        return self.id

    def verify_digests(self, threads: int | None = None, progress: Callable[[int, int], None] | None = None) -> None:
        """Makes the tensors whose digests are known, and compares them. Arguments are those of `compute_id`.

        Raises:
            Mismatch: If a digest is not that of the bytes; `findings` names each such tensor.
        """
        claimed = [tensor for tensor in self._tensors.values() if tensor.digest is not None]
        self._compare(claimed, self._made_digests(claimed, threads, progress))

    def digests(self, threads: int | None = None, progress: Callable[[int, int], None] | None = None) -> dict[str, str]:
        """Returns the tensor digest of each tensor, by name; those that are not known are computed and kept.

        Arguments are those of `compute_id`.
        """
        unknown = [tensor for tensor in self._tensors.values() if tensor.digest is None]
        made = hashing.chunk_digests(unknown, threads, progress)
        self._set_digests({name: hashing.tensor_digest(chunks) for name, chunks in made.items()})
        return {name: str(tensor.digest) for name, tensor in self._tensors.items()}

    def chunk_digests(self, name: str, threads: int | None = None) -> list[str]:
        """Computes the digests of the chunks of a tensor, of 1 MiB each (docs/law.md, "Digests").

        Args:
            name: The name of the tensor.
            threads: How many threads to use at most; all cores by default.

        Raises:
            NotFound: If there is no such tensor.
            Mismatch: If the digest of the tensor is known, and is not that of the chunks.
        """
        tensor = self[name]
        chunks = hashing.chunk_digests([tensor], threads)[name]
        self._compare([tensor], {name: hashing.tensor_digest(chunks)})
        return ["sha256:" + chunk.hex() for chunk in chunks]

    def _made_digests(
        self,
        tensors: Iterable[TensorRecipe],
        threads: int | None,
        progress: Callable[[int, int], None] | None,
    ) -> dict[str, str]:
        made = hashing.chunk_digests(tensors, threads, progress)
        return {name: hashing.tensor_digest(chunks) for name, chunks in made.items()}

    def _compare(self, tensors: Iterable[TensorRecipe], made: Mapping[str, str]) -> None:
        from ..comparing import mismatch

        findings = digest_findings(tensors, made)
        if findings:
            raise mismatch(findings, "the recipe does not give the digests that it claims")

    def _set_digests(self, made: Mapping[str, str]) -> None:
        self._replace({name: replace(self._tensors[name], digest=digest) for name, digest in made.items()})
        self.id = self._known_id()
        self.__dict__.pop("weights", None)

    def _replace(self, changed: Mapping[str, TensorRecipe]) -> None:
        """Replaces tensors, and lets those that refer to them refer to the new ones."""
        tensors = {**self._tensors, **changed}
        done = dict[str, TensorRecipe]()

        def linked(name: str) -> TensorRecipe:
            if name not in done:
                tensor = tensors[name]
                done[name] = tensor if tensor.source is None else replace(tensor, source=linked(tensor.source.name))
            return done[name]

        self._tensors = {name: linked(name) for name in self._tensors}


def digest_findings(tensors: Iterable[TensorRecipe], made: Mapping[str, str]) -> list[Finding]:
    """Returns a finding for each tensor that claims another digest than its bytes have.

    Args:
        tensors: The recipes, each with the digest that it claims.
        made: The digests of the bytes, by name.
    """
    return [
        Finding("regenerated", f"the recipe claims the digest {t.digest}, but gives {made[t.name]}", t.name)
        for t in tensors
        if t.digest is not None and t.digest != made[t.name]
    ]
