"""Where the checks run: on a GPU, or in Triton's interpreter on the CPU."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from winit import TensorRecipe
from winit.torch import fill_
from winit.torch.writing import write_box


@dataclass(frozen=True)
class Place:
    """A device, and how tensors are filled there.

    Attributes:
        device: A CUDA device, or the CPU for the interpreter.
        is_interpreted: Whether Triton interprets the kernels. Sizes are tiny then, and rates mean nothing.
    """

    device: Any
    is_interpreted: bool

    def fill(self, tensor: torch.Tensor, recipe: TensorRecipe, offset: tuple[int, ...]) -> None:
        """Fills a box of a tensor: on a GPU as a user does, else by the interpreted kernels."""
        if self.is_interpreted:
            write_box(tensor, recipe, offset, force="triton")
        else:
            fill_(tensor, recipe, offset)

    def synchronize(self) -> None:
        """Waits until the device has done all work."""
        if not self.is_interpreted:
            torch.cuda.synchronize(self.device)
