"""DTensors: which tensors are, what this rank holds of them, and why one cannot be filled."""

from __future__ import annotations

import sys
from typing import Any

import torch

from ..kinds import why_unsupported
from .extents import Extent, Split, held_extents

_MODULE = "torch.distributed.tensor"


def is_dtensor(tensor: torch.Tensor) -> bool:
    """Tells whether a tensor is a DTensor. Costs no import: where PyTorch's module is not loaded, there is none."""
    kind = getattr(sys.modules.get(_MODULE), "DTensor", None)
    return kind is not None and isinstance(tensor, kind)


def local_of(tensor: torch.Tensor) -> torch.Tensor:
    """Returns the memory that this rank holds of a tensor: of a DTensor its local tensor, else the tensor itself."""
    return tensor._local_tensor if is_dtensor(tensor) else tensor


def with_local(tensor: Any, local: torch.Tensor) -> Any:
    """Makes a DTensor like another one, around another local tensor of the same shape.

    Nothing is exchanged between ranks. `requires_grad`, and whether it is a parameter, are those of `tensor`.
    """
    made = type(tensor).from_local(
        local.detach(),
        tensor.device_mesh,
        tensor.placements,
        run_check=False,
        shape=tensor.shape,
        stride=tensor.stride(),
    )
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(made, requires_grad=tensor.requires_grad)
    return made.requires_grad_(tensor.requires_grad)


def same_layout(one: Any, other: Any) -> bool:
    """Tells whether two tensors can be one: both plain, or both DTensors of one mesh with the same placements."""
    if not is_dtensor(one) or not is_dtensor(other):
        return is_dtensor(one) == is_dtensor(other)
    return bool(one.device_mesh == other.device_mesh and tuple(one.placements) == tuple(other.placements))


def is_first_replica(tensor: Any) -> bool:
    """Tells whether no rank before this one in the mesh of a DTensor holds the same part. A plain tensor: true."""
    if not is_dtensor(tensor):
        return True
    at = tensor.device_mesh.get_coordinate()
    return at is not None and not any(
        coordinate for coordinate, placement in zip(at, tensor.placements, strict=True) if placement.is_replicate()
    )


def axis_extents(tensor: Any) -> list[list[Extent]]:
    """Returns which indices of each axis of a DTensor this rank holds, as its placements say.

    A dimension of the mesh with the placement `Replicate` splits nothing: each of its ranks holds the same part.

    Args:
        tensor: A DTensor, of which `why_no_part` says nothing.

    Returns:
        The extents of each axis; of the first axis none if this rank is not in the mesh.
    """
    at = tensor.device_mesh.get_coordinate()
    splits: list[list[Split]] = [[] for _ in tensor.shape]
    if at is None:
        return [[] for _ in tensor.shape]
    for dimension, placement in enumerate(tensor.placements):
        if not placement.is_replicate():
            factor = int(getattr(placement, "split_factor", 1))
            splits[placement.dim].append(Split(tensor.device_mesh.size(dimension), at[dimension], factor))
    return [held_extents(length, each) for length, each in zip(tensor.shape, splits, strict=True)]


def why_no_part(tensor: Any) -> str | None:
    """Returns why no part of the elements of a DTensor is this rank's, as the rest of a sentence, or None if one is."""
    placements = sys.modules[f"{_MODULE}.placement_types"]
    known = (placements.Replicate, placements.Shard, getattr(placements, "_StridedShard", placements.Shard))
    for placement in tensor.placements:
        if placement.is_partial():
            return (
                f"has the placement {placement!r}: each rank holds a term, and a recipe gives the elements that all "
                f"terms make together. Redistribute it before: redistribute(placements=[Replicate()] * "
                f"{len(tensor.placements)})"
            )
        if not isinstance(placement, known):
            return f"has the placement {placement!r}, and only Shard and Replicate are supported"
    if tensor.device_mesh.get_coordinate() is None:
        return None
    expected = tuple(sum(count for _, count in extents) for extents in axis_extents(tensor))
    found = tuple(local_of(tensor).shape)
    if found != expected:
        return (
            f"holds {list(found)} on this rank, and its placements {tuple(tensor.placements)} of {list(tensor.shape)} "
            f"say {list(expected)}. Make it by distribute_tensor, or by from_local with shape= and stride="
        )
    return None


def why_unfillable(tensor: torch.Tensor) -> str | None:
    """Returns why a tensor, or the part of it that this rank holds, cannot be filled, or None if it can be.

    Like `winit.torch.kinds.why_unsupported`, for plain tensors and DTensors.
    """
    if not is_dtensor(tensor):
        return why_unsupported(tensor)
    reason = why_unsupported(local_of(tensor))
    return why_no_part(tensor) if reason is None else f"is a DTensor, and what this rank holds of it {reason}"
