"""Tensors as recipes (docs/law.md, "Words" and "Dtypes and bytes")."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .dtypes import FLOAT_LIMITS, FLOAT_SIZES, integer_bytes, item_size
from .errors import LawError
from .generator import name_stream
from .laws import Law, largest_magnitude


@dataclass(frozen=True)
class Tensor:
    """The recipe of a tensor.

    Attributes:
        name: The name, which decides the stream.
        dtype: The name of a dtype, as docs/manifest.md lists them.
        shape: The lengths of the axes; () for rank 0.
        law: The law, as a manifest holds it.
        stream: The stream, 0 ..< 2^64, where it is not the name's: a tied tensor has its target's.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    law: Law
    stream: int | None = None

    @property
    def count(self) -> int:
        """The number of elements: 1 for rank 0, 0 where an axis is 0."""
        return math.prod(self.shape)

    @property
    def byte_count(self) -> int:
        """The size of all elements in bytes."""
        return self.count * item_size(self.dtype)

    @property
    def word_stream(self) -> int:
        """The stream that the elements' words come from."""
        return name_stream(self.name) if self.stream is None else self.stream


def check(tensor: Tensor) -> None:
    """Checks that a tensor's dtype holds the values of its law (docs/law.md, "Dtypes and bytes").

    Laws in which the place decides are not checked.

    Args:
        tensor: The recipe.

    Raises:
        LawError: If the dtype cannot hold a value of the law, or the bytes do not follow from the law at all.
    """
    law = tensor.law
    if law["law"] == "literal" or law["law"] == "same_as":
        raise LawError(f"{tensor.name}: the bytes of a {law['law']} tensor do not follow from its law")
    if (
        law["law"] == "constant"
        or law["law"] == "uniform"
        or law["law"] == "normal"
        or law["law"] == "truncated_normal"
    ):
        if tensor.dtype in FLOAT_SIZES:
            if not largest_magnitude(law) < FLOAT_LIMITS[tensor.dtype]:
                raise LawError(f"{tensor.name}: values too large for {tensor.dtype}")
        elif law["law"] != "constant":
            raise LawError(f"{tensor.name}: a {tensor.dtype} tensor holds constants only")
        else:
            integer_bytes(law["value"], tensor.dtype)
