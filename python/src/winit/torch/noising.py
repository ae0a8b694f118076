"""Noise that is regenerated instead of kept: the same bits as `winit.noise`, as tensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from .. import reference
from ..errors import BadInput
from ..noising.adding import scale_factor
from ..noising.recipe import noise_recipe
from ..recipes import Index, TensorRecipe
from ..recipes.indexing import selected_box
from .dtypes import dtype_name
from .operations import require_exact_arithmetic, runs_operations, tiles
from .uncompiled import uncompiled
from .writing import check_tensor, write_box


@uncompiled
def noise(
    seed: int,
    name: str,
    shape: Sequence[int],
    *,
    step: int = 0,
    law: Mapping[str, Any] | None = None,
    index: Index | None = None,
    out: torch.Tensor | None = None,
    device: Any = None,
    dtype: torch.dtype | None = None,
) -> torch.Tensor:
    """Makes noise under any name: the bits follow from seed, name, step, law and shape alone, on every device.

    Nothing is kept and no generator has a state: a step of MeZO or of an evolution strategy, a frozen matrix of VeRA, a
    random projection or a diffusion latent is made again from its name, whole or in slices, in any order, on any
    number of processes. docs/law.md ("The stream of noise") defines the bits; `winit.noise` makes the same in NumPy.

    Args:
        seed: The seed, 0 ..< 2^64.
        name: The name, which is the stream.
        shape: The shape of the whole.
        step: The step, 0 or more. Each step of a name is another stream; step 0 is the stream of the tensor of this
            name.
        law: A law of docs/manifest.md, such as `winit.reference.uniform(-1, 1)`. N(0, 1) by default.
        index: Integers and slices of step 1, as in NumPy: only this part is made, at the cost of its elements.
        out: Where to write: a tensor of the result's shape, on any device.
        device: The device of a new tensor; the default device by default.
        dtype: The floating-point dtype of a new tensor: float32 by default, whatever the default dtype is.

    Returns:
        `out`, or a new tensor of the shape, or of the part that `index` selects.

    Raises:
        BadInput: If a value is not valid, or `out` does not fit.
        IndexError: If `index` selects no box.

    Example:
        >>> noise(42, "h.0.attn", (1000, 1000), step=7, index=(slice(0, 1), slice(0, 3)))
        tensor([[-0.6049,  0.1188,  0.0903]])
    """
    if out is not None and (device is not None or dtype is not None):
        raise BadInput("device and dtype are those of `out`")
    chosen = out.dtype if out is not None else dtype or torch.float32
    recipe = noise_recipe(seed, name, shape, step=step, law=law, dtype=dtype_name(chosen) or str(chosen))
    offset, size, dropped = selected_box(name, recipe.shape, ... if index is None else index)
    left = tuple(length for axis, length in enumerate(size) if axis not in dropped)
    if out is None:
        place = torch.get_default_device() if device is None else device
        out = torch.empty(left, dtype=chosen, device=place)
    check_tensor(out, recipe)
    if tuple(out.shape) != left:
        raise BadInput(f"`out` has the shape {list(out.shape)}, and the noise has {list(left)}. Nothing was written.")
    box = out.detach()
    for axis in sorted(dropped):
        box = box.unsqueeze(axis)
    write_box(box, recipe, tuple(offset))
    return out


@uncompiled
def add_noise_(
    tensor: torch.Tensor,
    seed: int,
    name: str,
    *,
    scale: float = 1.0,
    step: int = 0,
    law: Mapping[str, Any] | None = None,
) -> torch.Tensor:
    """Adds `scale × noise(seed, name, tensor.shape, …)` to a tensor in place, tile by tile: the noise is never whole.

    The bits are the same on every device: element + (scale × noise), with scale, product and sum in binary32, each
    rounded once. In float64 tensors, the sum is in binary64; in float16 and bfloat16, it is then rounded to the dtype.

    Adding −scale takes the noise off again, but for the rounding of the sums. An element is exactly what it was if its
    sum was exact. That is so in a float64 tensor of binary32 numbers where the bits of element and noise fit into the
    53 bits of their sum. In other dtypes it is not so in general; `Perturbation` restores them exactly.

    Args:
        tensor: What to add to, of a floating-point dtype; any strides and device. Its `requires_grad` does not matter.
        seed: As for `noise`.
        name: As for `noise`.
        scale: The factor.
        step: As for `noise`.
        law: As for `noise`.

    Returns:
        `tensor`.

    Raises:
        BadInput: If a value is not valid; nothing is changed.
        Error: If PyTorch flushes subnormal numbers to zero on the device; nothing is changed.

    Example:
        One step of MeZO (Malladi et al., 2023, algorithm 1) on a parameter, with the same noise four times:

        >>> p = torch.zeros(3)
        >>> for scale in (1e-3, -2e-3, 1e-3):  # two losses are computed in between
        ...     _ = add_noise_(p, 42, "p", step=7, scale=scale)
        >>> add_noise_(p, 42, "p", step=7, scale=-0.1)
        tensor([-0.0493, -0.0303,  0.0665])
    """
    check_floating(tensor, name)
    recipe = noise_recipe(seed, name, tuple(tensor.shape), step=step, law=law)
    factor = float(scale_factor(scale))
    with exact_arithmetic(tensor):
        for tile, change in scaled_noise(tensor, recipe, factor):
            tile.copy_(added(tile, change))
    return tensor


def check_floating(tensor: torch.Tensor, name: str) -> None:
    """Raises `BadInput` if noise cannot be added to a tensor in place."""
    dtype = dtype_name(tensor.dtype)
    if dtype not in reference.FLOAT_SIZES:
        floats = ", ".join(reference.FLOAT_SIZES)
        raise BadInput(f"noise `{name}` is added to tensors of {floats}, not of {dtype or tensor.dtype}")
    check_tensor(tensor, noise_recipe(0, name, tuple(tensor.shape), dtype=dtype))


@contextmanager
def exact_arithmetic(tensor: torch.Tensor) -> Iterator[None]:
    """Checks the arithmetic of a tensor's device, and sets the modes of PyTorch in which the tensor can be changed."""
    place = _workplace(tensor)
    require_exact_arithmetic(place)
    with torch.no_grad(), torch.inference_mode(tensor.is_inference()), torch.autocast(place.type, enabled=False):
        yield


def scaled_noise(
    tensor: torch.Tensor, recipe: TensorRecipe, factor: float
) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """Makes noise for each tile of a tensor.

    Args:
        tensor: The tensor.
        recipe: The recipe of the noise, in float32.
        factor: What the noise is multiplied by, a binary32 number.

    Yields:
        A tile of the tensor as a view, and its noise times the factor in float32, where sums are computed.
    """
    for offset, tile in tiles(tensor.detach()):
        made = torch.empty(tuple(tile.shape), dtype=torch.float32, device=_workplace(tensor))
        write_box(made, recipe, offset, is_checked=True)
        yield tile, made.mul_(factor)


def added(values: torch.Tensor, change: torch.Tensor, sign: int = 1) -> torch.Tensor:
    """Adds noise to values, or subtracts it: in float64 for float64, else in float32, rounded to the dtype."""
    wide = torch.float64 if values.dtype == torch.float64 else torch.float32
    operand = values.to(change.device, wide)
    total = operand + change.to(wide) if sign > 0 else operand - change.to(wide)
    return total.to(values.dtype)


def _workplace(tensor: torch.Tensor) -> torch.device:
    """Where sums with noise are computed: on the tensor's device, or the CPU where that is not tested."""
    return tensor.device if runs_operations(tensor.device) else torch.device("cpu")
