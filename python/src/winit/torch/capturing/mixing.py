"""Values of one shape taken apart into boxes, each with one kind of value, and put together again."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

import torch

from .geometry import Box, Geometry, contiguous, intersection, locate
from .values import Empty, Known, Mixed, Tensor, Term, Unknown, Value, moved, whole

MAXIMUM_BOXES = 4096
"""Known numbers that take more boxes of equal numbers than this are not taken apart."""


def broadcast(value: Value, shape: tuple[int, ...]) -> Value:
    """Returns a value in a shape to which its own shape broadcasts."""
    if isinstance(value, Unknown | Empty):
        return value
    own = value.tensor.shape if isinstance(value, Known) else value.shape
    if tuple(own) == shape:
        return value
    if isinstance(value, Known):
        return Known(value.tensor.expand(shape), value.given)
    if math.prod(own) == math.prod(shape):
        # Only axes of length 1 were added.
        frame = contiguous(tuple(own))
        place = locate(frame, contiguous(shape))
        return moved(value, frame, place, contiguous(shape)) if place is not None else Unknown("it is broadcast")
    if isinstance(value, Term) and value.view is not None:
        added = len(shape) - len(own)
        strides = [0] * added + [
            s if n == m else 0 for n, m, s in zip(own, shape[added:], value.view.strides, strict=True)
        ]
        view = Geometry(value.view.offset, shape, tuple(strides))
        return Term(value.source, view, shape, value.law, value.tree, value.rounded)
    return Unknown("it is a value that is broadcast to other elements")


def cut(value: Value, shape: tuple[int, ...], box: Box) -> Value:
    """Returns the part of a value of this shape that a box has."""
    if box == whole(shape):
        return value
    frame = contiguous(shape)
    part = frame.part(box)
    place = locate(frame, part)
    return moved(value, frame, place, part) if place is not None else Unknown("it is an empty part")


def pieces_of(value: Value, shape: tuple[int, ...]) -> list[tuple[Box, Value]]:
    """Returns boxes, later ones overriding earlier ones, of which each has one kind of value."""
    if isinstance(value, Mixed):
        return list(value.pieces)
    if isinstance(value, Known) and value.constant is None:
        boxes = constant_boxes(value.tensor)
        if boxes is not None:
            return [(box, Known(number.expand([b - a for a, b in box]), value.given)) for box, number in boxes]
    return [(whole(shape), value)]


def by_boxes(values: Sequence[Value], shape: tuple[int, ...], function: Callable[[list[Value], Box], Value]) -> Value:
    """Applies a function to values of one shape, box by box.

    Args:
        values: The operands, each of the shape.
        shape: The shape.
        function: Gets for a box the part of each operand, each of one kind.
    """
    combined: list[tuple[Box, list[Value]]] = [(whole(shape), [])]
    for value in values:
        pieces = pieces_of(value, shape)
        refined = list[tuple[Box, list[Value]]]()
        for box, parts in combined:
            for piece_box, piece in pieces:
                common = intersection(box, piece_box)
                if common is not None:
                    kept = [cut(part, _lengths(box), _within(common, box)) for part in parts]
                    refined.append((common, [*kept, cut(piece, _lengths(piece_box), _within(common, piece_box))]))
        if len(refined) > MAXIMUM_BOXES:
            return Unknown("it is computed from too many parts with values of their own")
        combined = refined
    pieces = [(box, function(parts, box)) for box, parts in combined]
    return pieces[0][1] if len(pieces) == 1 else Mixed(shape, tuple(pieces))


def constant_boxes(tensor: Tensor, maximum: int = MAXIMUM_BOXES) -> list[tuple[Box, Tensor]] | None:
    """Divides a CPU tensor into boxes whose elements have equal bits.

    Returns:
        Boxes that cover the tensor without overlap, each with its number; None if there are more than `maximum`.
    """
    if tensor.numel() == 0:
        return None
    if all(n == 1 or s == 0 for n, s in zip(tensor.shape, tensor.stride(), strict=True)):
        return [(whole(tuple(tensor.shape)), tensor[(0,) * tensor.dim()])]  # one stored element stands for all
    bits = tensor if tensor.dtype.is_complex else tensor.contiguous().view(_INTEGERS[tensor.dtype.itemsize])
    found = _runs(bits, maximum)
    return None if found is None else [(box, tensor[tuple(start for start, _ in box)]) for box in found]


_INTEGERS = {1: torch.uint8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


def _runs(bits: Tensor, maximum: int) -> list[Box] | None:
    if bits.dim() == 0:
        return [()]
    length = int(bits.shape[0])
    borders = [0, length]
    if length > 1:
        # Equal neighbors along the first axis go into one box.
        same = (bits[1:] == bits[:-1]).reshape(length - 1, -1).all(dim=1)
        borders = [0, *(torch.nonzero(~same).reshape(-1) + 1).tolist(), length]
    if len(borders) - 1 > maximum:
        return None
    boxes = list[Box]()
    for start, stop in pairwise(borders):
        inner = _runs(bits[start], maximum - len(boxes))
        if inner is None or len(boxes) + len(inner) > maximum:
            return None
        boxes += [((start, stop), *box) for box in inner]
    return boxes


def joined(values: Sequence[Value], shapes: Sequence[tuple[int, ...]], axis: int, shape: tuple[int, ...]) -> Value:
    """Concatenates values along an axis."""
    pieces, start = list[tuple[Box, Value]](), 0
    for value, own in zip(values, shapes, strict=True):
        if own == (0,) or math.prod(own) == 0:
            continue
        box = tuple((start, start + n) if k == axis else (0, n) for k, n in enumerate(own))
        pieces.append((box, value))
        start += own[axis]
    if len(pieces) == 1:
        return pieces[0][1]
    return Mixed(shape, ((whole(shape), Empty()), *pieces))


def visible(pieces: Sequence[tuple[Box, Value]]) -> list[tuple[Box, Value]]:
    """Leaves out the boxes that later boxes cover, and boxes without elements."""
    kept = [(box, value) for box, value in pieces if all(a < b for a, b in box)]
    boxes = [box for box, _ in kept]
    if len(kept) > _COMPARED:
        # The boxes of a long list come from one operation: they do not overlap, and may cover the first one.
        return kept if uncovered(boxes[0], boxes[1:]) else kept[1:]
    return [piece for number, piece in enumerate(kept) if uncovered(boxes[number], boxes[number + 1 :])]


_COMPARED = 128


def uncovered(box: Box, others: Sequence[Box]) -> int:
    """Counts the elements of a box that no other box has, by the grid of the boxes' borders."""
    inside = [common for other in others if (common := intersection(box, other)) is not None]
    if not inside:
        return math.prod(_lengths(box))
    if not box:
        return 0
    grids = [sorted({*box[axis], *(x for other in inside for x in other[axis])}) for axis in range(len(box))]
    cells = torch.zeros([len(grid) - 1 for grid in grids], dtype=torch.bool)
    for other in inside:
        cells[tuple(slice(grid.index(a), grid.index(b)) for (a, b), grid in zip(other, grids, strict=True))] = True
    missing = 0
    for cell in torch.nonzero(~cells).tolist():
        missing += math.prod(grid[k + 1] - grid[k] for k, grid in zip(cell, grids, strict=True))
    return missing


def _lengths(box: Box) -> tuple[int, ...]:
    return tuple(stop - start for start, stop in box)


def _within(inner: Box, outer: Box) -> Box:
    return tuple((a - start, b - start) for (a, b), (start, _) in zip(inner, outer, strict=True))
