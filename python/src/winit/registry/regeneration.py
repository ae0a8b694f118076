"""The chunks of a tensor from its recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import Finding, Mismatch
from ..quoting import quoted
from ..recipes import TensorRecipe
from ..recipes.literals import CHUNK_SIZE


def has_recipe(tensor: TensorRecipe) -> bool:
    """Returns whether a law gives all bytes of a tensor, so that no part of them is a literal."""
    return not tensor.has_literal and (tensor.source is None or has_recipe(tensor.source))


class Regeneration:
    """Makes the chunks of a tensor from its recipe. A tensor that is made as a whole is made once."""

    def __init__(self, tensor: TensorRecipe, item_size: int, threads: int | None = None) -> None:
        """Prepares to make chunks; makes nothing.

        Args:
            tensor: The tensor, whose recipe gives all bytes.
            item_size: The size of an element in bytes.
            threads: How many threads to use at most.
        """
        self._tensor, self._item_size, self._threads = tensor, item_size, threads
        self._whole: memoryview | None = None

    def chunks(self, first: int, count: int) -> list[memoryview]:
        """Makes the chunks first ..< first + count."""
        start = first * CHUNK_SIZE
        stop = min(start + count * CHUNK_SIZE, self._tensor.count * self._item_size)
        data = self._range(start, stop)
        return [data[place : place + CHUNK_SIZE] for place in range(0, stop - start, CHUNK_SIZE)]

    def _range(self, start: int, stop: int) -> memoryview:
        from ..filling import fill_range

        if not self._tensor.needs_whole:
            item = self._item_size
            return _bytes(fill_range(self._tensor, start // item, (stop - start) // item, threads=self._threads))
        if self._whole is None:
            self._whole = _bytes(fill_range(self._tensor, 0, self._tensor.count, threads=self._threads))
        return self._whole[start:stop]


def _bytes(values: np.ndarray[Any, Any]) -> memoryview:
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def have_digests(chunks: Sequence[bytes | memoryview | None], digests: Sequence[bytes]) -> list[bool]:
    """Returns for each chunk whether its SHA-256 is the digest; False for a chunk that is None."""
    from ..filling import sha256

    present = [chunk for chunk in chunks if chunk is not None]
    found = iter(sha256(present))
    return [chunk is not None and next(found) == digest for chunk, digest in zip(chunks, digests, strict=True)]


def not_regenerated(tensor: TensorRecipe, chunk: int) -> Mismatch:
    """Returns the error of a chunk that has another digest than the record says."""
    what = "does not regenerate to its recorded digest"
    return Mismatch(
        f"chunk {chunk} of tensor {quoted(tensor.name)} {what}. Nothing was given out",
        [Finding("regenerated", f"chunk {chunk} {what}", tensor.name)],
    )
