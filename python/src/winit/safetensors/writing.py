"""The writer of safetensors headers, in the layout of the official writer: equal tensors give equal files."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping

from ..recipes.dtypes import SAFETENSORS_CODES, byte_count

_ORDER = (
    "uint64",
    "int64",
    "float64",
    "complex64",
    "float32",
    "uint32",
    "int32",
    "bfloat16",
    "float16",
    "uint16",
    "int16",
    "float8_e5m2fnuz",
    "float8_e4m3fnuz",
    "float8_e8m0fnu",
    "float8_e4m3fn",
    "float8_e5m2",
    "int8",
    "uint8",
    "float6_e3m2fn",
    "float6_e2m3fn",
    "float4_e2m1fn",
    "bool",
)
_RANKS = {dtype: rank for rank, dtype in enumerate(_ORDER)}


def header_bytes(
    tensors: Iterable[tuple[str, str, tuple[int, ...]]], metadata: Mapping[str, str] | None = None
) -> tuple[bytes, list[str]]:
    """Makes the first bytes of a safetensors file.

    Args:
        tensors: Name, dtype and shape of each tensor.
        metadata: The texts of `__metadata__`, in this order; left out if there are none.

    Returns:
        The bytes before the tensors' bytes, and the names in the order in which these follow.

    Example:
        >>> data, order = header_bytes([("b", "bool", (2,)), ("a", "float32", (1,))])
        >>> order
        ['a', 'b']
    """
    ordered = sorted(tensors, key=lambda tensor: (_RANKS[tensor[1]], tensor[0].encode("utf-8")))
    members: dict[str, object] = {"__metadata__": dict(metadata)} if metadata else {}
    offset = 0
    for name, dtype, shape in ordered:
        end = offset + byte_count(dtype, math.prod(shape))
        members[name] = {"dtype": SAFETENSORS_CODES[dtype], "shape": list(shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, [name for name, _, _ in ordered]
