"""The law `expression` in tensor operations (docs/law.md, "Expressions")."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from ...errors import BadInput
from .functions import OPERATIONS


class Expression:
    """The values of a canonical tree at the elements of a box, and whether all of them are within their domains.

    Attributes:
        failed: A boolean tensor on the device, true as soon as an operation was outside its domain or not finite.
    """

    def __init__(self, device: torch.device) -> None:
        """Makes the evaluation of one tensor on a device."""
        self._device = device
        self.failed = torch.zeros((), dtype=torch.bool, device=device)

    def values(
        self, tree: Any, coordinates: Sequence[int], size: Sequence[int], draws: Callable[[], torch.Tensor]
    ) -> torch.Tensor:
        """Computes a box as float32.

        Args:
            tree: The tree.
            coordinates: What `["index", k]` is at the first element of the box, for each axis k.
            size: The lengths of the box.
            draws: Gives the draws of the box, float32 in its shape.

        Returns:
            A tensor of shape `size`.
        """
        drawn: torch.Tensor | None = None

        def value(tree: Any) -> torch.Tensor:
            nonlocal drawn
            if isinstance(tree, int | float):
                return torch.full((), float(tree), dtype=torch.float64, device=self._device)
            if not isinstance(tree, list | tuple):
                drawn = draws().to(torch.float64) if drawn is None else drawn
                return drawn
            if tree[0] == "index":
                return self._index(int(tree[1]), coordinates, size)
            return self._apply(tree[0], [value(operand) for operand in tree[1:]])

        result = value(tree).to(torch.float32).expand(tuple(size))
        self.failed |= ~torch.isfinite(result).all()
        return result

    def _index(self, axis: int, coordinates: Sequence[int], size: Sequence[int]) -> torch.Tensor:
        if not 0 <= axis < len(size):
            raise BadInput(f"a tensor of rank {len(size)} has no axis {axis}")
        first = coordinates[axis]
        along = torch.arange(first, first + size[axis], dtype=torch.int64, device=self._device).to(torch.float64)
        return along.reshape([-1 if k == axis else 1 for k in range(len(size))])

    def _apply(self, name: str, operands: list[torch.Tensor]) -> torch.Tensor:
        operation = OPERATIONS.get(name)
        if operation is None or operation.arity != len(operands):
            raise BadInput(f"there is no operation {name!r} of {len(operands)} operands")
        result: torch.Tensor = operation.compute(*operands)
        self.failed |= ~(operation.accepts(*operands).all() & torch.isfinite(result).all())
        return result
