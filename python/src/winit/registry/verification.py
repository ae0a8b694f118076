"""Verifying a run: its record, its stored bytes, and what its recipes regenerate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from .. import reference
from ..comparing import mismatch
from ..comparing.elements import Difference, coordinates, number
from ..errors import BadInput, Finding, Mismatch
from ..quoting import quoted
from ..recipes.literals import CHUNK_SIZE
from .chunks import BATCH, Chunks
from .differences import difference, difference_text
from .regeneration import has_recipe, have_digests
from .run_tensor import RunTensor

if TYPE_CHECKING:
    from .run import Run


def verify(run: Run, *, stored: bool, regenerate: bool, threads: int | None) -> None:
    """Verifies a run (see `Run.verify`)."""
    if stored and not regenerate and not run.stored:
        raise BadInput(
            f"{run.reference} is recipe-only and has no stored bytes to verify. Verify its regeneration instead"
        )
    if run.law_version != reference.LAW_VERSION:
        message = f"the run follows the law {quoted(run.law_version)}; this version executes `{reference.LAW_VERSION}`"
        raise Mismatch(f"{run.reference}: {message}", [Finding("record", message)])
    findings = list(_record_findings(run))
    # Without the rows of the tensors there are no digests of chunks.
    lacks_rows = any(finding.tensor is None for finding in findings)
    findings += _size_findings(run)
    for tensor in [] if lacks_rows else run.values():
        findings += _Verification(cast(RunTensor, tensor), run.stored and stored, regenerate, threads).findings()
    if findings:
        raise mismatch(findings, f"{run.reference} does not match its record")


def _record_findings(run: Run) -> Iterator[Finding]:
    """Compares the rows of the tensors with the manifest, whose SHA-256 is the id."""
    rows = run.tensor_rows()
    found = {row.text("name"): row for row in rows}
    if len(rows) != len(run) or len(run) != run.tensor_count or found.keys() != run.keys():
        yield Finding("record", "the recorded tensors differ from the manifest")
        return
    for name, tensor in run.items():
        row = found[name]
        expected = {
            "dtype": tensor.dtype,
            "shape": json.dumps(list(tensor.shape), separators=(",", ":")),
            "stream": str(tensor.stream),
        }
        own_seed = row.optional_text("seed")
        seed = str(run.recorded_seed) if own_seed is None else own_seed
        is_same = seed == str(tensor.seed) and row.object("law") == tensor.law
        if not is_same or any(row.text(column) != text for column, text in expected.items()):
            yield Finding("record", "the recorded tensor differs from the manifest", name)


def _size_findings(run: Run) -> Iterator[Finding]:
    """Compares the recorded numbers of parameters and bytes with the tensors."""
    parameters = sum(tensor.count for tensor in run.values() if tensor.tied_to is None)
    byte_count = sum(tensor.byte_count for tensor in run.values())
    for what, recorded, counted in (
        ("parameters", run.parameter_count, parameters),
        ("bytes", run.byte_count, byte_count),
    ):
        if recorded != counted:
            yield Finding("record", f"the recorded number of {what} is {recorded}, and the tensors have {counted}")


class _Verification:
    """Verifies the chunks of one tensor."""

    def __init__(self, tensor: RunTensor, stored: bool, regenerate: bool, threads: int | None) -> None:
        self._tensor, self._stored, self._regenerate, self._threads = tensor, stored, regenerate, threads
        self._unreadable, self._damaged, self._wrong = list[int](), list[int](), list[int]()
        self._damage: Difference | None = None
        self._error: Difference | None = None

    def findings(self) -> Iterator[Finding]:
        assert self._tensor.place is not None
        try:
            self._tensor.place.digests.pop(self._tensor.name, None)  # they are read again
            chunks = Chunks(self._tensor.place, self._tensor.plain(), self._threads)
        except Mismatch as error:
            yield from (finding for finding in error.findings if isinstance(finding, Finding))
            return
        for start in range(0, chunks.count, BATCH):
            self._check(chunks, range(start, min(start + BATCH, chunks.count)))
        cause = "the registry file was damaged"
        if self._damage is not None:
            cause += "; the recipe still gives the right bytes"
        yield from self._finding("stored", self._unreadable, "are missing or cannot be read", None, chunks)
        yield from self._finding("stored", self._damaged, "are stored with other bytes", self._damage, chunks, cause)
        yield from self._finding("regenerated", self._wrong, "do not regenerate to their digests", self._error, chunks)

    def _check(self, chunks: Chunks, indices: range) -> None:
        has_law = has_recipe(self._tensor)
        read: list[bytes | None] = [None] * len(indices)
        if self._stored or not has_law:  # nothing regenerates a literal, so its stored bytes are always verified
            _, read = chunks.stored(indices)
        made: list[bytes | memoryview | None] = [None] * len(indices)
        if self._regenerate and has_law:
            made = list(chunks.made(indices.start, len(indices)))
        expected = chunks.digests[indices.start : indices.stop]
        right, right_made = have_digests(read, expected), have_digests(made, expected)
        for index, stored, regenerated, is_right, is_made in zip(indices, read, made, right, right_made, strict=True):
            if (self._stored or not has_law) and not is_right:
                (self._unreadable if stored is None else self._damaged).append(index)
                if stored is not None and regenerated is not None and is_made:
                    self._damage = self._joined(self._damage, regenerated, stored, index)
            if regenerated is not None and not is_made:
                self._wrong.append(index)
                if stored is not None and is_right:
                    self._error = self._joined(self._error, stored, regenerated, index)

    def _joined(
        self, before: Difference | None, expected: bytes | memoryview, found: bytes | memoryview, index: int
    ) -> Difference | None:
        new = difference(self._tensor, expected, found, index * CHUNK_SIZE)
        if before is None or new is None:
            return before or new
        before.count += new.count
        return before

    def _finding(
        self,
        kind: str,
        indices: list[int],
        what: str,
        found: Difference | None,
        chunks: Chunks,
        cause: str | None = None,
    ) -> Iterator[Finding]:
        if not indices:
            return
        ranges = [f"{i * CHUNK_SIZE} to {min((i + 1) * CHUNK_SIZE, chunks.byte_count) - 1}" for i in indices[:3]]
        bytes_text = "bytes " + ", ".join(ranges) + (", …" if len(indices) > 3 else "")
        message = f"{len(indices)} of {chunks.count} chunks ({bytes_text}) {what}"
        if found is None:
            yield Finding(kind, message, self._tensor.name, likely_cause=cause)
            return
        dtype, shape = self._tensor.dtype, self._tensor.shape
        yield Finding(
            kind,
            f"{message}; {difference_text(self._tensor, found)}",
            self._tensor.name,
            coordinates(found.element, shape),
            number(found.expected, dtype),
            number(found.found, dtype),
            found.count,
            cause,
        )
