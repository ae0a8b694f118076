"""The elements that a law fills: a tensor's, a box's, or one matrix of a batch (docs/law.md, "Words")."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .arrays import Indices, Words
from .generator import words_at


@dataclass(frozen=True)
class Elements:
    """Elements, each with the word that it owns.

    Attributes:
        seed: The seed, 0 ..< 2^64.
        stream: The stream, 0 ..< 2^64.
        indices: The index of each element's word in the stream; its shape is the shape of the elements.
    """

    seed: int
    stream: int
    indices: Indices

    @staticmethod
    def of_shape(seed: int, stream: int, shape: tuple[int, ...]) -> Elements:
        """Makes the elements of a tensor, or of a box with a stream of its own.

        Args:
            seed: The seed.
            stream: The stream.
            shape: The lengths of the axes.

        Returns:
            Elements whose words are in row-major order.
        """
        return Elements(seed, stream, np.arange(math.prod(shape), dtype=np.uint64).reshape(shape))

    @property
    def shape(self) -> tuple[int, ...]:
        """The lengths of the axes."""
        return self.indices.shape

    def __getitem__(self, place: Any) -> Elements:
        """Selects elements, as NumPy does; they keep their words."""
        return Elements(self.seed, self.stream, np.asarray(self.indices[place]))

    def without_leading_ones(self) -> Elements:
        """Drops the axes of length 1 before the first longer axis; of a single element, all axes but the last."""
        shape = list(self.shape)
        while len(shape) > 1 and shape[0] == 1:
            shape.pop(0)
        return Elements(self.seed, self.stream, self.indices.reshape(shape))

    def words(self, offset: int = 0) -> Words:
        """Computes the elements' words.

        Args:
            offset: A number that is added to all indices.

        Returns:
            An array of the elements' shape.
        """
        return words_at(self.seed, self.stream, self.indices + np.uint64(offset))
