"""Fills boxes of a region: of a tensor with one law, or of the box of a part (docs/law.md, "Parts")."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Flags
from .boxes import Box, box_at, offset_of, view
from .dtypes import FLOAT_SIZES, integer_bytes, storage_dtype, stored, stored_lanes
from .elements import Elements, count_of_leading_ones
from .errors import ElementError, LawError
from .expressions import expression_values
from .finite import require_finite
from .forms import ElementwiseLaw, ExpressionLaw, WholeLaw
from .lanes import Lanes, by_tiles
from .laws import law_lanes
from .whole import whole_values

RegionLaw = ElementwiseLaw | ExpressionLaw | WholeLaw


def fill_region(
    law: RegionLaw,
    elements: Elements,
    box: Box,
    out: NDArray[Any],
    dtype: str,
    *,
    of_part: bool = False,
    hidden: Flags | None = None,
) -> None:
    """Fills a box of a region.

    Args:
        law: The law of the region.
        elements: All elements of the region.
        box: The box to fill, with a start and a stop on each axis.
        out: Where the elements go, of the box's shape and of `storage_dtype(dtype)`.
        dtype: The dtype of the tensor.
        of_part: Whether the region is the box of a part, so that laws of whole tensors leave out its leading axes of
            length 1.
        hidden: Elements of the box that a later part covers.

    Raises:
        LawError: If the law does not fit the region or the dtype, or gives an element no finite value.
    """
    if law["law"] == "constant":
        _fill_constant(law["value"], out, dtype)
    elif dtype not in FLOAT_SIZES:
        raise LawError(f"a {dtype} tensor holds constants and literals only")
    elif law["law"] == "uniform" or law["law"] == "normal" or law["law"] == "truncated_normal":
        draw = law  # what mypy knows of `law` does not reach into the function

        def compute(w: Lanes) -> Lanes:
            return stored_lanes(law_lanes(draw, w), dtype)

        for place, tile in _tiles(elements[box]):
            by_tiles(compute, tile.words(), out=view(out, place))
    elif law["law"] == "expression":
        for place, tile in _tiles(elements[box]):
            origin = tuple(inner.start + outer.start for inner, outer in zip(place, box, strict=True))
            with _located(elements.shape, origin, tile.shape):
                values = expression_values(law, tile, origin, None if hidden is None else view(hidden, place))
                require_finite(values, dtype)
            view(out, place)[...] = stored(values, dtype)
    else:
        ones = count_of_leading_ones(elements.shape) if of_part else 0
        with _located(elements.shape, offset_of(box), out.shape):
            region = elements.without_leading_ones() if of_part else elements
            values = whole_values(law, region, box[ones:]).reshape(out.shape)
            require_finite(values, dtype)
        out[...] = stored(values, dtype)


def _fill_constant(value: int | float, out: NDArray[Any], dtype: str) -> None:
    if dtype in FLOAT_SIZES:
        out[...] = stored(np.array([value], np.float32), dtype)[0]
    else:
        out[...] = np.frombuffer(integer_bytes(value, dtype), storage_dtype(dtype))[0]


def _tiles(elements: Elements) -> Iterator[tuple[Box, Elements]]:
    for offset, tile in elements.tiles():
        yield box_at(offset, tile.shape), tile


@contextmanager
def _located(region: tuple[int, ...], origin: tuple[int, ...], shape: tuple[int, ...]) -> Iterator[None]:
    """Names a refused element of the box at `origin` by its index in the region."""
    try:
        yield
    except ElementError as error:
        inner = np.unravel_index(error.element, shape) if shape else ()
        index = tuple(int(o + k) for o, k in zip(origin, inner, strict=True))
        raise ElementError(int(np.ravel_multi_index(index, region)) if region else 0, error.reason) from error
