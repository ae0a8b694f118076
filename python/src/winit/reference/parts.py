"""The law `parts`: a law for each box of a tensor (docs/law.md, "Parts")."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .arrays import Flags
from .dtypes import FLOAT_SIZES, byte_count, integer_bytes, item_size
from .elements import Elements
from .errors import LawError
from .expressions import expression_values
from .finite import finite_bytes
from .forms import Part, PartsLaw
from .laws import law_values
from .tensor import Tensor
from .whole import whole_values


def parts_bytes(seed: int, tensor: Tensor, law: PartsLaw) -> bytes:
    """Makes the canonical bytes of a tensor of parts.

    Args:
        seed: The seed, 0 ..< 2^64.
        tensor: The recipe, with the bytes of its literal parts.
        law: The tensor's law.

    Returns:
        All bytes. Elements in no box are 0.

    Raises:
        LawError: If a part's law does not fit its box, the dtype cannot hold a value, or a literal has no bytes.
    """
    size = item_size(tensor.dtype)
    array = np.zeros((*tensor.shape, size), np.uint8)
    whole = Elements.of_shape(seed, tensor.word_stream, tensor.shape)
    literals = iter(tensor.literals)
    boxes = [tuple(slice(int(start), int(stop)) for start, stop in part["box"]) for part in law["parts"]]
    # The number of the part that decides an element.
    deciding = np.zeros(tensor.shape, np.intp)
    for number, box in enumerate(boxes):
        deciding[box] = number
    for number, (part, box) in enumerate(zip(law["parts"], boxes, strict=True)):
        elements = whole[box]
        if "stream" in part:
            elements = Elements.of_shape(seed, int(part["stream"]), elements.shape)
        try:
            data = _part_bytes(tensor.dtype, part, elements, literals, deciding[box] != number)
        except LawError as error:
            raise LawError(f"in the box {part['box']}: {error}") from error
        array[box] = np.frombuffer(data, np.uint8).reshape(*elements.shape, size)
    return array.tobytes()


def _part_bytes(dtype: str, part: Part, elements: Elements, literals: Iterator[bytes], hidden: Flags) -> bytes:
    law, count = part["law"], elements.indices.size
    if law["law"] == "literal":
        data = next(literals, b"")
        if len(data) != byte_count(dtype, count):
            raise LawError(f"the literal is not {byte_count(dtype, count)} bytes long")
        return data
    if dtype not in FLOAT_SIZES:
        if law["law"] != "constant":
            raise LawError(f"a {dtype} tensor holds constants only")
        return integer_bytes(law["value"], dtype) * count
    if law["law"] == "expression":
        return finite_bytes(expression_values(law, elements, hidden), dtype)
    if (
        law["law"] == "constant"
        or law["law"] == "uniform"
        or law["law"] == "normal"
        or law["law"] == "truncated_normal"
    ):
        return finite_bytes(law_values(law, elements.words().reshape(-1)), dtype)
    return finite_bytes(whole_values(law, elements.without_leading_ones()), dtype)
