"""Which part of a tensor a rank holds: as its DTensor says, or as the option `sharded` says of plain tensors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from ....errors import BadInput
from ....globs import matches
from ....quoting import quoted
from ...sharding.dtensors import axis_extents, is_dtensor, local_of, why_no_part
from ..tensors import obstacle

Sharded = Mapping[str, "int | None"]
"""From patterns of names of plain tensors to the axis that the ranks split; None: each rank has a tensor of its own."""

REASONS = (
    "",
    "its placements: a rank holds a term of it (Partial), or not the part that they say",
    "FullyShardedDataParallel (FSDP1) does not say what a rank holds of it. Use fully_shard (FSDP2)",
    "DeepSpeed has partitioned it, and no rank shows its part",
    "its layout: only strided tensors with memory of their own are checked, and no lazy ones",
    "whether ranks agree: it is marked as split (tensor_model_parallel, or allreduce is false), its elements differ, "
    "and sharded= does not name it. Pass its axis, and group= the ranks that split it",
    "whether ranks agree: they hold it in different shapes, and sharded= does not name it",
)
"""What was not checked of a tensor, by its number in a record."""

PLACEMENTS, FLAT, DEEPSPEED, LAYOUT, MARKED, SHAPES = range(1, 7)


def checked_sharded(sharded: Any) -> Sharded:
    """Checks the option `sharded`; raises `BadInput`."""
    if sharded is None:
        return {}
    if not isinstance(sharded, Mapping):
        raise BadInput("sharded must be a mapping from names of tensors to the axis that the ranks split")
    for name, axis in sharded.items():
        if not isinstance(name, str) or not (axis is None or (isinstance(axis, int) and not isinstance(axis, bool))):
            raise BadInput(
                f"sharded: {quoted(str(name))} needs the number of an axis, or None where each rank has a tensor of "
                f"its own (an expert), and has {axis!r}"
            )
    return dict(sharded)


def declared(tensor: torch.Tensor, names: list[str], sharded: Sharded) -> tuple[str, int | None] | None:
    """Returns the pattern of `sharded` that names a tensor, and the axis ≥ 0 or None; None if no pattern does.

    Raises:
        BadInput: If the tensor is a DTensor, which says its placements, or has no such axis.
    """
    for pattern, axis in sharded.items():
        name = next((name for name in names if matches(pattern, name)), None)
        if name is None:
            continue
        if is_dtensor(tensor):
            raise BadInput(f"sharded names `{name}`, which is a DTensor and says itself how it is split. Leave it out")
        if axis is not None and not -tensor.ndim <= axis < tensor.ndim:
            raise BadInput(f"sharded: `{name}` has {tensor.ndim} axes, and no axis {axis}")
        return pattern, None if axis is None else axis % tensor.ndim
    return None


def why_unchecked(tensor: Any, name: str) -> int:
    """Returns the number of the reason why a tensor of a module cannot be checked on its rank; 0 if it can be."""
    if isinstance(tensor, torch.nn.Parameter) and "_fsdp_wrapped_module" in name.split("."):
        return FLAT
    if hasattr(tensor, "ds_id"):
        return DEEPSPEED
    if obstacle(local_of(tensor)) is not None:
        return LAYOUT
    return PLACEMENTS if is_dtensor(tensor) and why_no_part(tensor) is not None else 0


def boxes_text(tensor: Any) -> str:
    """Returns a text that is equal on the ranks that hold the same part of a DTensor."""
    return repr((tuple(tensor.shape), axis_extents(tensor)))


def is_marked_as_split(tensor: Any) -> bool:
    """Tells whether Megatron marks a plain parameter as a part (`tensor_model_parallel`) or as that of an expert."""
    return bool(getattr(tensor, "tensor_model_parallel", False)) or getattr(tensor, "allreduce", True) is False


def fans(shape: tuple[int, ...]) -> tuple[float, float]:
    """Returns fan-in and fan-out as `torch.nn.init` counts them; (0, 0) of fewer than two axes."""
    if len(shape) < 2:
        return 0.0, 0.0
    field = float(torch.Size(shape[2:]).numel())
    return shape[1] * field, shape[0] * field
