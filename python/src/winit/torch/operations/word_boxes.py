"""Boxes of words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from .words import words, words_at


@dataclass(frozen=True)
class WordBox:
    """A box within the axes that count its words.

    Attributes:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        shape: The axes that count the words, row-major: the tensor's, or those of a part with a stream of its own.
        offset: The first index of the box on each of these axes.
        size: The lengths of the box.
    """

    seed: int
    stream: int
    shape: tuple[int, ...]
    offset: tuple[int, ...]
    size: tuple[int, ...]

    def box(self, place: Sequence[int], size: Sequence[int]) -> WordBox:
        """Returns a box of the box."""
        offset = tuple(start + step for start, step in zip(self.offset, place, strict=True))
        return replace(self, offset=offset, size=tuple(size))

    def words(self, device: torch.device) -> torch.Tensor:
        """Makes the words of the box, int32 bit patterns in its shape."""
        strides = [math.prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]
        first = sum(start * stride for start, stride in zip(self.offset, strides, strict=True))
        if self._is_contiguous():
            return words(self.seed, self.stream, first, math.prod(self.size), device).reshape(self.size)
        index = torch.full((), first, dtype=torch.int64, device=device)
        for axis, (length, stride) in enumerate(zip(self.size, strides, strict=True)):
            along = torch.arange(length, dtype=torch.int64, device=device) * stride
            index = index + along.reshape([-1 if k == axis else 1 for k in range(len(self.size))])
        return words_at(self.seed, self.stream, index)

    def _is_contiguous(self) -> bool:
        longer = [axis for axis, length in enumerate(self.size) if length != 1]
        return not longer or self.size[longer[0] + 1 :] == self.shape[longer[0] + 1 :]
