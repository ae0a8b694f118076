"""What each way costs for any shape and any number of ranks, by arithmetic: nothing is run.

The formulas are for FSDP2, which splits the first axis of each tensor. `tools/bench-sharded` prints them beside what it
measured, and a test compares the two.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from winit.torch.checkpoint.grid import grid

from .recipes import recipe
from .shapes import ITEM, Shape

LINK = 50e9
"""Assumed bytes a second that the network carries from or to a rank: 400 Gb/s."""
FILES = 100e9
"""Assumed bytes a second that the file system of all machines delivers."""
MACHINE = 8
"""Assumed ranks of a machine. They read each byte of a file once: the others get it from the page cache."""
PLAN = 340
"""Bytes that `dcp.load` sends for each box that a rank reads, to the coordinator and back: measured, PyTorch 2.13."""
BOX_MEMORY, BOX_SECONDS = 2000, 45e-6
"""Memory and time that `dcp.load` needs for the metadata of each box of `winit://`, on each rank: measured with PyTorch
2.13 for 659,968 boxes, on an AMD EPYC."""


@dataclass(frozen=True)
class Cost:
    """What a way costs.

    Attributes:
        stored: Bytes of files that are written before.
        read: Bytes that all ranks together read from files.
        sent: Bytes that all ranks together send, but for the plans of `dcp.load`.
        plans: Bytes of these plans.
        link: Bytes that the busiest rank sends or receives.
        prepared: The most memory of the process that writes the files, in bytes.
        first: The most memory of rank 0, in bytes.
        others: The most memory of each other rank, in bytes.
        drawn: Elements that one processor draws after another, before all ranks are ready.
        boxes: Boxes of `winit://`, whose metadata each rank makes and reads.
    """

    stored: int = 0
    read: int = 0
    sent: int = 0
    plans: int = 0
    link: int = 0
    prepared: int = 0
    first: int = 0
    others: int = 0
    drawn: int = 0
    boxes: int = 0

    def seconds(self, rate: float, ranks: int) -> float:
        """Returns the time that drawing and moving bytes take at the assumed rates, one after the other.

        Args:
            rate: Elements a second that a processor draws.
            ranks: The number of ranks.
        """
        files = self.stored * (1 + -(-ranks // MACHINE))  # written once, read by each machine
        return self.drawn / rate + self.link / LINK + files / FILES + self.boxes * BOX_SECONDS


@dataclass(frozen=True)
class _Tensor:
    whole: int
    shard: int
    """Bytes of the part of rank 0, which is the largest."""


def _tensors(shape: Shape, ranks: int) -> list[_Tensor]:
    made = []
    for size in shape.tensors().values():
        row = ITEM * math.prod(size[1:])
        made.append(_Tensor(row * size[0], row * -(-size[0] // ranks)))
    return made


def _growing(tensors: list[_Tensor], needs: Callable[[_Tensor], int]) -> int:
    """The most memory while tensors get their values one after the other: the shards so far, and what one needs."""
    held = most = 0
    for tensor in tensors:
        held += tensor.shard
        most = max(most, held + needs(tensor))
    return most


def _seed_checkpoint(shape: Shape, ranks: int) -> Cost:
    """`dcp.load` reads each tensor whole, and copies the rows of the rank."""
    tensors = _tensors(shape, ranks)
    memory = _growing(tensors, lambda tensor: tensor.whole)
    return Cost(
        stored=shape.bytes,
        read=ranks * shape.bytes,
        plans=_plans(len(tensors), ranks),
        prepared=shape.bytes,
        first=memory,
        others=memory,
        drawn=shape.parameters,
    )


def _whole_model(shape: Shape, ranks: int) -> Cost:
    """`fully_shard` of the first layer makes its shards before it lets go of the layer."""
    layer = ITEM * sum(math.prod(size[1:]) * -(-size[0] // ranks) for size in shape.layer().values())
    return Cost(first=shape.bytes + layer, others=shape.bytes + layer, drawn=shape.parameters)


def _whole_tensors(shape: Shape, ranks: int) -> Cost:
    memory = _growing(_tensors(shape, ranks), lambda tensor: tensor.whole + tensor.shard)
    return Cost(first=memory, others=memory, drawn=shape.parameters)


def _shards(shape: Shape, ranks: int) -> Cost:
    """Each rank draws what it holds."""
    memory = sum(tensor.shard for tensor in _tensors(shape, ranks))
    return Cost(first=memory, others=memory, drawn=memory // ITEM)


def _broadcast(shape: Shape, ranks: int) -> Cost:
    tensors = _tensors(shape, ranks)
    return Cost(
        sent=(ranks - 1) * shape.bytes,
        link=shape.bytes if ranks > 1 else 0,
        first=shape.bytes + sum(tensor.shard for tensor in tensors),
        others=_growing(tensors, lambda tensor: tensor.whole),
        drawn=shape.parameters,
    )


def _scatter(shape: Shape, ranks: int) -> Cost:
    tensors = _tensors(shape, ranks)
    sent = sum(tensor.whole - tensor.shard for tensor in tensors)
    return Cost(
        sent=sent,
        link=sent,
        first=_growing(tensors, lambda tensor: tensor.whole + tensor.shard),
        others=_growing(tensors, lambda tensor: tensor.shard),
        drawn=shape.parameters,
    )


def _reader(shape: Shape, ranks: int) -> Cost:
    plans = _plans(len(shape.tensors()), ranks)
    return replace(_shards(shape, ranks), plans=plans, **_recipe_file(shape, ranks))


def _link(shape: Shape, ranks: int) -> Cost:
    """A rank makes each box of which it needs a row; `winit.torch.checkpoint.grid` says which boxes there are."""
    made = needed = boxes = 0
    for size in shape.tensors().values():
        cut = grid(size, ITEM, ranks)
        rows, rest = cut.edges[0], cut.edges[1:]
        wanted = sum(1 for start in rows[:-1] if start < -(-size[0] // ranks))  # by rank 0, from row 0
        made += rows[wanted] * math.prod(size[1:])
        needed += wanted * math.prod(len(one) - 1 for one in rest)
        boxes += len(cut)
    memory = _shards(shape, ranks).first + BOX_MEMORY * boxes
    return Cost(
        plans=_plans(needed, ranks),
        first=memory,
        others=memory,
        drawn=made,
        boxes=boxes,
        **_recipe_file(shape, ranks),
    )


def _recipe_file(shape: Shape, ranks: int) -> dict[str, int]:
    stored = len(recipe(shape).dumps().encode())
    return {"stored": stored, "read": ranks * stored}


def _plans(items: int, ranks: int) -> int:
    return PLAN * items * (ranks - 1)


_COSTS: dict[str, Callable[[Shape, int], Cost]] = {
    "seed checkpoint": _seed_checkpoint,
    "whole model": _whole_model,
    "whole tensors": _whole_tensors,
    "dtensor": _shards,
    "broadcast": _broadcast,
    "scatter": _scatter,
    "reader": _reader,
    "init_": _shards,
    "winit://": _link,
}


def cost(way: str, shape: Shape, ranks: int) -> Cost:
    """Computes what a way costs.

    Args:
        way: Its name in `WAYS`.
        shape: The model.
        ranks: The number of ranks.
    """
    return _COSTS[way](shape, ranks)
