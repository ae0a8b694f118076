"""The law `parts` (docs/law.md, "Parts"): which part decides which elements of a box."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import BadInput
from .boxes import Place, intersection, minus, slices
from .drawing import Words


@dataclass(frozen=True)
class Region:
    """Elements that one law fills: a tensor, or the box of a part.

    Attributes:
        law: The law.
        shape: The lengths of the region.
        words: Its words.
        is_part: Whether it is a part.
        literal: The number of the given bytes, if the law is `literal`.
        covered: Boxes of the region, start and stop, that later parts cover.
    """

    law: Mapping[str, Any]
    shape: Place
    words: Words
    is_part: bool = False
    literal: int = 0
    covered: tuple[tuple[Place, Place], ...] = ()


def fill_parts(
    law: Mapping[str, Any],
    shape: Place,
    words: Words,
    offset: Place,
    size: Place,
    out: np.ndarray[Any, Any],
    fill: Callable[[Region, Place, Place, np.ndarray[Any, Any]], None],
) -> None:
    """Fills a box of a tensor of parts.

    Args:
        law: The law.
        shape: The shape of the tensor.
        words: The words of the tensor.
        offset: Where the box begins.
        size: The lengths of the box.
        out: An array of `raw_dtype`.
        fill: Fills a box of a region: region, offset, size, array.
    """
    boxes = [_bounds(part["box"], shape) for part in law["parts"]]
    out[...] = 0
    literals = 0
    for number, (part, (start, stop)) in enumerate(zip(law["parts"], boxes, strict=True)):
        is_literal = part["law"]["law"] == "literal"
        mine, literals = literals, literals + is_literal
        shared = intersection(offset, size, start, stop)
        if shared is None or any(_contains(boxes[later], *shared) for later in range(number + 1, len(boxes))):
            continue
        lengths = minus(stop, start)
        own = part.get("stream")
        region_words = (
            Words(words.seed, words.stream, words.shape, words.at(start))
            if own is None
            else Words(words.seed, int(own), lengths, (0,) * len(lengths))
        )
        covered = tuple((minus(first, start), minus(last, start)) for first, last in boxes[number + 1 :])
        region = Region(part["law"], lengths, region_words, True, mine, covered)
        local = minus(shared[0], start)
        target = out[slices(minus(shared[0], offset), shared[1])]
        try:
            fill(region, local, shared[1], target)
        except BadInput as error:
            raise BadInput(f"in the box {part['box']}: {error}") from error


def _bounds(box: list[list[int]], shape: Place) -> tuple[Place, Place]:
    """Gives start and stop of a box on all axes."""
    if len(box) > len(shape):
        raise BadInput(f"the box {box} has more axes than the shape {list(shape)}")
    start, stop = [0] * len(shape), list(shape)
    for axis, (first, last) in enumerate(box):
        if not 0 <= first <= last <= shape[axis]:
            raise BadInput(f"the box {box} is not within the shape {list(shape)}")
        start[axis], stop[axis] = int(first), int(last)
    return tuple(start), tuple(stop)


def _contains(bounds: tuple[Place, Place], offset: Place, size: Place) -> bool:
    return math.prod(size) > 0 and all(
        a <= first and first + length <= b for a, b, first, length in zip(*bounds, offset, size, strict=True)
    )
