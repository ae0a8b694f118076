"""`winit.add_noise`: adds noise to an array in place, tile by tile."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import reference
from ..errors import BadInput
from ..filling import fill_box
from ..recipes.tensor_recipe import TensorRecipe
from .recipe import noise_recipe

_TILE = 1 << 18
"""Elements of a tile, whose noise is in memory at a time."""


def add_noise(
    array: NDArray[Any],
    seed: int,
    name: str,
    *,
    scale: float = 1.0,
    step: int = 0,
    law: Mapping[str, Any] | None = None,
) -> NDArray[Any]:
    """Adds `scale × winit.noise(seed, name, array.shape, …)` to an array in place. The noise is never whole in memory.

    Scale and product are rounded to binary32, and the sum to the dtype of the array (float16 and bfloat16 by way of
    binary32). `winit.torch.add_noise_` gives the same bits on every device.

    Adding −scale takes the noise off again *up to the rounding of the two sums*. An element is exactly what it was
    where the first sum was exact: in float64 arrays whose elements are binary32 numbers, unless element and noise are
    more than a factor of 2²⁹ apart. In float32 and narrower dtypes most elements differ in their last place, and a
    long walk of such steps drifts. `winit.Perturbation` restores every dtype exactly.

    Args:
        array: What to add to, of the dtype float64, float32, float16 or bfloat16 (ml_dtypes), with any strides.
        seed: As for `winit.noise`.
        name: As for `winit.noise`.
        scale: The factor of the noise.
        step: As for `winit.noise`.
        law: As for `winit.noise`.

    Returns:
        `array`. An interruption by Ctrl-C leaves it partly changed; `winit.Perturbation.add` does not.

    Raises:
        BadInput: If a value is not valid. Nothing is changed.
        FloatingPointModeError: If this thread flushes subnormal numbers to zero. Nothing is changed.

    Example:
        >>> import numpy as np
        >>> import winit
        >>> weight = np.ones((2, 3), np.float32)
        >>> noisy = winit.add_noise(weight.copy(), 42, "w", step=7, scale=0.5)
        >>> bool((noisy == weight + np.float32(0.5) * winit.noise(42, "w", (2, 3), step=7)).all())
        True
    """
    check_array(array, name)
    recipe = noise_recipe(seed, name, array.shape, step=step, law=law)
    factor = scale_factor(scale)
    reference.require_exact_arithmetic()
    for tile, change in scaled_noise(array, recipe, factor):
        tile[...] = added(tile, change)
    return array


def scale_factor(scale: float) -> np.float32:
    """Rounds a scale to binary32.

    Args:
        scale: The scale.

    Returns:
        The factor of the noise.

    Raises:
        BadInput: If the scale is not a number that is finite in binary32.
    """
    try:
        number = float(scale)
    except (TypeError, ValueError, OverflowError):
        raise BadInput(f"the scale of noise is a number, not {scale!r}"[:200]) from None
    return np.float32(reference.binary32(number, "scale"))


def check_array(array: object, name: str) -> None:
    """Checks that noise can be added to an array in place.

    Args:
        array: The array.
        name: Its name, for errors.

    Raises:
        BadInput: If it is no writable array of a floating-point dtype, or elements share their memory.
    """
    if not isinstance(array, np.ndarray):
        raise BadInput(f"noise `{name}` is added to NumPy arrays, not to {type(array).__name__}")
    if array.dtype.name not in reference.FLOAT_SIZES:
        floats = ", ".join(reference.FLOAT_SIZES)
        raise BadInput(f"noise `{name}` is added to arrays of {floats}, not of {array.dtype.name}")
    if not array.flags.writeable:
        raise BadInput(f"the array of noise `{name}` is read-only")
    strides = zip(array.strides, array.shape, strict=True)
    if array.size and any(stride == 0 and length > 1 for stride, length in strides):
        raise BadInput(f"elements of the array of noise `{name}` share their memory")


def scaled_noise(
    array: NDArray[Any], recipe: TensorRecipe, factor: np.float32
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Makes noise for each tile of an array.

    Args:
        array: The array.
        recipe: The recipe of the noise, in float32.
        factor: What the noise is multiplied by.

    Yields:
        A tile of the array as a view, and its noise times the factor in binary32, of the same shape.
    """
    for (offset, size), tile in zip(_boxes(array.shape), tiles(array), strict=True):
        change = fill_box(recipe, offset, size, threads=1)  # a tile is made in less time than a thread starts
        with np.errstate(under="ignore"):
            np.multiply(change, factor, out=change)
        yield tile, change


def tiles(array: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Cuts an array into tiles.

    Args:
        array: The array.

    Yields:
        Views of the tiles, in row-major order.
    """
    for offset, size in _boxes(array.shape):
        place: Any = (*(slice(o, o + n) for o, n in zip(offset, size, strict=True)), ...)
        yield array[place]


def added(values: NDArray[Any], change: NDArray[Any], sign: int = 1) -> NDArray[Any]:
    """Adds noise to values, or subtracts it.

    Args:
        values: The values, of any floating-point dtype.
        change: The noise, in binary32.
        sign: 1 to add, -1 to subtract.

    Returns:
        A new array of the dtype of the values: the sum in binary64 for float64, else in binary32, rounded to it.
    """
    reference.require_exact_arithmetic()
    wide = np.float64 if values.dtype.itemsize == 8 else np.float32
    operation = np.add if sign > 0 else np.subtract
    with np.errstate(under="ignore"):
        result: NDArray[Any] = operation(values.astype(wide), change.astype(wide)).astype(values.dtype)
    return result


def _boxes(shape: tuple[int, ...]) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Offset and size of boxes of `_TILE` elements at most that cover a shape."""
    if 0 in shape:
        return
    if math.prod(shape) <= _TILE:
        yield (0,) * len(shape), shape
        return
    inner = math.prod(shape[1:])
    if inner > _TILE:
        for row in range(shape[0]):
            for offset, size in _boxes(shape[1:]):
                yield (row, *offset), (1, *size)
        return
    rows = _TILE // inner
    for row in range(0, shape[0], rows):
        yield (row, *(0 for _ in shape[1:])), (min(rows, shape[0] - row), *shape[1:])
