"""Tiles of tensors, so that the memory of intermediate results does not grow with the tensor."""

from __future__ import annotations

import math
from collections.abc import Iterator

import torch

_CPU_TILE = 1 << 16  # elements whose intermediate results fit the second-level cache
_DEVICE_TILE = 1 << 21  # elements, about 250 MB of intermediate results


def tiles(out: torch.Tensor) -> Iterator[tuple[tuple[int, ...], torch.Tensor]]:
    """Cuts a tensor into boxes of at most a tile, each with its first index."""
    limit = _CPU_TILE if out.device.type == "cpu" else _DEVICE_TILE
    longer = [axis for axis, length in enumerate(out.shape) if length > 1]
    if out.numel() == 0:
        return
    if out.numel() <= limit or not longer:
        yield (0,) * out.ndim, out
        return
    axis = longer[0]
    step = max(1, limit // math.prod(out.shape[axis + 1 :]))
    for start in range(0, out.shape[axis], step):
        for place, tile in tiles(out.narrow(axis, start, min(step, out.shape[axis] - start))):
            yield (*place[:axis], place[axis] + start, *place[axis + 1 :]), tile
