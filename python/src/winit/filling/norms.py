"""The law `norm_of` (docs/law.md, "Norms of another tensor"), in boxes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from .. import reference
from ..errors import BadInput
from ..reference import norms
from .boxes import Place, pieces, slices
from .drawing import Engine
from .raw import store

_TILE = 1 << 22


def fill_norms(
    engine: Engine,
    law: Mapping[str, Any],
    dtype: str,
    source_dtype: str,
    source_shape: Place,
    fill_source: Callable[[Place, Place], np.ndarray[Any, Any]],
    shape: Place,
    offset: Place,
    size: Place,
    out: np.ndarray[Any, Any],
) -> None:
    """Fills a box of a tensor of norms. Of the other tensor, only what the box needs is made.

    Args:
        engine: What fills.
        law: The law.
        dtype: The float dtype of the norms.
        source_dtype: The float dtype of the other tensor.
        source_shape: The shape of the other tensor.
        fill_source: Makes a box of the other tensor, of `raw_dtype`.
        shape: The shape of the norms.
        offset: Where the box begins.
        size: The lengths of the box, which has elements.
        out: An array of `raw_dtype`.
    """
    rank, axes = len(source_shape), [int(axis) for axis in law["axes"]]
    if not axes or axes != sorted(set(axes)) or not 0 <= axes[0] <= axes[-1] < rank:
        raise BadInput(f"{axes} are not ascending axes of a tensor of rank {rank}")
    others = [axis for axis in range(rank) if axis not in axes]
    kept = tuple(1 if axis in axes else length for axis, length in enumerate(source_shape))
    if shape == kept and len(kept) == len(shape):
        places = list(range(rank))
    elif shape == tuple(source_shape[axis] for axis in others):
        places = others
    else:
        raise BadInput(f"norms over {axes} of the shape {list(source_shape)} do not have the shape {list(shape)}")
    each = math.prod(source_shape[axis] for axis in axes)
    for start, length in pieces(size, max(_TILE // max(each, 1), 1)):
        first, count = [0] * rank, list(source_shape)
        for axis, begin, extra, number in zip(places, offset, start, length, strict=True):
            if axis not in axes:
                first[axis], count[axis] = begin + extra, number
        values = _doubles(fill_source(tuple(first), tuple(count)), source_dtype)
        with engine.arithmetic():
            try:
                made = norms.norm_values(values, axes, tuple(count[a] if a not in axes else 1 for a in range(rank)))
            except reference.LawError as error:
                raise BadInput(str(error)) from error
            store(made.reshape(length), dtype, out[slices(start, length)])


def _doubles(values: np.ndarray[Any, Any], dtype: str) -> reference.Doubles:
    if dtype == "bfloat16":
        return (values.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)
    return values.astype(np.float64)
