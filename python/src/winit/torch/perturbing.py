"""`Perturbation`: tensors at θ + scale × z for several scales, and exactly θ again afterwards."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch

from ..errors import BadInput, Error
from ..noising.recipe import noise_recipe
from ..recipes import TensorRecipe
from .noising import added, check_floating, exact_arithmetic, scale_factor, scaled_noise
from .operations import tiles
from .overlaps import overlaps
from .tensors import ModuleTensor
from .uncompiled import uncompiled

_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


@dataclass(frozen=True)
class _Correction:
    """What a tile needs to be exactly what it was, once its noise has been subtracted.

    Attributes:
        steps: For each element, the bits that it had minus those that subtracting gives, as int8.
        far: The row-major indices of the elements for which the difference is larger.
        bits: The bits that these had.
        before: The checksum of the tile as it was.
        after: The checksum of the perturbed tile.
    """

    steps: torch.Tensor
    far: torch.Tensor
    bits: torch.Tensor
    before: int
    after: int


class Perturbation:
    """Moves tensors to θ + scale × z, and back to exactly θ, for one noise z and any scales.

    It is `winit.Perturbation` for tensors, on their device and with the same bits: the noise is `noise(seed, name,
    tensor.shape, step=step, law=law)` for each tensor, regenerated whenever it is needed. What makes the way back
    exact is a correction of one byte for each element while the tensors are perturbed (and some more for elements that
    the noise exceeds a hundredfold): a quarter of a copy in float32, half of one in bfloat16.

    Attributes:
        seed: The seed.
        step: The step.

    Example:
        One step of MeZO (Malladi et al. 2023, *Fine-Tuning Language Models with Just Forward Passes*, algorithm 1):

        >>> model = torch.nn.Linear(3, 2)
        >>> def loss():
        ...     return (model(torch.ones(3)) ** 2).sum().item()
        >>> before = model.weight.detach().clone()
        >>> with Perturbation(dict(model.named_parameters()), seed=42, step=7) as z:
        ...     z.scale = 1e-3
        ...     plus = loss()
        ...     z.scale = -1e-3
        ...     minus = loss()
        >>> torch.equal(model.weight, before)  # exactly, at the end of the block
        True
        >>> z.add(-0.1 * (plus - minus) / 2e-3)
    """

    def __init__(
        self,
        tensors: Mapping[str, torch.Tensor],
        seed: int,
        *,
        step: int = 0,
        law: Mapping[str, Any] | None = None,
    ) -> None:
        """Prepares a perturbation. Nothing is changed.

        Args:
            tensors: The tensors by name, of floating-point dtypes; they are changed in place.
            seed: As for `noise`.
            step: As for `noise`.
            law: As for `noise`; the law of every tensor.

        Raises:
            BadInput: If a value is not valid, or two tensors share memory: give tied weights once.
        """
        self.seed, self.step = seed, step
        self._scale = 0.0
        if not isinstance(tensors, Mapping):
            raise BadInput(f"the tensors are a mapping from names to tensors, not a {type(tensors).__name__}")
        self._tensors = dict(tensors)
        self._recipes: dict[str, TensorRecipe] = {}
        self._corrections: dict[str, list[_Correction]] = {}
        for name, tensor in self._tensors.items():
            check_floating(tensor, name)
            self._recipes[name] = noise_recipe(seed, name, tuple(tensor.shape), step=step, law=law)
        for one, other in overlaps([ModuleTensor(names=[n], objects=[t]) for n, t in self._tensors.items()]):
            raise BadInput(f"`{one.name}` and `{other.name}` share memory; give tied weights once")

    @property
    def scale(self) -> float:
        """The scale at which the tensors are: 0 if they are what they were. Set it to move them.

        Raises:
            BadInput: If the scale is not finite in binary32. Nothing is changed.
            Error: If a tensor was changed since it was perturbed, so that it cannot be restored. Nothing is changed.
        """
        return self._scale

    @scale.setter
    def scale(self, scale: float) -> None:
        factor = scale_factor(scale)
        self.restore()
        if factor != 0:
            self._perturb(factor)

    @uncompiled
    def restore(self) -> None:
        """Brings the tensors back to exactly what they were. The end of a `with` block does that too.

        Raises:
            Error: If a tensor was changed since it was perturbed. Nothing is changed.
        """
        # A tile that is what it was has been restored already: the last call was interrupted, such as by Ctrl-C.
        perturbed: dict[str, list[bool]] = {}
        for name, corrections in self._corrections.items():
            with torch.no_grad():
                pairs = zip(tiles(self._tensors[name].detach()), corrections, strict=False)
                found = [(_checksum(tile), correction) for (_, tile), correction in pairs]
            if any(checksum not in (correction.before, correction.after) for checksum, correction in found):
                raise Error(
                    f"`{name}` was changed while it was perturbed by {self._scale!r} × noise, so it cannot be "
                    "restored. forget() keeps the tensors as they are."
                )
            perturbed[name] = [checksum == correction.after for checksum, correction in found]
        for name, corrections in self._corrections.items():
            tensor = self._tensors[name]
            with exact_arithmetic(tensor):
                noise = scaled_noise(tensor, self._recipes[name], self._scale)
                for (tile, change), correction, is_perturbed in zip(noise, corrections, perturbed[name], strict=False):
                    if is_perturbed:
                        tile.copy_(_restored(tile, change, correction))
        self.forget()

    def add(self, scale: float) -> None:
        """Adds scale × z for good, as `add_noise_` does; restores the tensors first if they are perturbed.

        Args:
            scale: The factor of the noise, such as minus learning rate times projected gradient.

        Raises:
            BadInput: If the scale is not finite in binary32. Nothing is changed.
            Error: As `restore`.
        """
        self.scale = scale  # with corrections, so that an interruption changes nothing
        self.forget()

    def forget(self) -> None:
        """Keeps the tensors as they are, whatever they are, as those that later scales start from."""
        self._corrections.clear()
        self._scale = 0.0

    def __enter__(self) -> Perturbation:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Restores the tensors."""
        self.restore()

    @uncompiled
    def _perturb(self, factor: float) -> None:
        self._scale = factor
        try:
            for name, tensor in self._tensors.items():
                corrections = self._corrections[name] = []
                with exact_arithmetic(tensor):
                    for tile, change in scaled_noise(tensor, self._recipes[name], factor):
                        moved, correction = _perturbed(tile, change)
                        corrections.append(correction)
                        tile.copy_(moved)
        except BaseException:  # such as Ctrl-C
            self.restore()
            raise


def _perturbed(tile: torch.Tensor, change: torch.Tensor) -> tuple[torch.Tensor, _Correction]:
    """Adds noise to a tile, and finds what brings the tile back exactly."""
    moved = added(tile, change)
    bits = _bits(tile.to(change.device))
    steps = bits - _bits(added(moved, change, -1))  # wraps around
    small = steps.to(torch.int8)
    far = torch.nonzero(small != steps).reshape(-1)
    return moved, _Correction(small, far, bits[far], _checksum(tile), _checksum(moved))


def _restored(tile: torch.Tensor, change: torch.Tensor, correction: _Correction) -> torch.Tensor:
    back = added(tile, change, -1)
    bits = _bits(back) + correction.steps
    bits[correction.far] = correction.bits
    return bits.view(back.dtype).reshape(back.shape)


def _bits(values: torch.Tensor) -> torch.Tensor:
    """The bits of elements in row-major order, as signed integers."""
    return values.contiguous().reshape(-1).view(_INTEGERS[values.element_size()])


def _checksum(tile: torch.Tensor) -> int:
    """A sum that depends on every bit and its place, computed on the device; it wraps around."""
    bits = _bits(tile).to(torch.int64)
    places = torch.arange(1, 2 * bits.numel(), 2, dtype=torch.int64, device=bits.device)
    return int((bits * places).sum().item())
