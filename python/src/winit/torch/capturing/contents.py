"""The contents of a storage: which operation wrote which elements, the last one deciding."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import torch

from .elementwise import elementwise
from .geometry import Box, Geometry, box_of, contiguous, disjoint, locate, repeats
from .mixing import visible
from .values import Empty, Known, Matrix, Mixed, Tensor, Unknown, Value, moved, whole

MERGED = 1 << 24
"""Up to this number of elements, known numbers that override known numbers are copied into one tensor."""


def geometry(tensor: Tensor) -> Geometry:
    """Returns a tensor's view of its storage, in elements."""
    return Geometry(int(tensor.storage_offset()), tuple(map(int, tensor.shape)), tuple(map(int, tensor.stride())))


class Write(NamedTuple):
    """What one operation wrote: a view of the storage in elements of a dtype, and the value in its shape."""

    view: Geometry
    dtype: torch.dtype
    value: Value


@dataclass
class Contents:
    """What the elements of one storage hold.

    Attributes:
        storage: The storage, kept alive so that no other one gets its address.
        writes: The writes that still matter, in their order.
    """

    storage: object
    writes: list[Write] = field(default_factory=list)

    def write(self, view: Geometry, dtype: torch.dtype, value: Value) -> None:
        """Records that `view` now holds `value`."""
        if view.size == 0:
            return
        if isinstance(value, Mixed):
            self.writes = [w for w in self.writes if not _covers(view, dtype, w)]
            for box, piece in visible(value.pieces):
                self.write(view.part(box), dtype, piece)
            return
        if isinstance(value, Known) and self._merge(view, dtype, value):
            return
        self.writes = [w for w in self.writes if not _covers(view, dtype, w)]
        self.writes.append(Write(view, dtype, value))

    def read(self, view: Geometry, dtype: torch.dtype) -> Value:
        """Returns what `view` holds now."""
        if view.size == 0:
            return Known(torch.empty(view.shape, dtype=dtype))
        # What is read may be kept, so later writes must not change it.
        self.writes = [
            w._replace(value=Known(w.value.tensor, w.value.given)) if isinstance(w.value, _Owned) else w
            for w in self.writes
        ]
        base, places = None, list[Write]()
        for write in reversed(self.writes):
            if write.dtype.itemsize != dtype.itemsize:
                return self._reinterpreted(view, dtype)
            if disjoint(write.view, view):
                continue
            place = locate(write.view, view)
            if place is not None:
                base = write
                break
            places.append(write)
        places.reverse()
        if (diagonal := self._diagonal(view)) is not None:
            return diagonal
        if base is not None and not places:
            place = locate(base.view, view)
            assert place is not None
            return _as_dtype(moved(base.value, base.view, place, view), dtype)
        return _as_dtype(self._mixed(view, base, places), dtype)

    def _mixed(self, view: Geometry, base: Write | None, places: list[Write]) -> Value:
        """Composes boxes in the frame of the view, or of the write that covers it."""
        pieces = _pieces(view, places)
        if pieces is not None:
            under: Value = Empty()
            if base is not None:
                place = locate(base.view, view)
                assert place is not None
                under = moved(base.value, base.view, place, view)
            return _simplified(Mixed(view.shape, ((whole(view.shape), under), *pieces)))
        frame = base.view if base is not None else _dense(places, view)
        pieces = _pieces(frame, places)
        place = locate(frame, view)
        if pieces is None or place is None:
            overlaid = _overlaid(view, base, places)
            if overlaid is not None:
                return overlaid
            return Unknown("operations wrote overlapping views of its storage that are no boxes of it")
        under = base.value if base is not None else Empty()
        mixed = _simplified(Mixed(frame.shape, ((whole(frame.shape), under), *pieces)))
        return moved(mixed, frame, place, view)

    def _diagonal(self, view: Geometry) -> Matrix | None:
        """Returns the diagonal of the triangular factor of a QR decomposition."""
        write = self.writes[-1] if self.writes else None
        if write is None or not isinstance(write.value, Matrix) or write.value.kind != "r" or len(view.shape) != 1:
            return None
        offset, shape, strides = write.view
        if len(shape) != 2 or view != Geometry(offset, (min(shape),), (sum(strides),)):
            return None
        return Matrix("diagonal", write.value.source, None, view.shape, write.value.rows)

    def _merge(self, view: Geometry, dtype: torch.dtype, value: Known) -> bool:
        """Copies known numbers into the last write, if that one is known and has them inside."""
        if not self.writes or view.size >= MERGED:
            return False
        last = self.writes[-1]
        if not isinstance(last.value, Known) or last.dtype != dtype or last.view.size > MERGED or last.view == view:
            return False
        place = locate(last.view, view)
        if place is None or repeats(view):
            return False
        numbers = last.value.tensor
        if not isinstance(last.value, _Owned):
            numbers = torch.empty_like(numbers, memory_format=torch.contiguous_format).copy_(numbers)
        target = moved(Known(numbers), last.view, place, view)
        if (
            not isinstance(target, Known)
            or target.tensor.untyped_storage().data_ptr() != numbers.untyped_storage().data_ptr()
        ):
            return False
        target.tensor.copy_(value.tensor)
        self.writes[-1] = Write(last.view, dtype, _Owned(numbers, max(last.value.given, value.given)))
        return True

    def _reinterpreted(self, view: Geometry, dtype: torch.dtype) -> Value:
        """Reads numbers of one dtype as those of another, as `view(dtype)` and `view_as_real` do."""
        if len(self.writes) != 1 or not isinstance(self.writes[0].value, Known):
            return Unknown("its bytes were written as another dtype")
        write, known = self.writes[0], self.writes[0].value
        if write.view != contiguous(write.view.shape):
            return Unknown("its bytes were written as another dtype")
        flat = known.tensor.contiguous().reshape(-1).view(torch.uint8).view(dtype)
        if view.last >= flat.numel():
            return Unknown("its bytes were written as another dtype")
        return Known(flat.as_strided(view.shape, view.strides, view.offset), known.given)


class _Owned(Known):
    """Known numbers in a tensor that only one storage's contents use."""


def _as_dtype(value: Value, dtype: torch.dtype) -> Value:
    if isinstance(value, Known) and value.tensor.dtype != dtype:
        return Known(value.tensor.view(dtype), value.given)
    return value


def _covers(view: Geometry, dtype: torch.dtype, write: Write) -> bool:
    if dtype.itemsize != write.dtype.itemsize or write.view.offset < view.offset:
        return False
    return view == write.view or (not repeats(view) and _fills(view, write.view))


def _fills(outer: Geometry, inner: Geometry) -> bool:
    return locate(outer, inner) is not None


def _pieces(frame: Geometry, places: list[Write]) -> tuple[tuple[Box, Value], ...] | None:
    """Returns the boxes that the writes fill in the frame, with their values in the shapes of the boxes."""
    pieces = list[tuple[Box, Value]]()
    for write in places:
        place = locate(frame, write.view)
        box = box_of(place) if place is not None and not repeats(write.view) else None
        if box is None:
            return None
        part = frame.part(box)
        back = locate(write.view, part)
        if back is None:
            return None
        pieces.append((box, moved(write.value, write.view, back, part)))
    return tuple(pieces)


def _overlaid(view: Geometry, base: Write | None, places: list[Write]) -> Value | None:
    """Lays known numbers over what the view holds, wherever they are, such as every second column."""
    size = max(view.last, *(write.view.last for write in places)) + 1
    if size > MERGED or not all(isinstance(write.value, Known) for write in places):
        return None
    numbers, mask = torch.zeros(size, dtype=places[0].dtype), torch.zeros(size, dtype=torch.bool)
    given = 0
    for write in places:
        if isinstance(write.value, Known) and not repeats(write.view):
            numbers.as_strided(write.view.shape, write.view.strides, write.view.offset).copy_(write.value.tensor)
            mask.as_strided(write.view.shape, write.view.strides, write.view.offset).fill_(True)
            given = max(given, write.value.given)
    over = Known(numbers.as_strided(view.shape, view.strides, view.offset), given)
    covered = mask.as_strided(view.shape, view.strides, view.offset)
    if bool(covered.all()):
        return over
    place = locate(base.view, view) if base is not None else None
    if base is None or place is None:
        return None
    under = moved(base.value, base.view, place, view)
    if isinstance(under, Known):
        return Known(torch.where(covered, over.tensor, under.tensor), max(given, under.given))
    return elementwise("where", [Known(covered), over, under], {}, view.shape)


def _dense(places: list[Write], view: Geometry) -> Geometry:
    """Returns the view of the whole storage, in one axis."""
    end = max(view.last, *(write.view.last for write in places)) + 1 if places else view.last + 1
    return Geometry(0, (end,), (1,))


def _simplified(mixed: Mixed) -> Value:
    """Returns the last piece alone where it covers everything, and known numbers as one tensor."""
    pieces = list(mixed.pieces)
    for number in reversed(range(len(pieces))):
        if pieces[number][0] == whole(mixed.shape):
            pieces = pieces[number:]
            break
    if len(pieces) == 1:
        return pieces[0][1]
    known = [value for _, value in pieces if isinstance(value, Known)]
    size = 1
    for n in mixed.shape:
        size *= n
    covered = isinstance(pieces[0][1], Known) or sum(_size(box) for box, _ in pieces[1:]) == size
    if len(known) == len(pieces) - (not isinstance(pieces[0][1], Known)) and covered and size <= MERGED:
        if not isinstance(pieces[0][1], Known) and not _apart([box for box, _ in pieces[1:]]):
            return Mixed(mixed.shape, tuple(pieces))
        numbers = torch.empty(mixed.shape, dtype=known[0].tensor.dtype)
        for box, value in pieces:
            if isinstance(value, Known):
                numbers[tuple(slice(start, stop) for start, stop in box)] = value.tensor
        return Known(numbers, max(value.given for value in known))
    return Mixed(mixed.shape, tuple(pieces))


def _size(box: Box) -> int:
    size = 1
    for start, stop in box:
        size *= stop - start
    return size


def _apart(boxes: list[Box]) -> bool:
    from .geometry import intersection

    return len(boxes) <= 64 and all(intersection(a, b) is None for i, a in enumerate(boxes) for b in boxes[:i])
