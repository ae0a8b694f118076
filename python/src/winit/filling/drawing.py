"""Draws: the values of elementwise laws, by the kernels or by NumPy."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from .. import reference
from ..kernels import Kernel, law_arithmetic
from ..kernels.structs import recipe_struct
from ..reference.elements import Elements
from .boxes import Place, pieces, plus, slices
from .threads import for_each

DRAWS = ("uniform", "normal", "truncated_normal")
"""The laws that draw, one word for each element."""

_WORDS = {"law": "words"}
_NUMPY_TILE = 1 << 20
_SMALLEST_PIECE, _LARGEST_PIECE = 1 << 16, 1 << 22


@dataclass(frozen=True)
class Words:
    """The words of a region of a tensor: of the tensor, or of the box of a part.

    Attributes:
        seed: The seed.
        stream: The stream.
        shape: The shape in which the words are counted row-major: the tensor's, or the box's if it has a stream.
        origin: Where the region begins in it.
    """

    seed: int
    stream: int
    shape: Place
    origin: Place

    def at(self, offset: Place) -> Place:
        """Gives the place of an element of the region in `shape`."""
        return plus(self.origin, offset)


@dataclass(frozen=True)
class Engine:
    """What fills: a kernel or NumPy, and on how many threads.

    Attributes:
        kernel: The kernel, or None for NumPy.
        threads: The maximum number of threads.
    """

    kernel: Kernel | None
    threads: int

    def draw(
        self, law: Mapping[str, Any], dtype: str, words: Words, offset: Place, size: Place, out: np.ndarray[Any, Any]
    ) -> None:
        """Fills an array with a box of a region, on all threads.

        Args:
            law: A law of `DRAWS`.
            dtype: A float dtype.
            words: The words of the region.
            offset: Where the box begins in the region.
            size: The lengths of the box.
            out: An array of `raw_dtype`, of any strides.
        """
        count = math.prod(size)
        if self.kernel is None:
            most, threads = _NUMPY_TILE, min(self.threads, -(-count // _NUMPY_TILE))
        else:
            threads = min(self.threads, -(-count // _SMALLEST_PIECE))
            most = min(max(count // (4 * threads), _SMALLEST_PIECE), _LARGEST_PIECE) if threads > 1 else _LARGEST_PIECE

        region = reference.Tensor("", dtype, words.shape, cast("reference.Law", law), words.stream, words.seed)
        recipe = None
        if self.kernel is not None:
            with self.arithmetic():  # flush to zero would change a small parameter
                recipe = recipe_struct(words.seed, words.stream, law, dtype)

        def fill(piece: tuple[Place, Place]) -> None:
            start, length = piece
            place = words.at(plus(offset, start))
            target = out[slices(start, length)]
            if self.kernel is not None and recipe is not None:
                self.kernel.fill_box(recipe, words.shape, place, length, target)
            else:
                reference.fill_box(words.seed, region, place, length, target)

        if count:
            for_each(pieces(size, most), fill, max(threads, 1))

    def normals(self, words: Words, offset: Place, size: Place) -> reference.Floats:
        """Makes the standard normal draws of a box of a region, as float32."""
        out = np.empty(size, np.float32)
        self.draw({"law": "normal", "mean": 0.0, "std": 1.0}, "float32", words, offset, size, out)
        return out

    def words(self, words: Words, offset: Place, size: Place, first: int) -> reference.Words:
        """Gives the words of a box of a region. `first` is added to the index of each."""
        place = words.at(offset)
        if self.kernel is None:
            return _numpy_words(words, place, size, first)
        out = np.empty(size, np.uint32)
        recipe = recipe_struct(words.seed, words.stream, _WORDS, "float32")
        self.kernel.fill_box(recipe, words.shape, place, size, out, first)
        return out

    @contextmanager
    def arithmetic(self) -> Iterator[None]:
        """Runs NumPy in the floating-point mode of the law, in the calling thread.

        Raises:
            FloatingPointModeError: If the thread is in another mode and there is no kernel that could set it.
        """
        if self.kernel is None:
            reference.require_exact_arithmetic()
            yield
            return
        with law_arithmetic(self.kernel):
            yield


def _numpy_words(words: Words, place: Place, size: Place, first: int) -> reference.Words:
    box = tuple(slice(start, start + length) for start, length in zip(place, size, strict=True))
    return Elements.of_shape(words.seed, words.stream, words.shape)[box].words(first)
