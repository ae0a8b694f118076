"""What the perturbations of NumPy and of PyTorch share: the scale, and the way back to exactly what was there."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..errors import BadInput, Error
from ..quoting import quoted
from ..recipes.tensor_recipe import TensorRecipe
from .adding import scale_factor
from .recipe import noise_recipe

Values = TypeVar("Values")
Self = TypeVar("Self", bound="RestoringPerturbation[Any]")


@dataclass(frozen=True)
class Correction(Generic[Values]):
    """What a tile needs to be exactly what it was, once its noise has been subtracted.

    Attributes:
        steps: For each element, the bits that it had minus those that subtracting gives, as int8.
        far: The row-major indices of the elements for which the difference is larger.
        bits: The bits that these had.
        before: The checksum of the tile as it was.
        after: The checksum of the perturbed tile.
    """

    steps: Values
    far: Values
    bits: Values
    before: int
    after: int


class RestoringPerturbation(ABC, Generic[Values]):
    """Tensors at θ + scale × z for one noise z and any scales. A subclass knows the arrays of its library.

    Attributes:
        seed: The seed.
        step: The step.
    """

    _plural = "tensors"
    """What the library calls the things that are perturbed."""

    def __init__(
        self, tensors: Mapping[str, Values], seed: int, *, step: int = 0, law: Mapping[str, Any] | None = None
    ) -> None:
        """Prepares a perturbation. Nothing is changed.

        Args:
            tensors: The tensors by name.
            seed: As for `noise`.
            step: As for `noise`.
            law: As for `noise`; the law of every tensor.

        Raises:
            BadInput: If a value is not valid.
        """
        self.seed, self.step = seed, step
        self._scale = 0.0
        if not isinstance(tensors, Mapping):
            raise BadInput(
                f"the {self._plural} are a mapping from names to {self._plural}, not a {type(tensors).__name__}"
            )
        self._tensors = dict(tensors)
        self._recipes: dict[str, TensorRecipe] = {}
        self._corrections: dict[str, list[Correction[Values]]] = {}
        for name, tensor in self._tensors.items():
            shape = self._checked_shape(tensor, name)
            self._recipes[name] = noise_recipe(seed, name, shape, step=step, law=law)

    @abstractmethod
    def _checked_shape(self, tensor: Values, name: str) -> tuple[int, ...]:
        """Returns the shape of a tensor; raises `BadInput` if noise cannot be added to it in place."""

    @abstractmethod
    def _checksums(self, name: str, count: int) -> list[int]:
        """Returns the checksums of the first tiles of a tensor."""

    @abstractmethod
    def _moves(self, name: str, factor: float) -> Generator[Correction[Values], None, None]:
        """Adds factor × noise to a tensor, tile by tile. Yields the correction of a tile before the tile is changed."""

    @abstractmethod
    def _restore_tiles(
        self, name: str, corrections: Sequence[Correction[Values]], are_perturbed: Sequence[bool]
    ) -> None:
        """Brings the first tiles of a tensor back, as many as have a correction; those that are perturbed."""

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
        factor = float(scale_factor(scale))
        self.restore()
        if factor != 0:
            self._perturb(factor)

    def restore(self) -> None:
        """Brings the tensors back to exactly what they were. The end of a `with` block does that too.

        Raises:
            Error: If a tensor was changed since it was perturbed. Nothing is changed.
        """
        # A tile that is what it was has been restored already: the last call was interrupted, such as by Ctrl-C.
        perturbed: dict[str, list[bool]] = {}
        for name, corrections in self._corrections.items():
            found = list(zip(self._checksums(name, len(corrections)), corrections, strict=True))
            if any(checksum not in (correction.before, correction.after) for checksum, correction in found):
                raise Error(
                    f"{quoted(name)} was changed while it was perturbed by {self._scale!r} × noise, so it cannot be "
                    f"restored. forget() keeps the {self._plural} as they are."
                )
            perturbed[name] = [checksum == correction.after for checksum, correction in found]
        for name, corrections in self._corrections.items():
            self._restore_tiles(name, corrections, perturbed[name])
        self.forget()

    def add(self, scale: float) -> None:
        """Adds scale × z for good, as adding the noise does; restores the tensors first if they are perturbed.

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

    def __enter__(self: Self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Restores the tensors."""
        self.restore()

    def _perturb(self, factor: float) -> None:
        self._scale = factor
        try:
            for name in self._tensors:
                corrections = self._corrections[name] = []
                with contextlib.closing(self._moves(name, factor)) as moves:
                    corrections.extend(moves)
        except BaseException:  # such as Ctrl-C
            self.restore()
            raise
