"""Literals whose bytes are in a registry."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ..recipes import TensorRecipe
from ..recipes.dtypes import BITS, byte_count
from .boxes import copy_box
from .chunks import Chunks
from .place import Place


@dataclass(frozen=True)
class RegistryLiteral:
    """Given bytes in a registry, which pickle as the path of the registry and the uid of the run.

    Attributes:
        place: Where the run is recorded.
        tensor: The tensor that holds the bytes, as the manifest describes it.
        box: The box of a literal part: the first index and the one after the last, on each axis. None for a whole
            tensor.
    """

    place: Place
    tensor: TensorRecipe
    box: tuple[tuple[int, int], ...] | None = None

    @property
    def byte_count(self) -> int:
        """The number of bytes."""
        count = self.tensor.count if self.box is None else math.prod(stop - start for start, stop in self.box)
        return byte_count(self.tensor.dtype, count)

    def read(self, start: int, stop: int) -> bytes:
        """Reads the bytes start ..< stop. Every chunk that they touch is checked.

        Raises:
            Mismatch: If a chunk is damaged.
            Unavailable: If the registry cannot be read.
        """
        stop = min(stop, self.byte_count)
        if start >= stop:
            return b""
        chunks = Chunks(self.place, self.tensor)
        if self.box is None:
            return bytes(chunks.read(start, stop))
        # Only the rows of the box that hold the bytes.
        item = BITS[self.tensor.dtype] // 8
        offset, size = [start for start, _ in self.box], [stop - start for start, stop in self.box]
        row = math.prod(size[1:]) * item
        first, last = start // row, -(-stop // row)
        offset[0] += first
        size[0] = last - first
        out = np.empty(size, np.dtype(f"V{item}"))
        copy_box(chunks.read, self.tensor.shape, tuple(offset), tuple(size), out)
        return out.tobytes()[start - first * row : stop - first * row]
