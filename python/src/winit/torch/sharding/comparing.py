"""The comparison of what one rank holds with a recipe, in bounded memory."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from ...comparing.elements import Difference, tiles
from ...comparing.weights import Bits, held_weights, unsigned
from ...recipes import TensorRecipe
from ..dtypes import dtype_name
from .boxes import HeldBox, held_boxes
from .dtensors import is_first_replica, local_of, why_unfillable

TILE = 1 << 20
"""How many elements are made and compared at once."""


def misfit(tensor: torch.Tensor, recipe: TensorRecipe) -> tuple[str, str] | None:
    """Returns why a tensor cannot be compared with a recipe: the kind of the finding, and a sentence; or None."""
    dtype = dtype_name(tensor.dtype) or str(tensor.dtype).removeprefix("torch.")
    if dtype != recipe.dtype:
        return "dtype", f"the dtype is {recipe.dtype} in the run and {dtype} in the weights"
    if tuple(tensor.shape) != recipe.shape:
        return "shape", f"the shape is {list(recipe.shape)} in the run and {list(tensor.shape)} in the weights"
    reason = why_unfillable(tensor)
    if reason is None and local_of(tensor).device.type == "meta":
        reason = "is on the meta device and has no values"
    return None if reason is None else ("values", f"it {reason}")


def held_difference(tensor: torch.Tensor, recipe: TensorRecipe) -> Difference | None:
    """Compares the elements of a tensor that this rank holds.

    A tile of the weights and one of the recipe are in memory at a time. A tensor that can only be made whole
    (orthogonal, sparse) is made whole, once.

    Args:
        tensor: A plain tensor or a DTensor, for which `misfit` returns None.
        recipe: The recipe.

    Returns:
        What differs: `element` is the row-major index in the whole tensor of the first element; None if nothing does.
    """
    boxes = held_boxes(tensor)
    if not boxes:
        return None
    local = local_of(tensor)
    weights = held_weights({recipe.name: local}, {recipe.name: recipe.dtype})[recipe.name]
    whole = unsigned(recipe.box((0,) * len(recipe.shape), recipe.shape)) if recipe.needs_whole else None
    total: Difference | None = None
    for box in boxes:
        for offset, size in tiles(box.size, TILE):
            tile = _tile(box, offset, size)
            ours = unsigned(recipe.box(tile.offset, size)) if whole is None else _part(whole, tile)
            found = _compared(ours, weights.bits(tile.place, size), tile, recipe.shape)
            total = _joined(total, found)
    return total


def held_count(tensors: Mapping[str, torch.Tensor], name: str) -> int:
    """Returns how many elements of a tensor this rank holds and no rank before it in the tensor's mesh.

    The sum over all ranks is at least the number of elements of the tensor if each element is held. An empty tensor
    counts as one element.
    """
    tensor = tensors.get(name)
    if tensor is None or not is_first_replica(tensor):
        return 0
    return local_of(tensor).numel() if tensor.numel() else 1


def _tile(box: HeldBox, offset: tuple[int, ...], size: tuple[int, ...]) -> HeldBox:
    moved = [tuple(map(sum, zip(start, offset, strict=True))) for start in (box.offset, box.place)]
    return HeldBox(moved[0], size, moved[1])


def _part(whole: Bits, box: HeldBox) -> Bits:
    index = tuple(slice(start, start + length) for start, length in zip(box.offset, box.size, strict=True))
    return whole[index]


def _compared(ours: Bits, theirs: Bits, box: HeldBox, shape: tuple[int, ...]) -> Difference | None:
    differs = np.asarray(ours != theirs)
    count = int(np.count_nonzero(differs))
    if count == 0:
        return None
    first = np.unravel_index(int(np.argmax(differs)), differs.shape)
    index = tuple(int(start) + int(at) for start, at in zip(box.offset, first, strict=True))
    element = int(np.ravel_multi_index(index, shape)) if shape else 0
    return Difference(element, int(ours[first]), int(theirs[first]), count)


def _joined(one: Difference | None, other: Difference | None) -> Difference | None:
    if one is None or other is None:
        return one or other
    first = min(one, other, key=lambda each: each.element)
    return Difference(first.element, first.expected, first.found, one.count + other.count)
