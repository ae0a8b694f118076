"""How ranks tell each other their records, the errors of a rank, and the names that findings need."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ....errors import BadInput
from ...sharding.verdicts import is_distributed, reducing_device
from .records import RECORD, Records

_TEXT = 504
"""Bytes of the error of a rank; a longer text is cut."""

_NAME = 256
"""Bytes of a name; a longer name is cut."""


def rank_and_size(group: Any) -> tuple[int, int]:
    """Returns the number of this rank in a group, and the number of ranks; (0, 1) without a process group.

    Raises:
        BadInput: If this process is no rank of the group.
    """
    if not is_distributed():
        return 0, 1
    from torch import distributed

    rank = distributed.get_rank(group)
    if rank < 0:
        raise BadInput("this process is no rank of the group. Call audit_distributed on the ranks of the group only")
    return rank, distributed.get_world_size(group)


def exchanged(mine: Records, error: str, group: Any) -> Records:
    """Gives each rank the records of all ranks.

    Two all-reduces: of 512 bytes for each rank, and of 128 bytes for each tensor of each rank.

    Args:
        mine: The records of this rank.
        error: Why this rank has none; "" if it has them.
        group: A process group, or None for all ranks.

    Returns:
        The records in the order of the ranks, the same on each.

    Raises:
        BadInput: On each rank, if a rank has an error.
    """
    rank, size = rank_and_size(group)
    heads = np.zeros((size, 8 + _TEXT), np.uint8)
    text = error.encode()[:_TEXT]
    heads[rank, :8] = np.frombuffer(len(mine).to_bytes(8, "little"), np.uint8)
    heads[rank, 8 : 8 + len(text)] = np.frombuffer(text, np.uint8)
    heads = _joined(heads, group)
    for number, row in enumerate(heads):
        told = bytes(row[8:]).rstrip(b"\0").decode(errors="replace")
        if told:
            where = f"rank {number} could not look at its part. " if size > 1 else ""
            raise BadInput(where + told)
    counts = [int.from_bytes(bytes(row[:8]), "little") for row in heads]
    ends = np.cumsum(counts)
    data = np.zeros(int(ends[-1]) * RECORD.itemsize, np.uint8)
    stop = int(ends[rank]) * RECORD.itemsize
    data[stop - mine.nbytes : stop] = np.frombuffer(mine.tobytes(), np.uint8)
    return np.frombuffer(_joined(data, group).tobytes(), RECORD)


def names_of(digests: list[int], known: dict[int, str], group: Any) -> dict[int, str]:
    """Gives each rank the names of tensors by their digests, also those that only other ranks have.

    Args:
        digests: The digests, the same on each rank.
        known: The names that this rank knows, by their digests.
        group: As for `exchanged`.
    """
    rows = np.zeros((len(digests), _NAME), np.uint8)
    for row, digest in zip(rows, digests, strict=True):
        text = known.get(digest, "").encode()[:_NAME]
        row[: len(text)] = np.frombuffer(text, np.uint8)
    joined = _joined(rows, group)
    texts = [bytes(row).rstrip(b"\0").decode(errors="replace") for row in joined]
    return dict(zip(digests, texts, strict=True))


def _joined(data: Any, group: Any) -> Any:
    """Takes the maximum of arrays of bytes of all ranks: where all but one rank have 0, that rank's bytes."""
    if not is_distributed() or not data.size:
        return data
    from torch import distributed

    tensor = torch.from_numpy(data).to(reducing_device(group))
    distributed.all_reduce(tensor, distributed.ReduceOp.MAX, group)
    return tensor.cpu().numpy()
