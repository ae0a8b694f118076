"""Which indices of an axis a rank holds, as extents: the arithmetic of `Shard` and `_StridedShard`, without PyTorch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

Extent: TypeAlias = "tuple[int, int]"
"""First index, and number of indices, at least 1."""


@dataclass(frozen=True)
class Split:
    """One split of an axis, by one dimension of a mesh.

    Attributes:
        pieces: How many ranks the dimension of the mesh has.
        at: The coordinate of this rank in it.
        factor: Into how many blocks the axis is cut first. Each block is then split, and the rank holds a piece of each
            block: that is `_StridedShard`. 1 for `Shard`.
    """

    pieces: int
    at: int
    factor: int = 1


def held_extents(length: int, splits: Iterable[Split]) -> list[Extent]:
    """Returns which indices of an axis a rank holds, in the order in which they lie in its local tensor.

    Blocks and pieces are those of `torch.chunk`: all have the same length, rounded up, but for the last ones, which may
    be shorter or empty. Each split divides what the splits before it left to the rank.

    Args:
        length: The length of the whole axis.
        splits: The splits, in the order of the dimensions of the mesh.

    Returns:
        The extents. Extents that follow each other without a gap are one; an empty list if the rank holds nothing.

    Example:
        >>> held_extents(10, [Split(4, 1)])
        [(3, 3)]
        >>> held_extents(8, [Split(2, 1, factor=2)])
        [(2, 2), (6, 2)]
        >>> held_extents(8, [Split(2, 1, factor=2), Split(2, 0)])
        [(2, 2)]
    """
    held = [(0, length)] if length else []
    for split in splits:
        total = sum(count for _, count in held)
        wanted = []
        for block in range(split.factor):
            first, stop = _chunk(total, split.factor, block)
            start, end = _chunk(stop - first, split.pieces, split.at)
            if end > start:
                wanted.append((first + start, first + end))
        held = _merged(_selected(held, wanted))
    return held


def _chunk(length: int, pieces: int, at: int) -> tuple[int, int]:
    """The positions [start, stop) of a piece, as `torch.chunk` cuts."""
    size = -(-length // pieces)
    return min(size * at, length), min(size * (at + 1), length)


def _selected(held: list[Extent], wanted: list[tuple[int, int]]) -> Iterator[Extent]:
    """The indices at ascending ranges of positions among those that are held, in one pass."""
    ranges = iter(wanted)
    current = next(ranges, None)
    position = 0
    for first, count in held:
        while current is not None and current[0] < position + count:
            start, stop = max(current[0], position), min(current[1], position + count)
            yield first + start - position, stop - start
            if current[1] > position + count:
                break
            current = next(ranges, None)
        position += count


def _merged(extents: Iterable[Extent]) -> list[Extent]:
    made: list[Extent] = []
    for first, count in extents:
        if made and sum(made[-1]) == first:
            made[-1] = (made[-1][0], made[-1][1] + count)
        else:
            made.append((first, count))
    return made
