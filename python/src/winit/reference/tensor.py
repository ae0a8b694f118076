"""Tensors as recipes (docs/law.md, "Words" and "Dtypes and bytes")."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .dtypes import FLOAT_LIMITS, FLOAT_SIZES, LITERAL_BITS, byte_count, integer_bytes, item_bits
from .errors import LawError
from .forms import ElementwiseLaw, Law
from .generator import name_stream
from .laws import largest_magnitude


@dataclass(frozen=True)
class Tensor:
    """The recipe of a tensor.

    Attributes:
        name: The name, which decides the stream.
        dtype: The name of a dtype, as docs/manifest.md lists them.
        shape: The lengths of the axes; () for rank 0.
        law: The law, as a manifest holds it.
        stream: The stream, 0 ..< 2^64, where it is not the name's: a tied tensor has its target's.
        seed: The seed, 0 ..< 2^64, where it is not the run's: a tied tensor has its target's.
        literals: The bytes of a literal tensor, or of the literal parts of a tensor in their order.
        source: The tensor that a `same_as` or `norm_of` law names.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    law: Law
    stream: int | None = None
    seed: int | None = None
    literals: tuple[bytes, ...] = ()
    source: Tensor | None = None

    @property
    def count(self) -> int:
        """The number of elements: 1 for rank 0, 0 where an axis is 0."""
        return math.prod(self.shape)

    @property
    def byte_count(self) -> int:
        """The size of all elements in bytes."""
        return byte_count(self.dtype, self.count)

    @property
    def word_stream(self) -> int:
        """The stream that the elements' words come from."""
        return name_stream(self.name) if self.stream is None else self.stream


def check(tensor: Tensor) -> None:
    """Checks that a tensor's dtype holds its law and the values of the law (docs/law.md, "Dtypes and bytes").

    The values of laws that are not elementwise are checked when they are made.

    Args:
        tensor: The recipe.

    Raises:
        LawError: If the name holds U+0000, or the dtype cannot hold the law or a value of the law.
    """
    law = tensor.law
    if "\0" in tensor.name:
        raise LawError(f"the name {tensor.name!r} holds U+0000")
    if law["law"] == "literal" or law["law"] == "same_as":
        item_bits(tensor.dtype)
        return
    if tensor.dtype in LITERAL_BITS:
        raise LawError(f"{tensor.name}: a {tensor.dtype} tensor holds literals only")
    laws = [part["law"] for part in law["parts"]] if law["law"] == "parts" else [law]
    for each in laws:
        _check_law(tensor, each)


def _check_law(tensor: Tensor, law: Law) -> None:
    is_float = tensor.dtype in FLOAT_SIZES
    if not is_float and law["law"] not in ("constant", "literal"):
        raise LawError(f"{tensor.name}: a {tensor.dtype} tensor holds constants and literals only")
    if law["law"] == "constant" and not is_float:
        integer_bytes(law["value"], tensor.dtype)
    elif law["law"] == "expression" and "draw" in law:
        _check_reach(tensor, law["draw"], "float32")
    elif (
        law["law"] == "constant"
        or law["law"] == "uniform"
        or law["law"] == "normal"
        or law["law"] == "truncated_normal"
    ):
        _check_reach(tensor, law, tensor.dtype)


def _check_reach(tensor: Tensor, law: ElementwiseLaw, dtype: str) -> None:
    if not largest_magnitude(law) < FLOAT_LIMITS[dtype]:
        raise LawError(f"{tensor.name}: values too large for {dtype}")
