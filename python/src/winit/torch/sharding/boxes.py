"""The boxes of a tensor that a rank holds."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from .dtensors import axis_extents, is_dtensor, local_of
from .extents import Extent


@dataclass(frozen=True)
class HeldBox:
    """A box of a whole tensor, and where it lies in the local tensor of this rank.

    Attributes:
        offset: The first index on each axis of the whole tensor.
        size: The length on each axis.
        place: The first index on each axis of the local tensor.
    """

    offset: tuple[int, ...]
    size: tuple[int, ...]
    place: tuple[int, ...]

    @property
    def slices(self) -> tuple[slice, ...]:
        """The box as an index of the local tensor."""
        return tuple(slice(start, start + length) for start, length in zip(self.place, self.size, strict=True))


def held_boxes(tensor: torch.Tensor) -> list[HeldBox]:
    """Returns the boxes of a tensor that this rank holds: together its local tensor, each element once.

    A plain tensor is one box, and so is a part of a DTensor that is not strided. A truly strided part is several.

    Args:
        tensor: A plain tensor, or a DTensor that `why_unfillable` accepts.

    Returns:
        The boxes; an empty list if the rank holds no element.
    """
    if is_dtensor(tensor):
        axes = [list(_placed(extents)) for extents in axis_extents(tensor)]
        if local_of(tensor).numel() == 0:
            return []
    elif tensor.numel() == 0:
        return []
    else:
        axes = [[(0, length, 0)] for length in tensor.shape]
    return [
        HeldBox(tuple(one[0] for one in each), tuple(one[1] for one in each), tuple(one[2] for one in each))
        for each in itertools.product(*axes)
    ]


def _placed(extents: list[Extent]) -> Iterator[tuple[int, int, int]]:
    place = 0
    for first, count in extents:
        yield first, count, place
        place += count
