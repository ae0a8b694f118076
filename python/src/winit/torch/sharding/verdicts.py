"""What a rank says of its comparison, and how all ranks learn it by one all-reduce."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import torch

_LENGTH = 2048
"""Bytes of a rank's verdict; the text of an error is cut to fit."""


@dataclass(frozen=True)
class Verdict:
    """What one rank found.

    Attributes:
        recipe: A digest of the recipe that the rank compared with.
        kind: The kind of the first finding, "error" if the comparison could not be made, or None if all is equal.
        order: The position of the tensor in the recipe. It decides which finding is the first.
        element: The row-major index of the first element that differs in the whole tensor, or -1.
        message: The sentence of a finding that is not about values, or of an error.
        tensor: The name of the tensor.
        expected: The expected bits of the element.
        found: The bits that were found.
        count: How many of the elements that the rank holds differ in this tensor.
        lacks: Whether the rank has not all tensors of the recipe.
    """

    recipe: str
    kind: str | None = None
    order: int = -1
    element: int = -1
    message: str = ""
    tensor: str | None = None
    expected: int = 0
    found: int = 0
    count: int = 0
    lacks: bool = False


def exchanged(verdict: Verdict, group: Any) -> list[Verdict]:
    """Gives each rank the verdicts of all ranks, in their order, by one all-reduce.

    Each rank writes its verdict into its own row of a matrix of zeros; the maximum of the matrices has all rows.

    Args:
        verdict: The verdict of this rank.
        group: A process group, or None for all ranks. Without `init_process_group` this process is the only rank.

    Returns:
        The verdicts of all ranks of the group, the same on each.
    """
    if not is_distributed():
        return [verdict]
    from torch import distributed

    rows = torch.zeros(distributed.get_world_size(group), _LENGTH, dtype=torch.uint8)
    text = _encoded(verdict)
    rows[distributed.get_rank(group), : len(text)] = torch.frombuffer(bytearray(text), dtype=torch.uint8)
    rows = rows.to(reducing_device(group))
    distributed.all_reduce(rows, distributed.ReduceOp.MAX, group)
    return [Verdict(**json.loads(bytes(row).rstrip(b"\0"))) for row in rows.cpu().numpy()]


def summed(counts: list[int], group: Any) -> list[int]:
    """Adds up numbers of all ranks, position by position."""
    if not is_distributed():
        return counts
    from torch import distributed

    tensor = torch.tensor(counts, dtype=torch.int64, device=reducing_device(group))
    distributed.all_reduce(tensor, distributed.ReduceOp.SUM, group)
    return [int(each) for each in tensor.cpu()]


def is_distributed() -> bool:
    """Tells whether this process is a rank of a process group."""
    return bool(torch.distributed.is_available() and torch.distributed.is_initialized())


def reducing_device(group: Any) -> torch.device:
    """Where the backend of a group can reduce."""
    backend = str(torch.distributed.get_backend(group))
    kind = {"nccl": "cuda", "xccl": "xpu"}.get(backend, "cpu")
    return torch.empty(0, device=kind).device


def _encoded(verdict: Verdict) -> bytes:
    values = asdict(verdict)
    while True:
        text = json.dumps(values).encode()
        if len(text) <= _LENGTH:
            return text
        longest = max(("message", "tensor"), key=lambda key: len(values[key] or ""))
        values[longest] = values[longest][: len(values[longest]) * 3 // 4] + "…"
