"""The elements that a law fills: a tensor's, a box's, or one matrix of a batch (docs/law.md, "Words")."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .arrays import Indices, Words
from .errors import LawError
from .generator import words, words_of_extents
from .lanes import TILE

Place = tuple[int | slice, ...]
"""An index or a slice of step 1 for each axis."""

_MOST_ELEMENTS = 1 << 63
"""The indices of words, and those of the keys of `sparse` behind them, then fit in 64 bits."""

_SHORT = 1024
"""Extents that are shorter are made together, longer ones one after the other."""


@dataclass(frozen=True)
class Elements:
    """Elements, each with the word that it owns: the element at [i, j, …] that of first + i × strides[0] + j × ….

    Attributes:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        shape: The lengths of the axes.
        strides: How far apart the words of neighbors on an axis are.
        first: The index of the first element's word in the stream.
    """

    seed: int
    stream: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    first: int = 0

    @staticmethod
    def of_shape(seed: int, stream: int, shape: tuple[int, ...]) -> Elements:
        """Makes the elements of a tensor, or of a box with a stream of its own.

        Args:
            seed: The seed.
            stream: The stream.
            shape: The lengths of the axes.

        Returns:
            Elements whose words are in row-major order.

        Raises:
            LawError: If there are more than 2^63 elements.
        """
        if math.prod(shape) > _MOST_ELEMENTS:
            raise LawError(f"a tensor of the shape {list(shape)} has more than 2^63 elements")
        strides = tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
        return Elements(seed, stream, shape, strides)

    @property
    def count(self) -> int:
        """The number of elements."""
        return math.prod(self.shape)

    def __getitem__(self, place: Place) -> Elements:
        """Selects elements, as NumPy does; they keep their words. Axes that are not given stay whole."""
        first, shape, strides = self.first, list[int](), list[int]()
        for axis, (length, stride) in enumerate(zip(self.shape, self.strides, strict=True)):
            index = place[axis] if axis < len(place) else slice(None)
            if isinstance(index, slice):
                start, stop, _ = index.indices(length)
                first += start * stride
                shape.append(max(stop - start, 0))
                strides.append(stride)
            else:
                first += index * stride
        return Elements(self.seed, self.stream, tuple(shape), tuple(strides), first)

    def without_leading_ones(self) -> Elements:
        """Drops the axes of length 1 before the first longer axis; of a single element, all axes but the last."""
        ones = count_of_leading_ones(self.shape)
        return Elements(self.seed, self.stream, self.shape[ones:], self.strides[ones:], self.first)

    def tiles(self) -> Iterator[tuple[tuple[int, ...], Elements]]:
        """Cuts the elements into boxes of `TILE` elements at most, in row-major order.

        Yields:
            The offset of a box, and its elements.
        """
        for offset, size in _tiles(self.shape):
            yield offset, self[tuple(slice(o, o + n) for o, n in zip(offset, size, strict=True))]

    def words(self, offset: int = 0) -> Words:
        """Computes the elements' words.

        Args:
            offset: A number that is added to all indices.

        Returns:
            An array of the elements' shape.
        """
        length, outer = self._extents()
        first = self.first + offset
        if self.count == 0:
            return np.empty(self.shape, np.uint32)
        if outer.size == 1:
            return words(self.seed, self.stream, first + int(outer[0]), length).reshape(self.shape)
        result = np.empty((outer.size, length), np.uint32)
        if length >= _SHORT:
            for row, start in enumerate(outer.tolist()):
                result[row] = words(self.seed, self.stream, first + start, length)
        else:
            rows = max(TILE // length, 1)
            for row in range(0, outer.size, rows):
                starts = outer[row : row + rows] + np.uint64(first)
                result[row : row + rows] = words_of_extents(self.seed, self.stream, starts, length)
        return result.reshape(self.shape)

    def _extents(self) -> tuple[int, Indices]:
        """Splits the elements into contiguous extents: their length, and where each begins after the first word."""
        length, axis = 1, len(self.shape)
        while axis > 0 and (self.strides[axis - 1] == length or self.shape[axis - 1] == 1):
            axis -= 1
            length *= self.shape[axis]
        starts = np.zeros(1, np.uint64)
        for size, stride in zip(self.shape[:axis], self.strides[:axis], strict=True):
            starts = np.add.outer(starts, np.arange(size, dtype=np.uint64) * np.uint64(stride)).reshape(-1)
        return length, starts


def count_of_leading_ones(shape: tuple[int, ...]) -> int:
    """Counts the axes of length 1 before the first longer axis; of a single element, all axes but the last."""
    ones = 0
    while ones < len(shape) - 1 and shape[ones] == 1:
        ones += 1
    return ones


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Offsets and sizes of boxes of `TILE` elements at most that cover a shape in row-major order."""
    if math.prod(shape) <= TILE:
        if 0 not in shape:
            yield (0,) * len(shape), shape
        return
    inner = math.prod(shape[1:])
    if inner <= TILE:
        rows = TILE // inner
        for row in range(0, shape[0], rows):
            yield (row, *(0 for _ in shape[1:])), (min(rows, shape[0] - row), *shape[1:])
        return
    for row in range(shape[0]):
        for offset, size in _tiles(shape[1:]):
            yield (row, *offset), (1, *size)
