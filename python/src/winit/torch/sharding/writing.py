"""How the elements of a recipe get into the part of a tensor that this rank holds."""

from __future__ import annotations

import torch

from ...recipes import TensorRecipe
from ..dtypes import count_write
from ..writing import write_box
from .boxes import held_boxes
from .dtensors import is_dtensor, local_of


def write_held(
    tensor: torch.Tensor, recipe: TensorRecipe, offset: tuple[int, ...] | None = None, *, is_checked: bool = False
) -> None:
    """Writes what this rank holds of the box [offset, offset + tensor.shape) of a recipe, and makes nothing else.

    Ranks exchange nothing. An orthogonal or sparse tensor is made whole on each rank that holds a part of it.

    Args:
        tensor: A plain tensor or a DTensor that `check_tensor` accepts.
        recipe: The recipe.
        offset: The first index of the tensor on each axis of the recipe; 0 by default.
        is_checked: As for `write_box`.
    """
    start = (0,) * tensor.ndim if offset is None else offset
    if not is_dtensor(tensor):
        write_box(tensor, recipe, start, is_checked=is_checked)
        return
    local, boxes = local_of(tensor), held_boxes(tensor)
    with torch.no_grad(), torch.inference_mode(local.is_inference()):
        if recipe.needs_whole and len(boxes) > 1:
            whole = torch.empty(tuple(tensor.shape), dtype=tensor.dtype, device=local.device)
            write_box(whole, recipe, start, is_checked=is_checked)
            for box in boxes:
                ends = (first + length for first, length in zip(box.offset, box.size, strict=True))
                source = whole[tuple(slice(*both) for both in zip(box.offset, ends, strict=True))]
                local[box.slices].copy_(source)
        else:
            for box in boxes:
                place = tuple(map(sum, zip(start, box.offset, strict=True)))
                write_box(local[box.slices], recipe, place, is_checked=is_checked)
        count_write(tensor)
