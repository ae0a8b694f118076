"""`fill_`: a tensor, or a box of one, filled where it lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ..errors import BadInput
from ..recipes import TensorRecipe
from .sharding.writing import write_held
from .uncompiled import uncompiled
from .writing import check_tensor


@uncompiled
def fill_(tensor: torch.Tensor, recipe: TensorRecipe, offset: Sequence[int] | None = None) -> torch.Tensor:
    """Fills a tensor with the elements of a recipe, where it lies, whatever its strides.

    CPU memory is filled by the native kernels, or NumPy where there are none. On CUDA, the laws uniform, normal and
    truncated normal are written where they lie by kernels that Triton compiles, or by plain tensor operations where
    there is no Triton (`cuda_backend`); constants, expressions and parts are made on the device too. Other laws, and
    other devices, get elements that are made on the CPU and copied. All ways give the same bits.

    A compiled function (torch.compile) calls `fill_` outside the compiled code: a compiler fuses multiplications with
    additions and divides approximately, which changes bits.

    Of a DTensor, each rank makes the elements that it holds, and ranks exchange nothing. The shape, and `offset`, are
    those of the whole tensor.

    Args:
        tensor: What to fill, of the recipe's dtype. Its `requires_grad` does not matter.
        recipe: The recipe of one tensor, such as `recipe["h.0.attn.c_attn.weight"]`.
        offset: The first index of the box that `tensor` is, on each axis; by default `tensor` is the whole tensor.

    Returns:
        `tensor`.

    Raises:
        BadInput: If dtype or shape do not fit, or the kind of tensor cannot be filled; nothing is written.
        Error: If PyTorch flushes subnormal numbers to zero on the device, or a kernel computes wrong values there.

    Example:
        >>> import torch, winit
        >>> spec = winit.Spec((winit.SpecTensor("w", (2, 3), "float32", winit.reference.normal(std=0.02)),))
        >>> rows = fill_(torch.empty(1, 3), spec.recipe(seed=42)["w"], offset=(1, 0))
        >>> bool((rows.numpy() == spec.recipe(seed=42)["w"][1:2]).all())
        True
    """
    check_tensor(tensor, recipe)
    shape = tuple(tensor.shape)
    if offset is None:
        if shape != recipe.shape:
            raise BadInput(
                f"the tensor has the shape {list(shape)}, and `{recipe.name}` has {list(recipe.shape)}. "
                "To fill a box of it, say where the box is: offset=…"
            )
        offset = (0,) * len(shape)
    place = _checked_offset(recipe, offset, shape)
    write_held(tensor, recipe, place)
    return tensor


def _checked_offset(recipe: TensorRecipe, offset: Sequence[Any], shape: tuple[int, ...]) -> tuple[int, ...]:
    place = tuple(int(start) for start in offset)
    fits = len(place) == len(shape) == len(recipe.shape) and all(
        start >= 0 and start + length <= whole for start, length, whole in zip(place, shape, recipe.shape, strict=True)
    )
    if not fits:
        raise BadInput(
            f"the box {list(place)} + {list(shape)} is not within `{recipe.name}` {list(recipe.shape)}. "
            "Nothing was written."
        )
    return place
