"""How the elements of a recipe get into a tensor, on any device."""

from __future__ import annotations

import torch

from ..errors import BadInput
from ..recipes import TensorRecipe
from . import operations
from .dtypes import count_write, dtype_name, memory_of
from .overlaps import repeats_itself
from .sharding.dtensors import local_of, why_unfillable


def check_tensor(tensor: torch.Tensor, recipe: TensorRecipe) -> None:
    """Raises `BadInput` if a tensor cannot be filled, or has not the dtype of its recipe."""
    reason = why_unfillable(tensor)
    if reason is None and tensor.device.type == "meta":
        reason = "is on the meta device and has no memory. `init_` materializes a module's tensors"
    if reason is None and dtype_name(tensor.dtype) != recipe.dtype:
        reason = f"has the dtype {str(tensor.dtype).removeprefix('torch.')}, and the recipe says {recipe.dtype}"
    if reason is None and repeats_itself(local_of(tensor)):
        reason = "has several elements at one place of its memory, as an expanded tensor has. Fill a clone of it"
    if reason is not None:
        raise BadInput(f"the tensor for `{recipe.name}` {reason}. Nothing was written.")


def write_box(
    tensor: torch.Tensor,
    recipe: TensorRecipe,
    offset: tuple[int, ...],
    *,
    force: str | None = None,
    is_checked: bool = False,
) -> None:
    """Writes the box [offset, offset + tensor.shape) of a recipe into a tensor that `check_tensor` accepts.

    Args:
        tensor: Where to write; any device and strides.
        recipe: The recipe.
        offset: The first index on each axis.
        is_checked: Whether `operations.require_exact_arithmetic` was called for the device.
        force: "triton", "operations" or "copy" to take that way also on the CPU, for tests.
    """
    with torch.no_grad(), torch.inference_mode(tensor.is_inference()):
        plain = tensor.detach()
        if plain.numel() == 0:
            return
        device = plain.device
        if device.type == "cpu" and force is None:
            recipe.box(offset, tuple(plain.shape), memory_of(plain))
            count_write(tensor)
        elif force != "copy" and operations.runs_operations(device) and operations.is_supported(recipe):
            with torch.autocast(device.type, enabled=False):
                if not is_checked:
                    operations.require_exact_arithmetic(device)
                operations.fill_box(recipe, offset, plain, force=force)
        else:
            made = torch.empty(tuple(plain.shape), dtype=plain.dtype, device="cpu")
            recipe.box(offset, tuple(plain.shape), memory_of(made))
            plain.copy_(made)
