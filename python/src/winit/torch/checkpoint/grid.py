"""How a tensor is cut into the boxes that are the files of `winit://`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

BOX_BYTES = 1 << 20
"""The size that a box has at most, as long as one element fits."""

_CUT_AXES = 3  # the experts, the rows and the columns of a mixture of experts are sharded; no engine shards a fourth
_FEWEST_BOXES = 1024  # a tensor may have this many boxes, however small
_NODE = 8  # tensor parallelism, which shards any axis, seldom has more ranks than a node has devices


@dataclass(frozen=True)
class Grid:
    """The boxes of a tensor: every combination of one range on each axis.

    Attributes:
        edges: For each axis the indices at which ranges begin, and the length of the axis.
    """

    edges: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        """Returns the number of boxes."""
        return math.prod(len(edges) - 1 for edges in self.edges)

    def __iter__(self) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
        """Iterates over the offsets and sizes of the boxes, in row-major order."""
        for ranges in itertools.product(*(list(itertools.pairwise(edges)) for edges in self.edges)):
            yield tuple(start for start, _ in ranges), tuple(stop - start for start, stop in ranges)

    def box(self, number: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Returns offset and size of a box.

        Args:
            number: Its number in row-major order, 0 ..< `len(grid)`.
        """
        offset, size = [], []
        for edges in reversed(self.edges):
            number, index = divmod(number, len(edges) - 1)
            offset.append(edges[index])
            size.append(edges[index + 1] - edges[index])
        return tuple(reversed(offset)), tuple(reversed(size))


def grid(shape: tuple[int, ...], item_size: int, ranks: int) -> Grid:
    """Cuts a tensor so that a rank needs few elements outside its shard.

    The first three axes are cut wherever `torch.chunk` cuts them for a mesh of `ranks` processes, in one step or in
    several (FSDP and tensor parallelism on one axis), so that a shard is a union of boxes, even or not. Then boxes
    longer than 1 MiB are cut again. Where that would give more than 1,024 boxes, and more than two a MiB, the last axes
    are cut for 8 ranks only, and then for fewer; shards smaller than the boxes need some elements of others then.

    Args:
        shape: The lengths of the axes.
        item_size: The size of an element in bytes.
        ranks: The number of processes, 1 or more.

    Returns:
        The grid.

    Example:
        >>> grid((8, 4), 4, ranks=2).edges
        ((0, 4, 8), (0, 2, 4))
    """
    if 0 in shape:
        return Grid(tuple((0, length) for length in shape))
    most = max(_FEWEST_BOXES, 2 * math.prod(shape) * item_size // BOX_BYTES)
    parts = [ranks if axis < _CUT_AXES else 1 for axis in range(len(shape))]
    edges = [cuts(length, count) for length, count in zip(shape, parts, strict=True)]
    for least in (min(_NODE, ranks), 1):
        for axis in reversed(range(len(shape))):
            while _count(edges) > most and parts[axis] > least:
                parts[axis] = _next_divisor(ranks, parts[axis])
                edges[axis] = cuts(shape[axis], parts[axis])
    return Grid(_refined(shape, item_size, edges))


@lru_cache(maxsize=4096)
def cuts(length: int, ranks: int) -> tuple[int, ...]:
    """Returns where an axis is cut for any mesh of some ranks: 0, the cuts in order, and the length.

    Args:
        length: The length of the axis.
        ranks: The number of processes. Each divisor, and each product of divisors, may shard the axis.

    Example:
        >>> cuts(101, 4)
        (0, 26, 51, 52, 76, 78, 101)
    """
    found = {0, length}
    for count in range(2, ranks + 1):
        if ranks % count == 0:
            step = -(-length // count)  # as torch.chunk
            for start in range(0, length, max(1, step)):
                found.update(start + cut for cut in cuts(min(step, length - start), ranks // count))
    return tuple(sorted(found))


def _count(edges: list[tuple[int, ...]]) -> int:
    return math.prod(len(one) - 1 for one in edges)


def _next_divisor(ranks: int, count: int) -> int:
    return next(fewer for fewer in range(count - 1, 0, -1) if ranks % fewer == 0)


def _refined(shape: tuple[int, ...], item_size: int, edges: list[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Cuts further, the first axes first, until no box is longer than `BOX_BYTES`."""
    longest = [max(stop - start for start, stop in itertools.pairwise(one)) for one in edges]
    refined = list(edges)
    for axis in range(len(shape)):
        others = math.prod(longest[:axis]) * math.prod(longest[axis + 1 :]) * item_size
        step = max(1, BOX_BYTES // others)
        if step < longest[axis]:
            ranges = itertools.pairwise(edges[axis])
            starts = {cut for start, stop in ranges for cut in range(start, stop, step)}
            refined[axis] = (*sorted(starts), shape[axis])
            longest[axis] = step
    return tuple(refined)
