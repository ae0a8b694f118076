"""A sample of the elements of a tensor that is compared: the first 16, 48 at equal distances, and the last."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from ..errors import Error
from ..recipes import TensorRecipe
from ..recipes.dtypes import BITS
from .elements import coordinates, element_text
from .rounding import rounded
from .weights import Weights, unsigned


class Sample:
    """Elements of weights, and the tests whether a recipe gives them."""

    def __init__(self, weights: Weights) -> None:
        """Reads the sample.

        Args:
            weights: The weights: at least one element, of a dtype of whole bytes.
        """
        self.dtype = weights.dtype
        self.shape = weights.shape
        self._count = math.prod(weights.shape)
        spread = (k * ((self._count - 1) // 47) for k in range(48))
        indices = sorted({*range(min(16, self._count)), *spread, self._count - 1})
        one = (1,) * len(self.shape)
        self._places = [coordinates(index, self.shape) for index in indices]
        self._indices = indices
        self._bits = [int(weights.bits(place, one).reshape(-1)[0]) for place in self._places]

    @staticmethod
    def of(weights: Weights) -> Sample | None:
        """Reads a sample; None if the weights are empty or have a dtype that no tensor of a run has."""
        if weights.dtype not in BITS or BITS[weights.dtype] % 8 or math.prod(weights.shape) == 0:
            return None
        return Sample(weights)

    @property
    def first(self) -> int:
        """The bits of the first element."""
        return self._bits[0]

    @property
    def first_text(self) -> str:
        """The value of the first element as text."""
        return element_text(self._bits[0], self.dtype)

    @property
    def is_constant(self) -> bool:
        """Whether all elements of the sample are equal."""
        return len(self._bits) > 1 and len(set(self._bits)) == 1

    def can_identify(self, tensor: TensorRecipe) -> bool:
        """Tells whether a few elements can be made alone and identify the law: equal elements would prove nothing."""
        return tensor.is_random and not tensor.needs_whole and len(self._bits) >= 4

    def fits(self, tensor: TensorRecipe, *, through: str | None = None) -> bool:
        """Tells whether a recipe gives every element of the sample.

        Args:
            tensor: The recipe.
            through: A dtype to which the values of the law are rounded first; they are then compared as numbers in the
                dtype of the sample.
        """
        if not self.can_identify(tensor) or tensor.count != self._count:
            return False
        if through is None:
            return tensor.dtype == self.dtype and self._agrees(tensor, self._indices)
        return self._agrees(replace(tensor, dtype=through, digest=None), self._indices)

    def fits_first(self, tensor: TensorRecipe) -> bool:
        """Tells whether a recipe gives the first element."""
        return self._agrees(tensor, self._indices[:1])

    def fits_transposed(self, tensor: TensorRecipe) -> bool:
        """Tells whether element [i, j] of the sample is element [j, i] of a recipe."""
        if len(self.shape) != 2 or tensor.shape != self.shape[::-1] or not self.can_identify(tensor):
            return False
        rows = self.shape[0]
        return self._agrees(tensor, [place[1] * rows + place[0] for place in self._places])

    def _agrees(self, tensor: TensorRecipe, indices: list[int]) -> bool:
        one = (1,) * len(tensor.shape)
        for index, bits in zip(indices, self._bits, strict=False):
            try:
                value = tensor.box(coordinates(index, tensor.shape), one, threads=1)
                with np.errstate(over="ignore"):
                    made = unsigned(rounded(value, tensor.dtype, self.dtype)).reshape(-1)
            except Error:
                return False  # the law has no such value in this dtype
            except ValueError:
                return False
            if int(made[0]) != bits:
                return False
        return True
