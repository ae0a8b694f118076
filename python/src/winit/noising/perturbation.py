"""`winit.Perturbation`: arrays at θ + scale × z for several scales, and exactly θ again afterwards."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadInput, Error
from ..quoting import quoted
from ..recipes.tensor_recipe import TensorRecipe
from .adding import added, check_array, scale_factor, scaled_noise, tiles
from .recipe import noise_recipe

_INTEGERS: dict[int, np.dtype[Any]] = {2: np.dtype(np.int16), 4: np.dtype(np.int32), 8: np.dtype(np.int64)}


@dataclass(frozen=True)
class _Correction:
    """What a tile needs to be exactly what it was, once its noise has been subtracted.

    Attributes:
        steps: For each element, the bits that it had minus those that subtracting gives, -128 ..< 128.
        far: The row-major indices of the elements for which the difference is larger.
        bits: The bits that these had.
        before: The CRC-32 of the tile as it was.
        after: The CRC-32 of the perturbed tile.
    """

    steps: NDArray[np.int8]
    far: NDArray[np.intp]
    bits: NDArray[Any]
    before: int
    after: int


class Perturbation:
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
        self.seed, self.step = seed, step
        self._scale = 0.0
        if not isinstance(arrays, Mapping):
            raise BadInput(f"the arrays are a mapping from names to arrays, not a {type(arrays).__name__}")
        self._arrays = dict(arrays)
        self._recipes: dict[str, TensorRecipe] = {}
        self._corrections: dict[str, list[_Correction]] = {}
        for name, array in self._arrays.items():
            check_array(array, name)
            self._recipes[name] = noise_recipe(seed, name, array.shape, step=step, law=law)
        _check_apart(self._arrays)

    @property
    def scale(self) -> float:
        """The scale at which the arrays are: 0 if they are what they were. Set it to move them.

        Raises:
            BadInput: If the scale is not finite in binary32. Nothing is changed.
            Error: If an array was changed since it was perturbed, so that it cannot be restored. Nothing is changed.
        """
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        factor = scale_factor(scale)
        self.restore()
        if factor != 0:
            self._perturb(float(factor))

    def restore(self) -> None:
        """Brings the arrays back to exactly what they were. The end of a `with` block does that too.

        Raises:
            Error: If an array was changed since it was perturbed. Nothing is changed.
        """
        # A tile that is what it was has been restored already: the last call was interrupted, such as by Ctrl-C.
        perturbed: dict[str, list[bool]] = {}
        for name, corrections in self._corrections.items():
            found = [_checksum(tile) for tile, _ in zip(tiles(self._arrays[name]), corrections, strict=False)]
            for checksum, correction in zip(found, corrections, strict=True):
                if checksum not in (correction.before, correction.after):
                    raise Error(
                        f"{quoted(name)} was changed while it was perturbed by {self._scale!r} × noise, so it cannot "
                        "be restored. forget() keeps the arrays as they are."
                    )
            perturbed[name] = [c == correction.after for c, correction in zip(found, corrections, strict=True)]
        for name, corrections in self._corrections.items():
            noise = scaled_noise(self._arrays[name], self._recipes[name], np.float32(self._scale))
            for (tile, change), correction, is_perturbed in zip(noise, corrections, perturbed[name], strict=False):
                if is_perturbed:
                    tile[...] = _restored(tile, change, correction)
        self.forget()

    def add(self, scale: float) -> None:
        """Adds scale × z for good, as `winit.add_noise` does; restores the arrays first if they are perturbed.

        Args:
            scale: The factor of the noise, such as minus learning rate times projected gradient.

        Raises:
            BadInput: If the scale is not finite in binary32. Nothing is changed.
            Error: As `restore`.
        """
        self.scale = scale  # with corrections, so that an interruption changes nothing
        self.forget()

    def forget(self) -> None:
        """Keeps the arrays as they are, whatever they are, as those that later scales start from."""
        self._corrections.clear()
        self._scale = 0.0

    def __enter__(self) -> Perturbation:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Restores the arrays."""
        self.restore()

    def _perturb(self, factor: float) -> None:
        self._scale = factor
        try:
            for name, array in self._arrays.items():
                corrections = self._corrections[name] = []
                for tile, change in scaled_noise(array, self._recipes[name], np.float32(factor)):
                    perturbed, correction = _perturbed(tile, change)
                    corrections.append(correction)
                    tile[...] = perturbed
        except BaseException:  # such as Ctrl-C
            self.restore()
            raise


def _perturbed(tile: NDArray[Any], change: NDArray[Any]) -> tuple[NDArray[Any], _Correction]:
    """Adds noise to a tile, and finds what brings the tile back exactly."""
    perturbed = added(tile, change)
    with np.errstate(over="ignore", invalid="ignore"):
        back = added(perturbed, change, -1)
    bits = _bits(tile)
    steps = bits - _bits(back)  # wraps around
    small = steps.astype(np.int8)
    far = np.flatnonzero(small != steps)
    return perturbed, _Correction(small, far, bits[far], _checksum(tile), _checksum(perturbed))


def _restored(tile: NDArray[Any], change: NDArray[Any], correction: _Correction) -> NDArray[Any]:
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
