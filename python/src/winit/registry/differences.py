"""The first of the elements in which chunks of a tensor differ, and their number."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..comparing.elements import Difference, coordinates, element_text
from ..recipes import TensorRecipe
from ..recipes.dtypes import BITS


def difference(
    tensor: TensorRecipe, expected: bytes | memoryview, found: bytes | memoryview, start: int
) -> Difference | None:
    """Compares two ranges of bytes of a tensor.

    Args:
        tensor: The tensor.
        expected: The right bytes.
        found: The other bytes.
        start: The offset of both in the tensor.

    Returns:
        The difference; None if there is none, the lengths differ, or elements have no whole bytes.
    """
    if BITS[tensor.dtype] % 8 or len(expected) != len(found):
        return None
    item = BITS[tensor.dtype] // 8
    ours, theirs = (np.frombuffer(data, f"<u{item}") for data in (expected, found))
    places: np.ndarray[Any, Any] = np.flatnonzero(ours != theirs)
    if not len(places):
        return None
    first = int(places[0])
    return Difference(start // item + first, int(ours[first]), int(theirs[first]), len(places))


def difference_text(tensor: TensorRecipe, found: Difference) -> str:
    """Returns a difference in the words of the command."""
    place = ", ".join(map(str, coordinates(found.element, tensor.shape)))
    values = (element_text(found.expected, tensor.dtype), element_text(found.found, tensor.dtype))
    if values[0] == values[1]:  # NaNs
        values = (f"{values[0]} (0x{found.expected:x})", f"{values[1]} (0x{found.found:x})")
    return f"first at [{place}] (element {found.element}): {values[0]} expected, {values[1]} found"
