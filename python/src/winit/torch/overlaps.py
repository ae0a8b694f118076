"""Tensors of a module that share memory without being the same tensor."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch

from .sharding.dtensors import local_of, why_unfillable
from .tensors import ModuleTensor

_MAX_WORK = 1 << 20  # candidate solutions; harder pairs count as overlapping


def overlaps(tensors: list[ModuleTensor]) -> Iterator[tuple[ModuleTensor, ModuleTensor]]:
    """Finds pairs of tensors that have memory of elements in common. Interleaved columns have none."""
    by_storage: dict[int, list[ModuleTensor]] = {}
    for tensor in tensors:
        held = local_of(tensor.tensor)
        if why_unfillable(tensor.tensor) is None and held.numel() > 0:
            by_storage.setdefault(held.untyped_storage()._cdata, []).append(tensor)
    for group in by_storage.values():
        group.sort(key=lambda tensor: _extent(local_of(tensor.tensor))[0])
        reach: list[tuple[int, ModuleTensor]] = []
        for tensor in group:
            start, stop = _extent(local_of(tensor.tensor))
            reach = [(end, other) for end, other in reach if end > start]
            yield from (
                (other, tensor) for _, other in reach if _share(local_of(other.tensor), local_of(tensor.tensor))
            )
            reach.append((stop, tensor))


def repeats_itself(tensor: torch.Tensor) -> bool:
    """Tells whether several elements of a tensor lie at one place of its memory, as in an expanded tensor."""
    reach = 1
    for stride, length in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if length > 1:
            if stride < reach:
                return True
            reach = stride * (length - 1) + reach
    return False


def _extent(tensor: torch.Tensor) -> tuple[int, int]:
    """The bytes of the storage from the first element to the last."""
    steps = sum(stride * (length - 1) for stride, length in zip(tensor.stride(), tensor.shape, strict=True))
    start = tensor.storage_offset() * tensor.element_size()
    return start, start + (steps + 1) * tensor.element_size()


def _share(a: torch.Tensor, b: torch.Tensor) -> bool:
    try:
        return bool(np.shares_memory(_Addresses(a).array(), _Addresses(b).array(), max_work=_MAX_WORK))  # type: ignore[arg-type]
    except np.exceptions.TooHardError:
        return True


class _Addresses:
    """The addresses of a tensor's elements, as an array that is never read: the memory may be nowhere."""

    _BASE = 1 << 20  # a storage's address here; NumPy takes 0 for no memory

    def __init__(self, tensor: torch.Tensor) -> None:
        size = tensor.element_size()
        assert math.prod(tensor.shape) > 0
        self.__array_interface__ = {
            "version": 3,
            "shape": tuple(tensor.shape),
            "typestr": f"|V{size}",
            "strides": tuple(stride * size for stride in tensor.stride()),
            "data": (self._BASE + tensor.storage_offset() * size, True),
        }

    def array(self) -> np.ndarray[tuple[int, ...], np.dtype[np.void]]:
        return np.asarray(self)
