"""What the elements of a tensor hold while a model is built: known numbers, functions of draws, or neither."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

from .draws import DrawLaw, Source
from .geometry import Box, Geometry, Place, box_of, contiguous, intersection, locate, repeats, through

Tensor: TypeAlias = Any
"""A torch.Tensor."""


@dataclass(frozen=True, eq=False)
class Known:
    """Numbers that are known: a CPU tensor of the shape, in which one stored element may stand for all.

    Attributes:
        tensor: The numbers.
        given: 1 if they came from outside of PyTorch, such as from NumPy or from a list of numbers; 2 if from a tensor
            that the build did not make; else 0.
    """

    tensor: Tensor
    given: int = 0

    @property
    def constant(self) -> Any | None:
        """The number that all elements are, if one element stands for all."""
        t = self.tensor
        if t.numel() > 0 and all(n == 1 or s == 0 for n, s in zip(t.shape, t.stride(), strict=True)):
            return t[(0,) * t.dim()]
        return None


@dataclass(frozen=True)
class Term:
    """A function of one draw for each element.

    Attributes:
        source: Where the draws come from.
        view: For each element the number of its draw; None if their order is not known, but no draw is used twice.
        shape: The shape of the value.
        law: The law of the draw.
        tree: The function, as docs/law.md, "Expressions", has it; "draw" for the draw itself.
        rounded: A dtype narrower than the tensor's in which PyTorch drew or computed, or "".
    """

    source: Source
    view: Geometry | None
    shape: tuple[int, ...]
    law: DrawLaw
    tree: Any = "draw"
    rounded: str = ""


@dataclass(frozen=True)
class Matrix:
    """A law that makes a matrix as a whole, or a factor of one.

    Attributes:
        kind: "orthogonal", "sparse", or a step on the way to an orthogonal matrix: "q", "r", "diagonal", "sign".
        source: The draws, or the matrix before it was scaled.
        view: For each element its number in the matrix, row-major; None if the order is lost.
        shape: The shape of the value.
        rows: The number of rows of the matrix.
        scale: The gain of an orthogonal matrix, the standard deviation of a sparse one.
        zeros: The number of zeros in each column of a sparse matrix.
    """

    kind: str
    source: Source
    view: Geometry | None
    shape: tuple[int, ...]
    rows: int
    scale: float = 1.0
    zeros: int = 0


@dataclass(frozen=True)
class Norm:
    """The norm of another value over some axes.

    Attributes:
        of: The value.
        reduced: The axes of that value over which the norm is taken.
        shape: The shape of the norm.
    """

    of: Term
    reduced: tuple[int, ...]
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Unknown:
    """Elements that no law describes.

    Attributes:
        reason: Why, as the end of a sentence about the tensor.
        place: The line of the user's code.
    """

    reason: str
    place: str = ""


@dataclass(frozen=True)
class Empty:
    """Elements that no operation wrote."""


@dataclass(frozen=True, eq=False)
class Mixed:
    """Boxes with values of their own; later boxes override earlier ones, and the first is the whole shape."""

    shape: tuple[int, ...]
    pieces: tuple[tuple[Box, Value], ...]


Value: TypeAlias = Known | Term | Matrix | Norm | Unknown | Empty | Mixed


def whole(shape: tuple[int, ...]) -> Box:
    """Returns the box that is the whole shape."""
    return tuple((0, n) for n in shape)


def moved(value: Value, outer: Geometry, place: Place, inner: Geometry) -> Value:
    """Returns what the view `inner` holds, which lies at `place` in the view `outer`, which holds `value`."""
    if isinstance(value, Known):
        tensor = _known_view(value.tensor, outer, place, inner)
        return Known(tensor, value.given) if tensor is not None else Unknown("it is an irregular view of known numbers")
    if isinstance(value, Term):
        view = through(place, inner, value.view) if value.view is not None else None
        if view is None and repeats(inner):
            return Unknown("it repeats draws in an irregular order")
        return Term(value.source, view, inner.shape, value.law, value.tree, value.rounded)
    if isinstance(value, Matrix):
        view = through(place, inner, value.view) if value.view is not None else None
        return Matrix(value.kind, value.source, view, inner.shape, value.rows, value.scale, value.zeros)
    if isinstance(value, Norm):
        if inner.size == math.prod(value.shape) and not repeats(inner):
            return Norm(value.of, value.reduced, inner.shape)
        return Unknown("it is a part of a norm")
    if isinstance(value, Mixed):
        return _moved_pieces(value, place, inner)
    return value


def _moved_pieces(value: Mixed, place: Place, inner: Geometry) -> Value:
    box = box_of(place)
    if box is None or repeats(inner):
        return Unknown("it is an irregular view of parts with values of their own")
    # The box as a view of its own, in which each piece and the inner view have a place.
    frame = contiguous(tuple(stop - start for start, stop in box))
    target = through(Place((0,) * len(box), place.steps), inner, frame)
    if target is None:
        return Unknown("it is an irregular view of parts with values of their own")
    pieces = list[tuple[Box, Value]]()
    for piece_box, piece in value.pieces:
        common = intersection(piece_box, box)
        if common is None:
            continue
        local = tuple((a - start, b - start) for (a, b), (start, _) in zip(common, box, strict=True))
        own = contiguous(tuple(stop - start for start, stop in piece_box))
        cut = tuple((a - start, b - start) for (a, b), (start, _) in zip(common, piece_box, strict=True))
        wanted = own.part(cut)
        there = locate(own, wanted)
        landed = locate(target, frame.part(local))
        landing = box_of(landed) if landed is not None else None
        if there is None or landing is None:
            return Unknown("it is an irregular view of parts with values of their own")
        # The piece in the shape that it has in the inner view.
        shape = tuple(stop - start for start, stop in landing)
        cutting = moved(piece, own, there, wanted)
        reshaped = reordered(cutting, frame.part(local), target.part(landing))
        if reshaped is None:
            return Unknown("it is an irregular view of parts with values of their own")
        assert math.prod(shape) == frame.part(local).size
        pieces.append((landing, reshaped))
    if len(pieces) == 1 and pieces[0][0] == whole(inner.shape):
        return pieces[0][1]
    return Mixed(inner.shape, tuple(pieces))


def reordered(value: Value, old: Geometry, new: Geometry) -> Value | None:
    """Returns a value that fills the view `old` as the view `new` of the same elements shows it; None if it cannot."""
    if old == new:
        return value
    place = locate(old, new)
    return moved(value, old, place, new) if place is not None else None


def _known_view(tensor: Tensor, outer: Geometry, place: Place, inner: Geometry) -> Tensor | None:
    view = through(place, inner, Geometry(tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride())))
    if view is None:
        # A copy that lies as the outer view does has regular steps wherever the inner view has them.
        order = sorted(range(tensor.dim()), key=lambda axis: -outer.strides[axis])
        inverse = sorted(range(tensor.dim()), key=lambda axis: order[axis])
        tensor = tensor.permute(order).contiguous().permute(inverse)
        view = through(place, inner, Geometry(0, tuple(tensor.shape), tuple(tensor.stride())))
    return tensor.as_strided(view.shape, view.strides, view.offset) if view is not None else None
