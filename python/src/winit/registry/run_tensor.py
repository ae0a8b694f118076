"""A tensor of a recorded run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BadInput
from ..quoting import quoted
from ..recipes import TensorRecipe
from ..recipes.indexing import check_out, checked_box
from ..recipes.references import check_tensor
from .boxes import copy_box
from .chunks import Chunks
from .literals import RegistryLiteral
from .place import Place


@dataclass(frozen=True, eq=False)
class RunTensor(TensorRecipe):
    """A tensor of a recorded run: a recipe whose bytes are checked against the record.

    `tensor[index]` and `tensor.box()` follow the rule of the command's `get`: stored chunks are read, and chunks that
    are not stored are regenerated; each chunk of 1 MiB that the box touches is checked against its recorded SHA-256
    before a byte is handed out. A stored chunk that is damaged is regenerated, with a `DamageWarning`.
    `tensor.plain()` is the recipe alone, which makes only the elements that are asked for and reads nothing.

    It pickles as the recipe with the path of the registry and the uid of the run, so that a worker process opens the
    registry itself.
    """

    place: Place | None = dataclasses.field(default=None, repr=False, compare=False)

    def chunks(self, *, threads: int | None = None) -> Iterator[bytes | memoryview]:
        """Gives the canonical bytes of the tensor: checked chunks of 1 MiB, the last of which may be shorter.

        Args:
            threads: How many threads make elements at most; all cores by default.

        Raises:
            Mismatch: If a chunk is damaged and no recipe gives its bytes.
        """
        for _, data in self._chunks(threads).iterate():
            yield data

    def recorded_digests(self) -> bytes:
        """Returns the recorded digests of the chunks, 32 bytes each, which have the digest of the tensor.

        Raises:
            Mismatch: If they do not have it.
        """
        return b"".join(self._chunks(None).digests)

    def box(
        self,
        offset: Sequence[int],
        size: Sequence[int],
        out: np.ndarray[Any, Any] | None = None,
        *,
        threads: int | None = None,
    ) -> np.ndarray[Any, Any]:
        """Reads or regenerates the box [offset, offset + size), and checks it.

        Args:
            offset: The first index on each axis.
            size: The length of the box on each axis.
            out: Where to write: an array of this shape and dtype. A new array by default. After an error its content
                is undefined.
            threads: How many threads make elements at most; all cores by default.

        Returns:
            The box, an array of the tensor's dtype.

        Raises:
            BadInput: If the box is not within the tensor, or `out` does not fit.
            Mismatch: If a chunk is damaged and no recipe gives its bytes.
            Unavailable: If the registry cannot be read now.
        """
        from ..filling import numpy_dtype

        start, length = checked_box(self.name, self.shape, offset, size)
        dtype = numpy_dtype(self.dtype)
        if out is None:
            out = np.empty(length, dtype)
        else:
            check_out(self.name, out, length, dtype)
        if 0 not in length:
            copy_box(self._chunks(threads).read, self.shape, start, length, out)
        return out

    def _chunks(self, threads: int | None) -> Chunks:
        if self.place is None:
            raise BadInput(f"{quoted(self.name)} does not belong to a recorded run")
        return Chunks(self.place, self.plain(), threads)


def recorded(tensor: TensorRecipe, place: Place, known: dict[str, RunTensor]) -> RunTensor:
    """Returns a tensor of a manifest as a tensor of a run, whose literals are in the registry.

    Args:
        tensor: The tensor.
        place: Where the run is recorded.
        known: The tensors that are made already, by name, so that a tensor and those tied to it share one source.

    Raises:
        BadInput: If the recipe is not valid.
    """
    if tensor.name in known:
        return known[tensor.name]
    source = None if tensor.source is None else recorded(tensor.source, place, known)
    values = {field.name: getattr(tensor, field.name) for field in dataclasses.fields(TensorRecipe)}
    literals = tuple(RegistryLiteral(place, bare, box) for bare, box in _literal_boxes(tensor))
    made = RunTensor(**{**values, "source": source, "literals": literals, "place": place})
    check_tensor(made)
    known[tensor.name] = made
    return known[tensor.name]


def _literal_boxes(tensor: TensorRecipe) -> Iterator[tuple[TensorRecipe, tuple[tuple[int, int], ...] | None]]:
    bare = dataclasses.replace(tensor, source=None, literals=())
    if tensor.law["law"] == "literal":
        yield bare, None
    elif tensor.law["law"] == "parts":
        for part in tensor.law["parts"]:
            if part["law"]["law"] == "literal":
                given = [(start, stop) for start, stop in part["box"]]
                yield bare, tuple(given + [(0, length) for length in tensor.shape[len(given) :]])
