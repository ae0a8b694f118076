"""DTensors that `torch.distributed.checkpoint` loads wrongly, whatever the reader."""

from __future__ import annotations

from typing import Any

import torch

_CURE = "Fill it with `winit.torch.init_` or `fill_` instead"


def why_refused(tensor: Any) -> str | None:
    """Returns why a tensor cannot be loaded by `dcp.load`, as the rest of a sentence, or None if it can be.

    The planner of `dcp.load` knows one offset and one size for the shard of a rank. A shard of several ranges, which a
    truly strided `_StridedShard` has, gets the elements of the one range that begins where the first of them does:
    wrong elements, and no error. The `_StridedShard` of FSDP2 with tensor parallelism has one range and is right.
    All ranks give the same answer, because the shards of all are looked at.

    Args:
        tensor: The tensor of the state dict.
    """
    placements = getattr(tensor, "placements", None)
    if placements is None:
        return None
    if any(placement.is_partial() for placement in placements):
        return "has a partial placement: its values are sums over ranks, and a recipe has the sums only"
    spec = tensor._spec
    order = getattr(spec, "shard_order", None)  # older PyTorch has none
    if order is not None and order != type(spec).compute_default_shard_order(spec.placements):
        return (
            f"is sharded in the order {order}, which dcp.load takes for the order of the mesh. Shard it in that order"
        )
    mesh = tensor.device_mesh
    for axis in range(tensor.dim()):
        shards = [
            (mesh_axis, placement)
            for mesh_axis, placement in enumerate(placements)
            if getattr(placement, "dim", None) == axis
        ]
        if not any(type(placement).__name__ == "_StridedShard" for _, placement in shards):
            continue
        if not _are_ranges(tensor.shape[axis], [(placement, mesh.size(number)) for number, placement in shards]):
            return (
                f"has the placements {tuple(placements)}: on axis {axis} the shard of a rank is not one range, and "
                f"dcp.load gives such a shard the elements of other ranks, whatever the reader. {_CURE}"
            )
    return None


def _are_ranges(length: int, shards: list[tuple[Any, int]]) -> bool:
    """Returns whether the shards of all ranks are ranges of an axis. PyTorch's own placements split its indices."""
    pieces = [torch.arange(length, device="cpu")]
    for placement, count in shards:
        of_axis = type(placement)(0, **_factor(placement))
        pieces = [shard for piece in pieces for shard in of_axis._split_tensor(piece, count, with_padding=False)[0]]
    return all(len(piece) == 0 or int(piece[-1]) - int(piece[0]) + 1 == len(piece) for piece in pieces)


def _factor(placement: Any) -> dict[str, int]:
    factor = getattr(placement, "split_factor", None)
    return {} if factor is None else {"split_factor": factor}
