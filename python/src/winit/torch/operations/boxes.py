"""Boxes of tensors filled by tensor operations, in tiles, so that memory does not grow with the tensor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ...errors import BadInput
from ...recipes import TensorRecipe
from .expressions import Expression
from .values import DRAW_LAWS, law_values
from .words import words, words_at

_CPU_TILE = 1 << 16  # elements whose intermediate results fit the second-level cache
_DEVICE_TILE = 1 << 21  # elements, about 250 MB of intermediate results


@dataclass(frozen=True)
class _Extent:
    """A box within the axes that count its words."""

    seed: int
    stream: int
    shape: tuple[int, ...]
    offset: tuple[int, ...]
    size: tuple[int, ...]

    def words(self, device: torch.device) -> torch.Tensor:
        """Makes the words of the box, int32 bit patterns in its shape."""
        strides = [math.prod(self.shape[axis + 1 :]) for axis in range(len(self.shape))]
        first = sum(start * stride for start, stride in zip(self.offset, strides, strict=True))
        if self._is_contiguous():
            return words(self.seed, self.stream, first, math.prod(self.size), device).reshape(self.size)
        index = torch.full((), first, dtype=torch.int64, device=device)
        for axis, (length, stride) in enumerate(zip(self.size, strides, strict=True)):
            along = torch.arange(length, dtype=torch.int64, device=device) * stride
            index = index + along.reshape([-1 if k == axis else 1 for k in range(len(self.size))])
        return words_at(self.seed, self.stream, index)

    def _is_contiguous(self) -> bool:
        longer = [axis for axis, length in enumerate(self.size) if length != 1]
        return not longer or self.size[longer[0] + 1 :] == self.shape[longer[0] + 1 :]


def draw_box(
    law: Mapping[str, Any],
    seed: int,
    stream: int,
    shape: Sequence[int],
    offset: Sequence[int],
    out: torch.Tensor,
    write: Callable[[torch.Tensor, torch.Tensor], object] | None = None,
) -> None:
    """Writes the values of a law of `DRAW_LAWS` for a box.

    Args:
        law: The law.
        seed: The seed.
        stream: The stream.
        shape: The axes that count the words, row-major.
        offset: The first index of the box on each of these axes.
        out: Where to write, of the box's size; any strides.
        write: Writes the float32 values (second argument) of a tile to the elements (first) of `out`; `copy_` by
            default, which rounds once to the dtype.
    """
    for place, tile in tiles(out):
        at = tuple(start + step for start, step in zip(offset, place, strict=True))
        extent = _Extent(seed, stream, tuple(shape), at, tuple(tile.shape))
        values = law_values(law, extent.words(out.device))
        if write is None:
            tile.copy_(values)
        else:
            write(tile, values)


def is_supported(tensor: TensorRecipe) -> bool:
    """Tells whether tensor operations make a tensor: elementwise laws, expressions, and parts of these and literals."""
    law = tensor.law
    if law["law"] == "same_as":
        return tensor.source is not None and is_supported(tensor.source)
    if law["law"] != "parts":
        return law["law"] in DRAW_LAWS or law["law"] in ("constant", "expression")
    boxes = [_whole_box(part["box"], tensor.shape) for part in law["parts"]]
    for number, part in enumerate(law["parts"]):
        if part["law"]["law"] == "expression" and any(_meet(boxes[number], later) for later in boxes[number + 1 :]):
            return False  # the domain of an expression does not count where a later part covers it
        if part["law"]["law"] not in ("constant", "expression", *DRAW_LAWS):
            return False
    return True


def fill_box(tensor: TensorRecipe, offset: Sequence[int], out: torch.Tensor) -> None:
    """Writes the box [offset, offset + out.shape) of a tensor whose law `is_supported`.

    Args:
        tensor: The recipe.
        offset: The first index on each axis.
        out: Where to write, of the tensor's dtype and any strides.

    Raises:
        BadInput: If an expression has no finite value at some element; then nothing was written.
    """
    while tensor.law["law"] == "same_as" and tensor.source is not None:
        tensor = tensor.source
    if out.numel() == 0:
        return
    check = Expression(out.device)
    if not _has_expression(tensor.law):
        _fill(tensor, offset, out, check)
        return
    made = torch.empty_like(out)
    _fill(tensor, offset, made, check)
    if bool(check.failed):
        raise BadInput(
            f"`{tensor.name}`: an operation of the expression is outside its domain or not finite at some element. "
            "Nothing was written."
        )
    out.copy_(made)


def _fill(tensor: TensorRecipe, offset: Sequence[int], out: torch.Tensor, check: Expression) -> None:
    if tensor.law["law"] != "parts":
        words_of = _Extent(tensor.seed, tensor.stream, tensor.shape, tuple(offset), tuple(out.shape))
        _paint(tensor.law, words_of, offset, out, check)
        return
    out.zero_()
    asked = [(start, start + length) for start, length in zip(offset, out.shape, strict=True)]
    for part in tensor.law["parts"]:
        box = _whole_box(part["box"], tensor.shape)
        both = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(box, asked, strict=True)]
        if any(start >= stop for start, stop in both):
            continue
        size = tuple(stop - start for start, stop in both)
        place = out[tuple(slice(a - o, b - o) for (a, b), o in zip(both, offset, strict=True))]
        within = tuple(start - first for (start, _), (first, _) in zip(both, box, strict=True))
        if "stream" in part:
            shape = tuple(stop - start for start, stop in box)
            words_of = _Extent(tensor.seed, int(part["stream"]), shape, within, size)
        else:
            words_of = _Extent(tensor.seed, tensor.stream, tensor.shape, tuple(start for start, _ in both), size)
        _paint(part["law"], words_of, within, place, check)


def _paint(
    law: Mapping[str, Any], words_of: _Extent, coordinates: Sequence[int], out: torch.Tensor, check: Expression
) -> None:
    """Writes one law; `words_of` says where the words are, and `coordinates` what the first element's indices are."""
    if law["law"] == "constant":
        out.fill_(law["value"])
        return
    if law["law"] in DRAW_LAWS:
        draw_box(law, words_of.seed, words_of.stream, words_of.shape, words_of.offset, out)
        return
    for place, tile in tiles(out):
        at = tuple(start + step for start, step in zip(words_of.offset, place, strict=True))
        extent = _Extent(words_of.seed, words_of.stream, words_of.shape, at, tuple(tile.shape))

        def draws(extent: _Extent = extent) -> torch.Tensor:
            return law_values(law["draw"], extent.words(out.device))

        first = [start + step for start, step in zip(coordinates, place, strict=True)]
        tile.copy_(check.values(law["tree"], first, tile.shape, draws))
        # finite in binary32 is not yet finite in the dtype
        check.failed |= ~torch.isfinite(tile).all()


def tiles(out: torch.Tensor) -> Iterator[tuple[tuple[int, ...], torch.Tensor]]:
    """Cuts a tensor into boxes of at most a tile, each with its first index."""
    limit = _CPU_TILE if out.device.type == "cpu" else _DEVICE_TILE
    longer = [axis for axis, length in enumerate(out.shape) if length > 1]
    if out.numel() == 0:
        return
    if out.numel() <= limit or not longer:
        yield (0,) * out.ndim, out
        return
    axis = longer[0]
    step = max(1, limit // math.prod(out.shape[axis + 1 :]))
    for start in range(0, out.shape[axis], step):
        for place, tile in tiles(out.narrow(axis, start, min(step, out.shape[axis] - start))):
            yield (*place[:axis], place[axis] + start, *place[axis + 1 :]), tile


def _whole_box(box: Sequence[Sequence[int]], shape: Sequence[int]) -> list[tuple[int, int]]:
    """Completes a box of a manifest, which leaves out trailing axes that it covers whole."""
    ranges = [(int(start), int(stop)) for start, stop in box]
    return ranges + [(0, length) for length in shape[len(ranges) :]]


def _meet(a: list[tuple[int, int]], b: list[tuple[int, int]]) -> bool:
    return all(max(s, t) < min(e, f) for (s, e), (t, f) in zip(a, b, strict=True))


def _has_expression(law: Mapping[str, Any]) -> bool:
    laws = [part["law"] for part in law["parts"]] if law["law"] == "parts" else [law]
    return any(each["law"] == "expression" for each in laws)
