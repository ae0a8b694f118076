"""`winit.noise`: noise under any name, whole or in slices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..errors import BadInput
from ..filling import fill_box
from ..recipes.indexing import Index, selected_box
from .recipe import noise_recipe


def noise(
    seed: int,
    name: str,
    shape: Sequence[int],
    *,
    step: int = 0,
    law: Mapping[str, Any] | None = None,
    index: Index | None = None,
    out: Any = None,
    dtype: DTypeLike | None = None,
) -> Any:
    """Makes noise under any name: the bits follow from seed, name, step, law and shape alone, on every machine.

    Nothing is kept, and no generator has a state. A step of MeZO or of an evolution strategy, a frozen matrix of VeRA,
    a random projection or a diffusion latent is made again from its name: whole or in slices, in any order, on any
    number of processes. docs/law.md, "The stream of noise", defines the bits; `winit.torch.noise` makes the same on
    every device.

    Args:
        seed: The seed, 0 ..< 2^64.
        name: The name, which is the stream. Names give independent noise.
        shape: The shape of the whole.
        step: The step, 0 or more. Each step of a name is another stream; step 0 is the stream of the tensor of that
            name, so noise of another seed than the run's goes with it.
        law: A law of docs/manifest.md in which each element has a value of its own, such as
            `winit.reference.uniform(-1, 1)`; N(0, 1) by default.
        index: Integers, slices of step 1 and `...`, as NumPy indexes. Only this part is made, at the cost of its
            elements.
        out: Where to write: an array of the result's shape and of a floating-point dtype, with any strides; or a tensor
            of PyTorch, which `winit.torch.noise` fills on its device. A new array by default.
        dtype: The dtype of a new array: float64, float32, float16 or "bfloat16" (of ml_dtypes where it is installed,
            else the bits in uint16). float32 by default. The values are binary32 numbers, rounded once to it.

    Returns:
        `out`, or a new array of `shape`, or of the part that `index` selects, in units of the law.

    Raises:
        BadInput: If a value is not valid, or `out` does not fit. Nothing is written.
        IndexError: If `index` selects no box.

    Example:
        >>> import numpy as np
        >>> import winit
        >>> latent = winit.noise(42, "latent", (4, 64, 64))
        >>> same = winit.noise(42, "latent", (4, 64, 64), index=(2, slice(10, 20)))
        >>> bool((latent[2, 10:20] == same).all())
        True

        A random projection of vectors of 10⁶ elements to 256 (Johnson and Lindenstrauss), whose gigabyte is never in
        memory: each block of rows is made when it is needed, here of the two blocks in which x is not 0.

        >>> def project(x, dim=256, rows=1000):
        ...     y = np.zeros(dim, np.float32)
        ...     for first in range(0, len(x), rows):
        ...         block = x[first : first + rows]
        ...         if block.any():
        ...             part = winit.noise(7, "projection", (len(x), dim), index=slice(first, first + len(block)))
        ...             y += block @ part
        ...     return y / np.sqrt(np.float32(dim))
        >>> x = np.zeros(1_000_000, np.float32)
        >>> x[[3, 999_999]] = 3, 4
        >>> bool(abs(np.linalg.norm(project(x)) - 5) < 0.5)  # |x| is 5
        True
    """
    if type(out).__module__.partition(".")[0] == "torch":
        return _fill_tensor(seed, name, shape, step, law, index, out, dtype)
    if out is not None and not isinstance(out, np.ndarray):
        raise BadInput(f"out must be a NumPy array or a tensor of PyTorch, not {type(out).__name__}")
    if dtype is None:
        dtype = np.float32 if out is None else out.dtype
    recipe = noise_recipe(seed, name, shape, step=step, law=law, dtype=_name(dtype))
    if index is None:
        zeros = (0,) * len(recipe.shape)
        return fill_box(recipe, zeros, recipe.shape, out)
    offset, size, dropped = selected_box(name, recipe.shape, index)
    left = tuple(length for axis, length in enumerate(size) if axis not in dropped)
    if out is None:
        return fill_box(recipe, tuple(offset), tuple(size)).reshape(left)
    if out.shape != left:
        raise BadInput(f"out has the shape {list(out.shape)}, and the noise has {list(left)}")
    box: NDArray[Any] = np.expand_dims(out, tuple(sorted(dropped)))
    fill_box(recipe, tuple(offset), tuple(size), box)
    return out


def _name(dtype: DTypeLike) -> str:
    """The name that docs/manifest.md has for a dtype."""
    if isinstance(dtype, str) and dtype == "bfloat16":
        return dtype  # NumPy knows it only with ml_dtypes
    try:
        return np.dtype(dtype).name
    except TypeError as error:
        raise BadInput(f"{dtype!r} is not a dtype: {error}") from None


def _fill_tensor(
    seed: int,
    name: str,
    shape: Sequence[int],
    step: int,
    law: Mapping[str, Any] | None,
    index: Index | None,
    out: Any,
    dtype: DTypeLike | None,
) -> Any:
    if dtype is not None:
        raise BadInput("the dtype is that of `out`")
    from ..torch import noise as torch_noise

    return torch_noise(seed, name, shape, step=step, law=law, index=index, out=out)
