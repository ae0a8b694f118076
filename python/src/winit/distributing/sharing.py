"""The chunks of a recipe, shared out over workers by what they cost."""

from __future__ import annotations

import heapq
import operator
from collections.abc import Iterable, Sequence
from typing import SupportsIndex

from ..errors import BadInput
from ..recipes import Recipe, TensorRecipe
from ..recipes.hashing import chunk_count
from .chunk_digests import ChunkRange, checked_recipe
from .costs import chunks_made_together, tensor_cost


def shares(recipe: Recipe, count: int) -> list[list[ChunkRange]]:
    """Shares the chunks of a recipe out: the shares hold each chunk once, and cost about the same.

    The estimate knows that a normal draw costs more than a uniform one, and that an orthogonal or sparse matrix is made
    by one worker. Every machine gives the same shares, so worker `rank` of `world` takes `shares(recipe, world)[rank]`.

    Args:
        recipe: The recipe.
        count: The number of shares. It may exceed the number of workers, for a scheduler that gives a share to
            whichever worker is free, and the number of chunks; then some shares are empty.

    Returns:
        The ranges of chunks of each share. Tied tensors have none: they have the digests of their targets.

    Raises:
        BadInput: If the number is not valid.

    Example:
        >>> from winit import Recipe, reference
        >>> recipe = Recipe.from_laws(42, {"w": ("float32", (1024, 1024), reference.normal(std=0.02))})
        >>> shares(recipe, 2)
        [[ChunkRange(tensor='w', start=0, stop=2)], [ChunkRange(tensor='w', start=2, stop=4)]]
    """
    if isinstance(count, bool) or not isinstance(count, SupportsIndex):
        raise BadInput(f"the number of shares is an integer, not {type(count).__name__}")
    if operator.index(count) < 1:
        raise BadInput(f"the number of shares is {count}, but must be at least 1")
    return shares_of(checked_recipe(recipe).values(), operator.index(count))


def shares_of(tensors: Iterable[TensorRecipe], world: int) -> list[list[ChunkRange]]:
    """Shares the chunks of tensors out: pieces that cannot be divided first, then the others as one line of chunks.

    Each piece goes to the worker that has the least, the dearest piece first (Graham 1969: at most 4/3 of the best).
    The line of the other chunks is then cut so that all workers have the same.

    Args:
        tensors: The recipes, in the order of a manifest.
        world: The number of shares.

    Returns:
        The ranges of each share.
    """
    own = [tensor for tensor in tensors if tensor.tied_to is None and chunk_count(tensor)]
    made: list[list[ChunkRange]] = [[] for _ in range(world)]
    loads = [0] * world
    pieces = [piece for tensor in own for piece in _pieces(tensor)]
    pieces.sort(key=operator.itemgetter(0), reverse=True)  # stable: pieces of one cost stay in the order of the tensors
    heap = [(0, rank) for rank in range(world)]
    for cost, chunks in pieces:
        load, rank = heap[0]
        loads[rank] = load + cost
        heapq.heapreplace(heap, (loads[rank], rank))
        _append(made[rank], chunks)
    divisible = [(tensor, tensor_cost(tensor)) for tensor in own if not tensor.needs_whole]
    cuts = _cuts(loads, sum(cost for _, cost in divisible))
    begin, rank = 0, 0
    for tensor, cost in divisible:
        start, count = 0, chunk_count(tensor)
        while start < count:
            # The chunks whose middle is before the cut. The last share takes what is left.
            stop = count if rank == world - 1 else (2 * (cuts[rank] - begin) * count + cost) // (2 * cost)
            stop = min(max(stop, start), count)
            if stop > start:
                _append(made[rank], ChunkRange(tensor.name, start, stop))
            start = stop
            if start < count:
                rank += 1
        begin += cost
    return made


def _pieces(tensor: TensorRecipe) -> list[tuple[int, ChunkRange]]:
    """Returns the ranges of a tensor that cannot be divided, with their costs; none if each chunk is made alone."""
    if not tensor.needs_whole:
        return []
    step, count = chunks_made_together(tensor), chunk_count(tensor)
    cost = tensor_cost(tensor) * step // count
    return [(cost, ChunkRange(tensor.name, start, min(start + step, count))) for start in range(0, count, step)]


def _cuts(loads: Sequence[int], amount: int) -> list[int]:
    """Returns where the line of chunks is cut for each rank, if it fills up the ranks that have the least."""
    level, ordered = 0, sorted(loads)
    filled = amount
    for number, load in enumerate(ordered, 1):
        # The level at which the ranks with the `number` smallest loads have the whole line.
        level = (filled + load) // number
        filled += load
        if number == len(ordered) or level <= ordered[number]:
            break
    cuts, end = list[int](), 0
    for load in loads:
        end += max(level - load, 0)
        cuts.append(end)
    return cuts


def _append(ranges: list[ChunkRange], chunks: ChunkRange) -> None:
    """Appends a range, or lengthens the last one."""
    if ranges and ranges[-1].tensor == chunks.tensor and ranges[-1].stop == chunks.start:
        ranges[-1] = ranges[-1]._replace(stop=chunks.stop)
    else:
        ranges.append(chunks)
