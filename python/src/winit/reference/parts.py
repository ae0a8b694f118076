"""The law `parts`: a law for each box of a tensor (docs/law.md, "Parts")."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Flags
from .boxes import Box, common_box, counted_from, is_within, shape_of, view, whole_box
from .dtypes import byte_count, storage_dtype
from .elements import Elements
from .errors import LawError
from .forms import PartsLaw
from .regions import fill_region
from .tensor import Tensor


def fill_parts(seed: int, tensor: Tensor, law: PartsLaw, box: Box, out: NDArray[Any]) -> None:
    """Fills a box of a tensor of parts. It costs only its own elements, as far as the laws of its parts allow that.

    Args:
        seed: The seed, 0 ..< 2^64.
        tensor: The recipe, with the bytes of its literal parts.
        law: The tensor's law.
        box: The box to fill, with a start and a stop on each axis.
        out: Where the elements go, of the box's shape. Elements in no part become 0.

    Raises:
        LawError: If a part's law does not fit its box, the dtype cannot hold a value, or a literal has no bytes.
    """
    whole = Elements.of_shape(seed, tensor.word_stream, tensor.shape)
    regions = [_region(part["box"], tensor.shape) for part in law["parts"]]
    literals = iter(tensor.literals)
    out[...] = 0
    for number, (part, region) in enumerate(zip(law["parts"], regions, strict=True)):
        given = next(literals, b"") if part["law"]["law"] == "literal" else b""
        wanted = common_box(region, box)
        if wanted is None:
            continue
        target, within = view(out, counted_from(box, wanted)), counted_from(region, wanted)
        elements = whole[region]
        if "stream" in part:
            elements = Elements.of_shape(seed, int(part["stream"]), elements.shape)
        try:
            if part["law"]["law"] == "literal":
                target[...] = _literal(given, tensor.dtype, elements.shape)[within]
            else:
                hidden = _hidden(wanted, regions[number + 1 :]) if part["law"]["law"] == "expression" else None
                fill_region(part["law"], elements, within, target, tensor.dtype, of_part=True, hidden=hidden)
        except LawError as error:
            raise LawError(f"in the box {part['box']}: {error}") from error


def _region(ranges: list[list[int]], shape: tuple[int, ...]) -> Box:
    """Gives a part's box a range on every axis."""
    leading = tuple(slice(int(start), int(stop)) for start, stop in ranges)
    box = (*leading, *whole_box(shape[len(leading) :]))
    if not is_within(box, shape):
        raise LawError(f"the box {ranges} is not within the shape {list(shape)}")
    return box


def _hidden(box: Box, later: list[Box]) -> Flags | None:
    """Tells which elements of a box are in one of the later boxes; None if there are no later boxes."""
    if not later:
        return None
    hidden = np.zeros(shape_of(box), np.bool_)
    for region in later:
        common = common_box(region, box)
        if common is not None:
            view(hidden, counted_from(box, common))[...] = True
    return hidden


def _literal(data: bytes, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    expected = byte_count(dtype, int(np.prod(shape, dtype=np.int64)))
    if len(data) != expected:
        raise LawError(f"the literal is not {expected} bytes long")
    return np.frombuffer(data, storage_dtype(dtype)).reshape(shape)
