"""The canonical bytes of a tensor (docs/law.md, "Dtypes and bytes")."""

from __future__ import annotations

import numpy as np

from .dtypes import FLOAT_SIZES, float_bytes, integer_bytes
from .errors import LawError
from .generator import words
from .laws import law_values
from .placed import PLACED_LAWS, placed_values
from .tensor import Tensor, check


def canonical_bytes(seed: int, tensor: Tensor, start: int = 0, stop: int | None = None) -> bytes:
    """Makes the canonical bytes of a range of elements (docs/law.md, "Dtypes and bytes").

    Args:
        seed: The seed, 0 ..< 2^64.
        tensor: The recipe.
        start: The index of the first element, counted row-major.
        stop: The index after the last element; by default the number of elements.

    Returns:
        The elements start ..< stop in row-major order, each little-endian.

    Raises:
        IndexError: If the range is not within the tensor.
        LawError: If the dtype cannot hold the values, or the bytes do not follow from the law.
    """
    stop = tensor.count if stop is None else stop
    if not 0 <= start <= stop <= tensor.count:
        raise IndexError(f"elements {start} ..< {stop} are not all within the {tensor.count} elements of {tensor.name}")
    check(tensor)
    law = tensor.law
    if law["law"] in PLACED_LAWS:
        whole = placed_values(seed, tensor).reshape(-1)[start:stop]
        if tensor.dtype in FLOAT_SIZES:
            return float_bytes(whole.astype(np.float32, copy=False), tensor.dtype)
        return b"".join(integer_bytes(value, tensor.dtype) for value in whole.tolist())
    if law["law"] == "constant" and tensor.dtype not in FLOAT_SIZES:
        return integer_bytes(law["value"], tensor.dtype) * (stop - start)
    if (
        law["law"] == "constant"
        or law["law"] == "uniform"
        or law["law"] == "normal"
        or law["law"] == "truncated_normal"
    ):
        w = words(seed, tensor.word_stream, start, stop - start)
        return float_bytes(law_values(law, w), tensor.dtype)
    raise LawError(f"there is no law {law['law']!r}")
