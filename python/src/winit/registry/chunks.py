"""The chunks of a recorded tensor: stored ones are read, others are regenerated, and each is checked before its use."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterator

from ..errors import Finding, Mismatch
from ..quoting import quoted
from ..recipes import TensorRecipe
from ..recipes.dtypes import BITS
from ..recipes.literals import CHUNK_SIZE
from .file import Rows
from .place import Place
from .regeneration import Regeneration, has_recipe, have_digests, not_regenerated
from .sqlite import Damaged

BATCH = 16
"""How many chunks are read in one transaction, as in the command, so that a writer waits for a few milliseconds."""


class DamageWarning(UserWarning):
    """Stored bytes of a registry are damaged. The bytes that were given out were regenerated and are right."""


class Chunks:
    """The chunks of one tensor of a run."""

    def __init__(self, place: Place, tensor: TensorRecipe, threads: int | None = None) -> None:
        """Reads the digests of the chunks, and checks them against the digest of the tensor.

        Args:
            place: Where the run is recorded.
            tensor: The tensor, as the manifest describes it.
            threads: How many threads make elements at most.

        Raises:
            Mismatch: If the record contradicts itself.
        """
        self._place, self._tensor = place, tensor
        self.byte_count = tensor.byte_count
        digests = place.digests.get(tensor.name)
        if digests is None:
            row = place.file.read(lambda rows: place.row(rows, "t.chunk_digests", tensor.name))
            digests = row.blob("t.chunk_digests")
        self.count = -(-self.byte_count // CHUNK_SIZE)
        if len(digests) != 32 * self.count or "sha256:" + hashlib.sha256(digests).hexdigest() != tensor.digest:
            what = "its digest is not the digest of its chunk digests"
            raise Mismatch(
                f"the record of {place.reference} contradicts itself: tensor {quoted(tensor.name)}: {what}. "
                "Nothing was given out",
                [Finding("record", what, tensor.name)],
            )
        place.digests[tensor.name] = digests
        self.digests = [digests[start : start + 32] for start in range(0, len(digests), 32)]
        self._regeneration = None
        if has_recipe(tensor):  # then an element has whole bytes
            self._regeneration = Regeneration(tensor, BITS[tensor.dtype] // 8, threads)

    def read(self, start: int, stop: int) -> bytes | memoryview:
        """Returns the bytes start ..< stop of the tensor. All chunks that they touch are checked."""
        first, last = start // CHUNK_SIZE, -(-stop // CHUNK_SIZE)
        pieces = [chunk for _, chunk in self.iterate(first, last)]
        data: bytes | memoryview = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return memoryview(data)[start - first * CHUNK_SIZE : stop - first * CHUNK_SIZE]

    def iterate(self, first: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes | memoryview]]:
        """Gives the chunks first ..< stop, each with its index.

        Raises:
            Mismatch: If a chunk is damaged and no recipe gives its bytes.
        """
        stop = self.count if stop is None else stop
        for start in range(first, stop, BATCH):
            indices = range(start, min(start + BATCH, stop))
            yield from zip(indices, self._checked(indices), strict=True)

    def stored(self, indices: range) -> tuple[bool, list[bytes | None]]:
        """Reads stored chunks in one transaction, without a check.

        Returns:
            Whether the tensor must be stored, and each chunk: None if it is not in the file or cannot be read.
        """
        try:
            return self._place.file.read(lambda rows: self._select(rows, indices))
        except Damaged:
            if len(indices) == 1:
                return True, [None]
        found = [self.stored(range(index, index + 1)) for index in indices]
        return True, [data[0] for _, data in found]

    def _select(self, rows: Rows, indices: range) -> tuple[bool, list[bytes | None]]:
        row = self._place.row(rows, "t.id, r.stored", self._tensor.name)
        # The condition on the length keeps SQLite from reading a value that is too long.
        found = rows(
            "SELECT tc.position, c.bytes FROM tensor_chunks tc JOIN chunks c ON c.id = tc.chunk "
            f"WHERE tc.tensor = ? AND tc.position BETWEEN ? AND ? AND length(c.bytes) <= {CHUNK_SIZE} LIMIT ?",
            [row.integer("t.id", highest=(1 << 63) - 1), indices.start, indices.stop - 1, len(indices)],
        )
        by_position = {position: data for position, data in found if isinstance(data, bytes)}
        must_be_stored = row.integer("r.stored") == 1 or self._regeneration is None
        return must_be_stored, [by_position.get(index) for index in indices]

    def _checked(self, indices: range) -> list[bytes | memoryview]:
        recent = self._place.file.recent
        known = [recent.get(self.digests[index]) for index in indices]
        if all(data is not None for data in known):
            return [data for data in known if data is not None]
        must_be_stored, found = self.stored(indices)
        result: list[bytes | memoryview | None] = [
            data if is_right else None
            for data, is_right in zip(found, have_digests(found, self._expected(indices)), strict=True)
        ]
        missing = [index for index, data in zip(indices, result, strict=True) if data is None]
        damaged = [index for index in missing if must_be_stored or found[index - indices.start] is not None]
        if damaged:
            self._report_damage(damaged[0])
        if missing:
            # One range, so that all threads work on it; the chunks between are few, because damage is rare.
            made = self.regenerated(missing[0], missing[-1] + 1 - missing[0])
            for index in missing:
                result[index - indices.start] = made[index - missing[0]]
        checked = [data for data in result if data is not None]
        if len(checked) == 1:
            recent.add(self.digests[indices.start], checked[0])
        return checked

    def _expected(self, indices: range) -> list[bytes]:
        return self.digests[indices.start : indices.stop]

    def regenerated(self, first: int, count: int) -> list[memoryview]:
        """Makes chunks from the recipe and checks them."""
        if self._regeneration is None:
            raise Mismatch(
                f"chunk {first} of tensor {quoted(self._tensor.name)} of {self._place.reference} is damaged, and the "
                "bytes of a literal cannot be regenerated. Nothing was given out",
                [Finding("stored", "a chunk is missing or damaged", self._tensor.name)],
            )
        made = self.made(first, count)
        are_right = have_digests(made, self._expected(range(first, first + count)))
        if not all(are_right):
            raise not_regenerated(self._tensor, first + are_right.index(False))
        return made

    def made(self, first: int, count: int) -> list[memoryview]:
        """Makes chunks from the recipe, without a check. A literal has none."""
        return [] if self._regeneration is None else self._regeneration.chunks(first, count)

    def _report_damage(self, index: int) -> None:
        name = self._tensor.name
        if name in self._place.damaged or self._regeneration is None:
            return
        self._place.damaged.add(name)
        warnings.warn(
            f"chunk {index} of tensor {quoted(name)} of {self._place.reference} is damaged in "
            f"{self._place.file.shown}; the bytes that are given out were regenerated from its recipe. "
            "`winit-registry doctor --repair` repairs it",
            DamageWarning,
            stacklevel=2,
        )
