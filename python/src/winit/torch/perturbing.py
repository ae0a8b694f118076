"""`Perturbation`: tensors at θ + scale × z for several scales, and exactly θ again afterwards."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from itertools import islice
from typing import Any

import torch

from ..errors import BadInput
from ..noising.restoring import Correction, RestoringPerturbation
from .noising import added, check_floating, exact_arithmetic, scaled_noise
from .operations import tiles
from .overlaps import overlaps
from .tensors import ModuleTensor
from .uncompiled import uncompiled

_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}


class Perturbation(RestoringPerturbation[torch.Tensor]):
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
        super().__init__(tensors, seed, step=step, law=law)
        for one, other in overlaps([ModuleTensor(names=[n], objects=[t]) for n, t in self._tensors.items()]):
            raise BadInput(f"`{one.name}` and `{other.name}` share memory; give tied weights once")

    def _checked_shape(self, tensor: torch.Tensor, name: str) -> tuple[int, ...]:
        check_floating(tensor, name)
        return tuple(tensor.shape)

    @uncompiled
    def restore(self) -> None:
        """Brings the tensors back to exactly what they were. The end of a `with` block does that too.

        Raises:
            Error: If a tensor was changed since it was perturbed. Nothing is changed.
        """
        super().restore()

    @uncompiled
    def _perturb(self, factor: float) -> None:
        super()._perturb(factor)

    def _checksums(self, name: str, count: int) -> list[int]:
        with torch.no_grad():
            return [_checksum(tile) for _, tile in islice(tiles(self._tensors[name].detach()), count)]

    def _moves(self, name: str, factor: float) -> Generator[Correction[torch.Tensor], None, None]:
        tensor = self._tensors[name]
        with exact_arithmetic(tensor):
            for tile, change in scaled_noise(tensor, self._recipes[name], factor):
                moved, correction = _perturbed(tile, change)
                yield correction
                tile.copy_(moved)

    def _restore_tiles(
        self, name: str, corrections: Sequence[Correction[torch.Tensor]], are_perturbed: Sequence[bool]
    ) -> None:
        tensor = self._tensors[name]
        with exact_arithmetic(tensor):
            noise = scaled_noise(tensor, self._recipes[name], self._scale)
            for (tile, change), correction, is_perturbed in zip(noise, corrections, are_perturbed, strict=False):
                if is_perturbed:
                    tile.copy_(_restored(tile, change, correction))


def _perturbed(tile: torch.Tensor, change: torch.Tensor) -> tuple[torch.Tensor, Correction[torch.Tensor]]:
    """Adds noise to a tile, and finds what brings the tile back exactly."""
    moved = added(tile, change)
    bits = _bits(tile.to(change.device))
    steps = bits - _bits(added(moved, change, -1))  # wraps around
    small = steps.to(torch.int8)
    far = torch.nonzero(small != steps).reshape(-1)
    return moved, Correction(small, far, bits[far], _checksum(tile), _checksum(moved))


def _restored(tile: torch.Tensor, change: torch.Tensor, correction: Correction[torch.Tensor]) -> torch.Tensor:
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
