"""A recorded run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from os import PathLike
from typing import Any, cast

from ..errors import BadInput, Finding, Mismatch
from ..recipes import Recipe, TensorRecipe
from ..recipes.display import html_table, law_summary
from ..recipes.manifest import read, weights_digest
from .file import RegistryFile, Rows
from .lookup import find, find_uid
from .place import Place
from .records import RunRecord
from .run_tensor import RunTensor, recorded
from .values import Row

_LONGEST_MANIFEST = 1 << 28  # as that of a recipe file; that of a model of 90,000 tensors has 27 MB


class Run(Recipe):
    """A recorded run: a recipe with a reference, whose tensors are checked against the record.

    The attributes are those of the record when the run was looked up. The tensors are read from the registry when they
    are first used. A run pickles as the path of the registry and the uid.

    Attributes:
        reference: The reference with the version, `gpt2:v1`.
        name: The name, `gpt2`.
        version: The version, 1 or more.
        id: The id, "sha256:…": the SHA-256 of the manifest.
        weights: The SHA-256 over names, shapes, dtypes and digests.
        seed: The seed; None for a run that was imported from a checkpoint.
        uid: 128 random bits in hexadecimal, which identify the run in any registry; "" in a registry of version 0.1.
        stored: Whether the bytes are stored; False for a recipe-only run.
        tensor_count: The number of tensors.
        parameter_count: The number of elements of all tensors that are not tied to another.
        byte_count: The size of all tensors in bytes.
        law_version: The version of the law that defines the bits.
        tool_version: The version of winit-registry that recorded the run.
        created_at: The time of creation, UTC, ISO 8601.
        environment: Machine, user and software; empty if the environment was not recorded.
        git: The git checkout, `commit` and `dirty`, or None.
        preset: The preset that the spec used, or None.
        origin: "created", or "captured" for a run that was imported from a checkpoint.
        experiment: The experiment, or None.
        tags: The tags, by key.
        note: The note, "" for none.
        parent: The uid of the run that this one is derived from, or None.
        aliases: The aliases.
        deleted_at: The time of deletion, or None.

    Example:
        >>> run = winit.Registry("winit.sqlite")["gpt2:v1"]  # doctest: +SKIP
        >>> run["transformer.wte.weight"][0:10]  # doctest: +SKIP
    """

    def __init__(self, file: RegistryFile, record: RunRecord) -> None:
        """Makes a run of its record. Use `Registry[reference]`."""
        self._file, self._record = file, record
        self.seed = None if record.imported else record.seed
        self.id = record.id
        self.reference, self.name, self.version = record.reference, record.name, record.version
        self.uid, self.stored = record.uid, record.stored
        self.weights: str = record.weights
        self.tensor_count, self.parameter_count = record.tensor_count, record.parameter_count
        self.byte_count, self.law_version = record.byte_count, record.law_version
        self.tool_version, self.created_at = record.tool_version, record.created_at
        self.environment: Mapping[str, Any] = record.environment
        self.git, self.preset = record.git, record.preset
        self.origin = "captured" if record.imported else "created"
        self.experiment, self.tags, self.note = record.experiment, record.tags, record.note
        self.parent, self.aliases, self.deleted_at = record.parent, record.aliases, record.deleted_at
        self._place = Place(file, record.reference, record.uid)
        self._read_tensors: dict[str, TensorRecipe] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles the path of the registry, and the uid."""
        return _unpickled, (self._file, self.reference, self.uid, self.id)

    def __getitem__(self, name: str) -> RunTensor:
        """Returns a tensor of the run; raises `NotFound`, with the nearest name."""
        return cast(RunTensor, super().__getitem__(name))

    def __repr__(self) -> str:
        """Returns the reference, the first digits of the id, and the sizes."""
        sizes = f"{self.tensor_count} tensors, {self.parameter_count:,} parameters"
        return f"<Run {self.reference} {self._record.id[:14]}… {sizes}>"

    @property
    def path(self) -> str:
        """The path of the registry."""
        return self._file.path

    @property
    def damaged(self) -> frozenset[str]:
        """The names of the tensors whose stored bytes were found damaged, and were regenerated, in this process."""
        return frozenset(self._place.damaged)

    @property
    def skipped_tensors(self) -> tuple[str, ...]:
        """The names of the tensors of `like` that the spec of the run skips."""
        names = self._record.details.get("skipped")
        return tuple(name for name in names if isinstance(name, str)) if isinstance(names, list) else ()

    @property
    def file_metadata(self) -> Mapping[str, Any]:
        """The `__metadata__` of an imported checkpoint."""
        metadata = self._record.details.get("metadata")
        return metadata if isinstance(metadata, dict) else {}

    @property
    def manifest(self) -> str:
        """The canonical manifest, as recorded. Its SHA-256 is the id.

        Raises:
            Mismatch: If it is not.
        """
        digest = bytes.fromhex(self._record.id.removeprefix("sha256:"))

        def body(rows: Rows) -> list[tuple[Any, ...]]:
            sql = "SELECT json FROM manifests WHERE digest = ? AND length(json) <= ? LIMIT 1"
            return rows(sql, [digest, _LONGEST_MANIFEST])

        found = self._file.read(body)
        if not found:
            raise BadInput(f"the manifest of {self.reference} is not in {self._file.shown}, or is longer than 256 MiB")
        text = Row(self._file.shown, f"the manifest of {self.reference}", "json", found[0]).text("json")
        if hashlib.sha256(text.encode("utf-8")).digest() != digest:
            raise self._contradiction("the recorded manifest does not have the run's id as its SHA-256")
        return text

    # Neither this nor `manifest` is a cached_property: the lock of one, which Python 3.11 still has, would stay locked
    # in a process that is forked while another thread reads.
    @property
    def _tensors(self) -> dict[str, TensorRecipe]:
        if self._read_tensors is None:
            self._read_tensors = self._checked_tensors()
        return self._read_tensors

    @_tensors.setter
    def _tensors(self, tensors: dict[str, TensorRecipe]) -> None:
        self._read_tensors = tensors

    def _checked_tensors(self) -> dict[str, TensorRecipe]:
        try:
            seed, tensors = read(self.manifest.encode("utf-8"), lambda *of_tensor: ())
            if seed != self._record.seed or weights_digest(tensors) != self.weights:
                raise self._contradiction("the recorded tensors differ from the manifest")
            known: dict[str, RunTensor] = {}
            return {tensor.name: recorded(tensor, self._place, known) for tensor in tensors}
        except BadInput as error:
            raise BadInput(f"{self._file.shown} is damaged: the manifest of {self.reference}: {error}") from None

    def _contradiction(self, message: str) -> Mismatch:
        return Mismatch(
            f"the record of {self.reference} contradicts itself: {message}. Nothing was given out",
            [Finding("record", message)],
        )

    @property
    def recorded_seed(self) -> int:
        """The seed of the record. For an imported run it has no meaning."""
        return self._record.seed

    def tensor_rows(self) -> list[Row]:
        """Returns the rows of the tensors, for a verification."""
        what, count = f"a tensor of {self.reference}", len(self)

        def body(rows: Rows) -> list[Row]:
            columns = "name,dtype,shape,law,stream" + (",seed" if rows.schema >= 4 else "")
            sql = f"SELECT {columns} FROM tensors WHERE run = ? ORDER BY position LIMIT ?"
            run = self._place.run_row(rows)
            found = rows(sql, [run, count + 1])
            return [Row(self._file.shown, what, columns, values) for values in found]

        return self._file.read(body)

    def recipe(self) -> Recipe:
        """Returns the recipe without the record: it makes every element itself, and reads only literals."""
        return Recipe(self.seed, [tensor.plain() for tensor in self._tensors.values()], self.id)

    def verify(self, *, stored: bool = True, regenerate: bool = True, threads: int | None = None) -> None:
        """Verifies the run as the command does: its record, its stored bytes, and what its recipes regenerate.

        The history of the registry does not change; `Registry.verify` records the result.

        Args:
            stored: Whether to read stored bytes and check their digests.
            regenerate: Whether to regenerate every chunk and check its digest. Literals are read instead.
            threads: How many threads make elements at most; all cores by default.

        Raises:
            Mismatch: If anything does not match; `findings` has each difference.
        """
        from .verification import verify

        verify(self, stored=stored, regenerate=regenerate, threads=threads)

    def compare(
        self,
        state: Mapping[str, Any] | str | PathLike[str],
        *,
        subset: bool = False,
        cast: bool = False,
        rename: Callable[[str], str] | None = None,
    ) -> list[Finding]:
        """Compares weights with the run, bit by bit (see `winit.compare`).

        Args:
            state: Arrays by name (NumPy, torch, JAX), or the path of a checkpoint.
            subset: Whether the weights may lack tensors of the run.
            cast: Whether the weights may hold the values rounded to another floating-point dtype.
            rename: Gives the name that a tensor of the weights has in the run.

        Returns:
            What differs, with the likely causes; an empty list if nothing does.

        Raises:
            BadInput: If an object is no tensor, or a file is not valid.
        """
        from ..comparing import compare

        return compare(state, self, subset=subset, cast=cast, rename=rename)

    def as_params(self) -> dict[str, str]:
        """Returns what identifies the run, for the parameters of a tracking tool (MLflow, W&B, Aim)."""
        return {
            "winit.reference": self.reference,
            "winit.id": self.id or "",
            "winit.seed": "" if self.seed is None else str(self.seed),
            "winit.weights": self.weights,
        }

    def _repr_html_(self) -> str:
        """Returns a table of the tensors for notebooks, below what is recorded of the run."""
        facts: dict[str, str | int | None] = {
            "weights": self.weights,
            "seed": self.seed,
            "created": self.created_at,
            "experiment": self.experiment,
        }
        facts |= {"tags": ", ".join(f"{key}={value}" for key, value in self.tags.items()), "note": self.note}
        title = f"{self.reference} {self.id}" + "".join(f" · {key}: {value}" for key, value in facts.items() if value)
        rows = ((t.name, str(list(t.shape)), t.dtype, law_summary(t.law)) for t in self.values())
        return html_table(title, ("tensor", "shape", "dtype", "law"), rows, len(self))


def _unpickled(file: RegistryFile, reference: str, uid: str, id: str) -> Run:
    run = Run(file, find_uid(file, uid) if uid else find(file, reference))
    if run.id != id:
        raise BadInput(f"{reference} of {file.shown} has the id {run.id}, and {id} was expected")
    return run
