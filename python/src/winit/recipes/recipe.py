"""The recipe of a run: a run without its registry."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from typing import Any

import numpy as np

from ..errors import BadInput, NotFound
from ..quoting import counted, quoted
from . import files, hashing, manifest
from .checking import checked_seed
from .display import recipe_html, recipe_text
from .identity import Identity
from .laws import has_literal
from .literals import BytesLiteral, Literal
from .references import check_tensor
from .tensor_recipe import TensorRecipe


class Recipe(Identity):
    """A run without its registry: seed and tensors, by name, in the order of a manifest.

    `recipe.json` is a JSON file of kilobytes that a person can review and git can diff (docs/sharing.md). Everything in
    it is checked when it is made; a recipe that exists can be filled.

    **What `id` proves.** It is the SHA-256 of the manifest (docs/manifest.md), digests included. A recipe from a file
    has the digests that the file claims: its id proves that this is the recipe that the id names, and not yet that the
    digests are those of its bytes. `compute_id()` makes every byte, compares each claim, and proves both.

    Attributes:
        seed: The seed of the run; None for an imported run of a registry, which has none.
        id: The id, "sha256:…"; None until every digest is known.

    Example:
        >>> import winit
        >>> from winit import reference
        >>> recipe = Recipe.from_laws(42, {"w": ("float32", (300, 1024), reference.normal(std=0.02))})
        >>> recipe["w"][0, :2]
        array([-0.02363875,  0.02877587], dtype=float32)
        >>> recipe.id is None
        True
    """

    def __init__(self, seed: int | None, tensors: Iterable[TensorRecipe], id: str | None = None) -> None:
        """Makes a recipe.

        Args:
            seed: The seed of the run, 0 ..< 2^64; None for an imported run.
            tensors: The tensors, in any order, with those that `same_as` and `norm_of` name.
            id: The id, if it is known; it must be that of the manifest.

        Raises:
            BadInput: If two tensors have one name, a tensor is not valid, or the id is not that of the manifest.
        """
        self.seed = None if seed is None else checked_seed(seed)
        self._tensors: dict[str, TensorRecipe] = {}
        tensors = list(tensors)
        for tensor in tensors:
            check_tensor(tensor)
        for tensor in sorted(tensors, key=lambda t: t.name.encode("utf-8")):
            if tensor.name in self._tensors:
                raise BadInput(f"two tensors have the name {quoted(tensor.name)}")
            self._tensors[tensor.name] = tensor
        for tensor in tensors:
            if tensor.source is not None and self._tensors.get(tensor.source.name) != tensor.source:
                raise BadInput(
                    f"tensor {quoted(tensor.name)} refers to {quoted(tensor.source.name)}, which is not in the recipe"
                )
        self.id: str | None = self._known_id()
        if id is not None and self.id != id:
            raise BadInput(f"the recipe does not have the id {quoted(id)}")

    @classmethod
    def from_laws(cls, seed: int, tensors: Mapping[str, tuple[str, tuple[int, ...], Mapping[str, Any]]]) -> Recipe:
        """Makes a recipe from laws; each tensor has the stream of its name.

        Args:
            seed: The seed of the run, 0 ..< 2^64.
            tensors: Dtype, shape and law of each tensor, by name. The constructors of `winit.reference` make laws.

        Raises:
            BadInput: If a value is not valid.

        Example:
            >>> from winit import reference
            >>> Recipe.from_laws(1, {"w": ("float16", (2,), reference.uniform(-1, 1)),
            ...                      "tied": ("float16", (2,), {"law": "same_as", "name": "w"})})
            Recipe(seed=1, 2 tensors, 2 elements)
        """
        from ..specs import Spec, SpecTensor

        made = [SpecTensor(name, tuple(shape), dtype, law) for name, (dtype, shape, law) in tensors.items()]
        recipe = Spec(tuple(made)).recipe(seed)
        return cls(recipe.seed, recipe.values())

    # Files

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Recipe:
        """Reads a recipe file: what `save` and `export --manifest` write, in any layout of the JSON.

        The bytes of literals stay in the file beside it, `NAME.literals.safetensors`, and are read when they are
        needed. They are compared with their digests then.

        Args:
            path: The path of the JSON.

        Returns:
            The recipe. Its digests are what the file claims: see the class.

        Raises:
            BadInput: If a file is not valid; the text names file, tensor and member.
            NotFound: If the file, or the file of its literals, does not exist.
            Unavailable: If a file cannot be read.
        """
        seed, tensors = files.load(path)
        try:
            return Recipe(seed, tensors)
        except BadInput as error:
            raise BadInput(f"{os.path.abspath(path)}: {error}") from None

    @classmethod
    def loads(cls, text: str | bytes, literals: Mapping[str, bytes | Sequence[bytes]] | None = None) -> Recipe:
        """Reads a recipe from a text.

        Args:
            text: The JSON.
            literals: By the name of each tensor that holds literals, the canonical bytes of the tensor; or a list of
                the given bytes of its literals, in the order of its parts.

        Raises:
            BadInput: If the text is not a valid recipe, or the bytes of a literal are missing or do not fit.

        Example:
            >>> from winit import reference
            >>> recipe = Recipe.from_laws(42, {"b": ("int64", (3,), reference.constant(0))})
            >>> Recipe.loads(recipe.dumps()) == recipe
            True
        """

        def find(
            name: str, dtype: str, shape: tuple[int, ...], law: Mapping[str, Any], digest: str | None
        ) -> tuple[Literal, ...]:
            if not has_literal(law):
                return ()
            data = (literals or {}).get(name)
            if data is None:
                raise BadInput(f"the bytes of the literal {quoted(name)} are missing; pass them as `literals`")
            if not isinstance(data, bytes | bytearray | memoryview):
                return tuple(BytesLiteral(bytes(each)) for each in data)
            if digest is not None and hashing.bytes_digest(data) != digest:
                raise BadInput(f"the bytes of the literal {quoted(name)} do not have the digest {digest}")
            return files.split(BytesLiteral(bytes(data)), law, dtype, shape)

        return Recipe(*manifest.read(text.encode("utf-8") if isinstance(text, str) else bytes(text), find))

    def dumps(self) -> str:
        """Returns the JSON text with a line for each tensor. It has no bytes of literals; `save` writes them."""
        return manifest.lines_text(self._manifest_seed, self._tensors.values())

    def save(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Writes a recipe file, as `export --manifest` does, and literals beside it. All files appear, or none.

        Args:
            path: The path, which ends in `.json`.
            force: Replace files that exist.

        Raises:
            BadInput: If a file exists, or the path does not end in `.json`.
            NotFound: If the folder does not exist.
            Unavailable: If a file cannot be written.
        """
        files.save(path, self._manifest_seed, self._tensors.values(), self.id, force)

    def to_manifest(self) -> str:
        """Returns the canonical manifest, whose SHA-256 is the id (docs/manifest.md).

        Raises:
            BadInput: If a digest is not known; `compute_id()` computes them.
        """
        unknown = [tensor.name for tensor in self._tensors.values() if tensor.digest is None]
        if unknown:
            raise BadInput(f"the digest of {quoted(unknown[0])} is not known; compute_id() computes all of them")
        return manifest.canonical_text(self._manifest_seed, self._tensors.values())

    # Elements

    def arrays(self) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
        """Makes every tensor, one after the other.

        Yields:
            Name and array, in the order of the names.
        """
        for name, tensor in self.items():
            yield name, tensor[...]

    # Other recipes

    def with_seed(self, seed: int) -> Recipe:
        """Returns the recipe of the same run with another seed. Tensors with a seed of their own keep it.

        Args:
            seed: The seed, 0 ..< 2^64.

        Raises:
            BadInput: If the seed is not valid.
        """
        seed = checked_seed(seed)

        def changed(tensor: TensorRecipe, source: TensorRecipe | None) -> TensorRecipe:
            own = tensor.seed if tensor.seed != self._manifest_seed else seed
            kept = tensor.digest if own == tensor.seed or not tensor.is_random else None
            return replace(tensor.plain(), seed=own, digest=kept, source=source)

        return self._mapped(seed, changed)

    def rename(self, name: Callable[[str], str]) -> Recipe:
        """Returns this recipe with other names. The bits stay: each tensor keeps the stream that its first name gave.

        Args:
            name: Gives the new name of a tensor from its name.

        Returns:
            The recipe. Its id differs, because names are part of it; each digest stays.

        Raises:
            BadInput: If two tensors would have one name, or a name is not valid.
        """
        from .. import reference

        def changed(tensor: TensorRecipe, source: TensorRecipe | None) -> TensorRecipe:
            law = tensor.law
            if source is not None:
                law = {**law, "name": source.name}
            text = reference.canonical_json(law).decode("utf-8")
            return replace(tensor.plain(), name=name(tensor.name), law_text=text, source=source)

        return self._mapped(self.seed, changed)

    def select(self, *patterns: str) -> Recipe:
        """Returns the recipe of some tensors, which keep their bits.

        A selected tensor that is tied to one that is not selected has the law of that one; a tensor whose norm is
        selected is selected too.

        Args:
            patterns: Patterns of names, in which `*` stands for any characters and `?` for one.

        Raises:
            NotFound: If a pattern matches no tensor.
        """
        from ..globs import matches

        chosen = set[str]()
        for pattern in patterns:
            found = {name for name in self._tensors if matches(pattern, name)}
            if not found:
                raise NotFound(f"no tensor matches {quoted(pattern)}")
            chosen |= found
        kept = dict[str, TensorRecipe]()

        def keep(tensor: TensorRecipe) -> None:
            source = tensor.source
            if source is not None and tensor.tied_to is not None and source.name not in chosen:
                tensor = replace(source, name=tensor.name, digest=tensor.digest)
                source = tensor.source
            kept[tensor.name] = tensor.plain()
            if source is not None and source.name not in kept:
                keep(source)

        for name in self._tensors:
            if name in chosen:
                keep(self._tensors[name])
        return Recipe(self.seed, kept.values())

    def _mapped(self, seed: int | None, change: Callable[[TensorRecipe, TensorRecipe | None], TensorRecipe]) -> Recipe:
        made = dict[str, TensorRecipe]()

        def changed(tensor: TensorRecipe) -> TensorRecipe:
            if tensor.name not in made:
                made[tensor.name] = change(tensor, None if tensor.source is None else changed(tensor.source))
            return made[tensor.name]

        return Recipe(seed, [changed(tensor) for tensor in self._tensors.values()])

    def __eq__(self, other: object) -> bool:
        """Returns whether another recipe has the same seed and equal tensors."""
        if not isinstance(other, Recipe):
            return NotImplemented
        return self.seed == other.seed and self._tensors == other._tensors

    def __hash__(self) -> int:
        """Returns the hash of seed and tensors."""
        return hash((self.seed, *self._tensors.values()))

    def __repr__(self) -> str:
        """Returns seed, id and size on one line."""
        return recipe_text(self, counted(len(self), "tensor"))

    def _repr_html_(self) -> str:
        """Returns a table of the tensors for notebooks."""
        return recipe_html(self)
