"""A tensor as one line of `expressions.txt` or `structures.txt`."""

from __future__ import annotations

from dataclasses import dataclass

from winit import reference
from winit.reference import LawError, Tensor, Tree


@dataclass
class Case:
    """A tensor of a run with this seed.

    Attributes:
        seed: The seed of the run.
        tensor: The recipe.
        written: The expression before it was folded, where that is the point of the case.
        refused: The element that the law refuses, or None.
    """

    seed: int
    tensor: Tensor
    written: Tree | None = None
    refused: int | None = None

    def row(self) -> dict[str, object]:
        row = tensor_row(self.tensor)
        row["seed"] = str(self.seed)
        if self.written is not None:
            row["written"] = self.written
        if self.refused is None:
            row["digest"] = reference.tensor_digest(self.seed, self.tensor)
            row["first"] = reference.canonical_bytes(self.seed, self.tensor)[:16].hex()
        else:
            row["refused"] = self.refused
            try:
                reference.tensor_digest(self.seed, self.tensor)
            except LawError as error:
                if f"element {self.refused}:" not in str(error):
                    raise
            else:
                raise ValueError(f"{self.tensor.name} is not refused")
        return row


def tensor_row(tensor: Tensor) -> dict[str, object]:
    row: dict[str, object] = {
        "name": tensor.name,
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "law": tensor.law,
    }
    if tensor.stream is not None:
        row["stream"] = str(tensor.stream)
    if tensor.seed is not None:
        row["tensor_seed"] = str(tensor.seed)
    if tensor.literals:
        row["literals"] = [data.hex() for data in tensor.literals]
    if tensor.source is not None:
        row["source"] = tensor_row(tensor.source)
    return row
