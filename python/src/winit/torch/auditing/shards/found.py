"""What the checks of shards find, before the names of tensors are known."""

from __future__ import annotations

from dataclasses import dataclass

from ..findings import Kind


@dataclass(frozen=True)
class ShardFinding:
    """Something that is wrong with what ranks hold of a tensor.

    Attributes:
        kind: The kind.
        tensor: The digest of the name.
        message: A sentence, in which `{tensor}` and `{other}` stand for the names.
        count: How many elements it is about.
        order: The position of the tensor in its module.
        others: The digests of the names of other tensors.
    """

    kind: Kind
    tensor: int
    message: str
    count: int
    order: int
    others: tuple[int, ...] = ()


@dataclass(frozen=True)
class ShardNotChecked:
    """A tensor of which something could not be checked.

    Attributes:
        tensor: The digest of the name.
        reason: The number of the reason (`REASONS`).
        order: The position of the tensor in its module.
    """

    tensor: int
    reason: int
    order: int


def ranks_text(ranks: list[int]) -> str:
    """Returns ranks in words, such as "ranks 0, 1 and 3", or "ranks 0 to 7"."""
    ranks = sorted(set(ranks))
    if len(ranks) == 1:
        return f"rank {ranks[0]}"
    if len(ranks) > 2 and ranks[-1] - ranks[0] == len(ranks) - 1:
        return f"ranks {ranks[0]} to {ranks[-1]}"
    if len(ranks) > 8:
        return f"ranks {', '.join(map(str, ranks[:8]))} and {len(ranks) - 8} more"
    return f"ranks {', '.join(map(str, ranks[:-1]))} and {ranks[-1]}"
