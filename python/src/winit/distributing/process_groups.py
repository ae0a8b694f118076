"""Bytes gathered from all ranks of a process group of torch.distributed.

PyTorch is not imported here: a process that has not imported it has no process group, and is the only rank.
"""

from __future__ import annotations

import sys
from typing import Any

from ..errors import BadInput


def rank_and_world(group: Any) -> tuple[int, int]:
    """Returns the rank of this process and the number of ranks.

    Args:
        group: A process group, or None for all ranks. Without `init_process_group` this process is the only rank.

    Raises:
        BadInput: If this process is not in the group, or a group is given without `init_process_group`.
    """
    distributed = _distributed()
    if distributed is None:
        if group is not None:
            raise BadInput("there is no process group. Call torch.distributed.init_process_group before")
        return 0, 1
    rank = distributed.get_rank(group)
    if rank < 0:
        raise BadInput("this process is not in the process group. Call the function on the ranks of the group only")
    return rank, distributed.get_world_size(group)


def gathered(data: bytes, length: int, group: Any) -> list[bytes]:
    """Gives each rank the bytes of all ranks, in their order, by one all-gather.

    Args:
        data: The bytes of this rank.
        length: How many bytes each rank has at most: the same number on each rank.
        group: A process group, or None for all ranks.

    Returns:
        The bytes of each rank.
    """
    distributed = _distributed()
    if distributed is None:
        return [data]
    torch = sys.modules["torch"]
    row = torch.zeros(8 + length, dtype=torch.uint8)
    framed = bytearray(len(data).to_bytes(8, "little") + data)
    row[: len(framed)] = torch.frombuffer(framed, dtype=torch.uint8)
    # Not a device with a number: the process has chosen its own.
    row = row.to(torch.empty(0, device=device_type(str(distributed.get_backend(group)))).device)
    rows = [torch.empty_like(row) for _ in range(distributed.get_world_size(group))]
    distributed.all_gather(rows, row, group)
    framed_rows = [bytes(each.cpu().numpy()) for each in rows]
    return [each[8 : 8 + int.from_bytes(each[:8], "little")] for each in framed_rows]


def _distributed() -> Any:
    """Returns torch.distributed, or None where there is no process group."""
    torch = sys.modules.get("torch")
    distributed = getattr(torch, "distributed", None)
    is_there = distributed is not None and distributed.is_available() and distributed.is_initialized()
    return distributed if is_there else None


def device_type(backend: str) -> str:
    """Returns the type of the devices whose tensors a backend gathers: "cpu" where it can.

    Args:
        backend: The backend as PyTorch names it, such as "nccl" or "cpu:gloo,cuda:nccl".

    Example:
        >>> device_type("nccl"), device_type("cpu:gloo,cuda:nccl")
        ('cuda', 'cpu')
    """
    if "cpu:" not in backend:
        for name, kind in (("nccl", "cuda"), ("xccl", "xpu")):
            if name in backend:
                return kind
    return "cpu"
