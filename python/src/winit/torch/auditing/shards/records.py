"""What one rank tells the others of its part of each tensor: 128 bytes for each, the same on every machine."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray

from ....errors import BadInput
from ...sharding.dtensors import is_dtensor, local_of
from ...sharding.fsdp import gathered_modules
from ...tensors import ModuleTensor, module_tensors
from ..watch_context import watch
from .layouts import Sharded, boxes_text, declared, fans, is_marked_as_split, why_unchecked
from .statistics import Statistics, number_of, statistics

Records: TypeAlias = "NDArray[Any]"
"""A structured array of `RECORD`."""

PARAMETER = 1
"""The tensor is a parameter, and no buffer."""

TRAINED = 2
"""It requires a gradient."""

SHARDED = 4
"""The rank holds a part of it, or a tensor of its own, and no whole."""

DTENSOR = 8
"""It is a DTensor."""

SPLIT = 16
"""Megatron marks it as split."""

RECORD = np.dtype(
    [
        ("name", "<u8"),  # a digest of the first name
        ("part", "<u8"),  # equal on ranks that hold the same part
        ("shape", "<u8"),  # a digest of the local shape and the dtype
        ("digest", "<u8"),
        ("head", "<u8"),
        ("count", "<i8"),  # the elements that the rank holds
        ("sample", "<i8"),
        ("mean", "<f8"),
        ("std", "<f8"),
        ("largest", "<f8"),
        ("drawn", "<f8"),  # the standard deviation of the law that PyTorch was called with; 0 if that is not known
        ("local", "<f4", 2),  # fan-in and fan-out of what the rank holds
        ("whole", "<f4", 2),  # those of the whole tensor; 0 if the rank does not know them
        ("order", "<i4"),  # the position in the module
        ("rank", "<i4"),
        ("length", "<i4"),  # of the axis that is split, where `sharded` says it
        ("rounding", "<f4"),  # how much rounding to the dtype may change a number, relatively
        ("axis", "i1"),  # the axis that is split, where `sharded` says it; -1
        ("flags", "u1"),
        ("reason", "u1"),  # why the tensor is not checked (`REASONS`); 0 if it is
        ("unused", "u1", 5),
    ]
)


def records_of(
    module: torch.nn.Module, sharded: Sharded, rank: int, watched: watch | None = None
) -> tuple[Records, dict[int, str]]:
    """Looks at what this rank holds of each tensor of a module.

    Args:
        module: The module.
        sharded: The plain tensors that the ranks split.
        rank: The number of this rank in the group.
        watched: What watched the initialization on this rank, or None.

    Returns:
        The records, of tensors with elements on this rank and of those that cannot be checked, and the names of the
        tensors by their digests.

    Raises:
        BadInput: If FSDP has gathered parameters, all is on the meta device, or `sharded` does not fit the module.
    """
    gathered = gathered_modules(module)
    if gathered:
        raise BadInput(f"FSDP has gathered the parameters of `{gathered[0]}`. Call reshard() of the module before")
    tensors = module_tensors(module)
    used = set[str]()
    for one in tensors:
        found = declared(one.tensor, one.names, sharded)
        used |= {found[0]} if found is not None else set()
    unused = [pattern for pattern in sharded if pattern not in used]
    if unused:
        raise BadInput(f"sharded: `{unused[0]}` matches no tensor of the module, as named_parameters() names them")
    plain = [one for one in tensors if not why_unchecked(one.tensor, one.name)]
    meta = [one for one in plain if local_of(one.tensor).device.type == "meta" and local_of(one.tensor).numel()]
    if meta:
        raise BadInput(f"`{meta[0].name}` is on the meta device and has no values. Initialize the module before")
    rows = np.zeros(len(tensors), RECORD)
    for order, one in enumerate(tensors):
        _fill(rows[order : order + 1], one, sharded, rank, order)
        if watched is not None and rows["count"][order]:
            rows["drawn"][order] = watched._std_drawn(local_of(one.tensor))
    kept = rows[(rows["count"] > 0) | (rows["reason"] > 0)]
    return kept, {number_of(one.name.encode()): one.name for one in tensors}


def _fill(row: Records, one: ModuleTensor, sharded: Sharded, rank: int, order: int) -> None:
    tensor = one.tensor
    row["name"], row["order"], row["rank"], row["axis"] = number_of(one.name.encode()), order, rank, -1
    flags = (PARAMETER if one.is_parameter else 0) | (TRAINED if tensor.requires_grad else 0)
    flags |= (DTENSOR if is_dtensor(tensor) else 0) | (SPLIT if is_marked_as_split(tensor) else 0)
    row["flags"], row["reason"] = flags, why_unchecked(tensor, one.name)
    if row["reason"][0]:
        return
    local = local_of(tensor).detach()
    shape = tuple(local.shape)
    row["count"], row["local"] = local.numel(), fans(shape)
    row["shape"] = number_of(repr((shape, str(tensor.dtype))).encode())
    row["rounding"] = torch.finfo(tensor.dtype).eps if tensor.is_floating_point() else 0
    found = declared(tensor, one.names, sharded)
    if is_dtensor(tensor):
        row["part"], row["whole"] = number_of(boxes_text(tensor).encode()), fans(tuple(tensor.shape))
        row["flags"] |= SHARDED if local.numel() < tensor.numel() else 0
    elif found is not None:
        row["part"], row["flags"] = number_of(f"rank {rank}".encode()), flags | SHARDED
        if found[1] is not None:
            row["axis"], row["length"] = found[1], shape[found[1]]
    else:
        row["part"], row["whole"] = 1, fans(shape)
    if local.numel():
        _add(row, statistics(local))


def _add(row: Records, found: Statistics) -> None:
    for key in ("digest", "head", "sample", "mean", "std", "largest"):
        row[key] = getattr(found, key)
