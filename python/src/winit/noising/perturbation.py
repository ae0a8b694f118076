"""`winit.Perturbation`: arrays at θ + scale × z for several scales, and exactly θ again afterwards."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Mapping, Sequence
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput
from ..quoting import quoted
from .adding import added, check_array, scaled_noise, tiles
from .restoring import Correction, RestoringPerturbation

_INTEGERS: dict[int, np.dtype[Any]] = {2: np.dtype(np.int16), 4: np.dtype(np.int32), 8: np.dtype(np.int64)}


class Perturbation(RestoringPerturbation[NDArray[Any]]):
    """Moves arrays to θ + scale × z, and back to exactly θ, for one noise z and any scales.

    The noise is `winit.noise(seed, name, array.shape, step=step, law=law)` for each array. It is regenerated whenever
    it is needed and never kept. What makes the way back exact is a correction of one byte for each element while the
    arrays are perturbed (and some more for elements that the noise exceeds a hundredfold): a quarter of a copy in
    float32. It works for every floating-point dtype, infinities and NaNs included.

    `add` makes the update of MeZO and of evolution strategies with the same noise, rounded as by `winit.add_noise`.
    Tensors of PyTorch on the CPU take part by `tensor.detach().numpy()`, which shares their memory.

    Attributes:
        seed: The seed.
        step: The step.

    Example:
        One step of MeZO (Malladi et al. 2023, *Fine-Tuning Language Models with Just Forward Passes*, algorithm 1):

        >>> import numpy as np
        >>> import winit
        >>> weights = {"w": np.full((2, 3), 0.1, np.float32), "b": np.zeros(3, np.float32)}
        >>> def loss():
        ...     return sum(float((w**2).sum()) for w in weights.values())
        >>> before = weights["w"].copy()
        >>> with winit.Perturbation(weights, seed=42, step=7) as z:
        ...     z.scale = 1e-3
        ...     plus = loss()
        ...     z.scale = -1e-3
        ...     minus = loss()
        >>> bool((weights["w"] == before).all())  # exactly, at the end of the block
        True
        >>> z.add(-0.1 * (plus - minus) / 2e-3)
    """

    _plural = "arrays"

    def __init__(
        self,
        arrays: Mapping[str, NDArray[Any]],
        seed: int,
        *,
        step: int = 0,
        law: Mapping[str, Any] | None = None,
    ) -> None:
        """Prepares a perturbation. Nothing is changed.

        Args:
            arrays: The arrays by name, of floating-point dtypes; they are changed in place.
            seed: As for `winit.noise`.
            step: As for `winit.noise`.
            law: As for `winit.noise`; the law of every array.

        Raises:
            BadInput: If a value is not valid, or two arrays share memory: give tied weights once.
        """
        super().__init__(arrays, seed, step=step, law=law)
        _check_apart(self._tensors)

    def _checked_shape(self, tensor: NDArray[Any], name: str) -> tuple[int, ...]:
        check_array(tensor, name)
        return tensor.shape

    def _checksums(self, name: str, count: int) -> list[int]:
        return [_checksum(tile) for tile in islice(tiles(self._tensors[name]), count)]

    def _moves(self, name: str, factor: float) -> Generator[Correction[NDArray[Any]], None, None]:
        for tile, change in scaled_noise(self._tensors[name], self._recipes[name], np.float32(factor)):
            perturbed, correction = _perturbed(tile, change)
            yield correction
            tile[...] = perturbed

    def _restore_tiles(
        self, name: str, corrections: Sequence[Correction[NDArray[Any]]], are_perturbed: Sequence[bool]
    ) -> None:
        noise = scaled_noise(self._tensors[name], self._recipes[name], np.float32(self._scale))
        for (tile, change), correction, is_perturbed in zip(noise, corrections, are_perturbed, strict=False):
            if is_perturbed:
                tile[...] = _restored(tile, change, correction)


def _perturbed(tile: NDArray[Any], change: NDArray[Any]) -> tuple[NDArray[Any], Correction[NDArray[Any]]]:
    """Adds noise to a tile, and finds what brings the tile back exactly."""
    perturbed = added(tile, change)
    with np.errstate(over="ignore", invalid="ignore"):
        back = added(perturbed, change, -1)
    bits = _bits(tile)
    steps = bits - _bits(back)  # wraps around
    small = steps.astype(np.int8)
    far = np.flatnonzero(small != steps)
    return perturbed, Correction(small, far, bits[far], _checksum(tile), _checksum(perturbed))


def _restored(tile: NDArray[Any], change: NDArray[Any], correction: Correction[NDArray[Any]]) -> NDArray[Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        back = added(tile, change, -1)
    bits = _bits(back)  # of a new array without gaps, so that these are its own
    bits += correction.steps
    bits[correction.far] = correction.bits
    return back


def _bits(values: NDArray[Any]) -> NDArray[Any]:
    """The bits of elements in row-major order, as signed integers."""
    return np.ascontiguousarray(values).reshape(-1).view(_INTEGERS[values.dtype.itemsize])


def _checksum(tile: NDArray[Any]) -> int:
    return zlib.crc32(_bits(tile).data)


def _check_apart(arrays: Mapping[str, NDArray[Any]]) -> None:
    """Checks that no two arrays share memory: the noise of both would be added to the shared elements."""
    bounds = sorted((*_bounds(array), name) for name, array in arrays.items() if array.size)
    reaching = list[tuple[int, str]]()  # those before, which may reach into the next
    for start, stop, name in bounds:
        reaching = [(end, other) for end, other in reaching if end > start]
        for _, other in reaching:
            if np.shares_memory(arrays[name], arrays[other]):
                raise BadInput(f"{quoted(other)} and {quoted(name)} share memory; give tied weights once")
        reaching.append((stop, name))


def _bounds(array: NDArray[Any]) -> tuple[int, int]:
    """The addresses of the first byte of an array and of the byte after the last."""
    address = array.__array_interface__["data"][0]
    reaches = [stride * (length - 1) for stride, length in zip(array.strides, array.shape, strict=True)]
    low, high = (sum(reach for reach in reaches if (reach < 0) is below) for below in (True, False))
    return address + low, address + high + array.itemsize
