"""The elements of a tensor as NumPy sees them, and which of them still hold their sentinels."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from . import memory
from .records import Fill, Record
from .sentinels import BFLOAT16, PERIOD, Format, Round, has_payload, is_nan, sentinels

Mask = NDArray[np.bool_]


def bits(tensor: Any) -> NDArray[Any]:
    """Returns the elements of a tensor as unsigned integers.

    Args:
        tensor: A strided tensor.

    Returns:
        An array of the tensor's shape: a view of memory on the CPU, a copy elsewhere. An element of 16 bytes is a last
        axis of two.
    """
    size = tensor.element_size()
    if not memory.is_host(tensor.untyped_storage()):
        with memory.plain_torch():
            tensor = tensor.cpu()
    data = memory.read(tensor.untyped_storage())
    shape, strides = tuple(tensor.shape), tuple(size * step for step in tensor.stride())
    if size > 8:
        shape, strides, size = (*shape, size // 8), (*strides, 8), 8
    start = tensor.storage_offset() * tensor.element_size()
    if not tensor.numel():
        return np.empty(shape, f"<u{size}")
    usable = (len(data) - start) // size * size
    return as_strided(data[start : start + usable].view(f"<u{size}"), shape, strides, writeable=False)


def never_written(tensor: Any, record: Record, round: Round) -> Mask | None:
    """Tells which elements of a tensor hold the sentinels of their places.

    Args:
        tensor: A strided tensor.
        record: The record of its storage.
        round: Which sentinels the storage was filled with.

    Returns:
        A mask of the tensor's shape; None if no element does.
    """
    storage = tensor.untyped_storage()
    data = memory.read(storage)
    start = tensor.storage_offset() * tensor.element_size()
    form = memory.format_of(tensor.dtype)
    whole = len(record.fills) == 1 and record.fills[0].form == form and record.fills[0].stop <= len(data)
    if whole and tensor.is_contiguous() and not tensor.is_complex() and start >= record.fills[0].start:
        return _contiguous(tensor, data, record.fills[0], start, round)
    return _general(tensor, data, record, start, round)


def nans(tensor: Any) -> Mask | None:
    """Tells which elements are NaN; None if no element is, or the dtype has none with a payload."""
    form = memory.format_of(tensor.dtype)
    if not form.nan or not tensor.numel():
        return None
    found = is_nan(_reals(tensor, form), form)
    if tensor.is_complex():
        found = np.asarray(found.any(axis=-1))
    return found if found.any() else None


def payloads(tensor: Any, mask: Mask) -> Mask:
    """Tells which elements of a mask of NaNs have the payload of a sentinel."""
    form = memory.format_of(tensor.dtype)
    found = has_payload(_reals(tensor, form), form)
    return mask & np.asarray(found.any(axis=-1) if tensor.is_complex() else found)


def values(tensor: Any) -> NDArray[np.float64] | None:
    """Returns the elements of a floating-point tensor as binary64; None for another dtype."""
    if not tensor.is_floating_point():
        return None
    if tensor.element_size() == 1:
        return None
    array = bits(tensor)
    if tensor.dtype.itemsize == 2 and memory.format_of(tensor.dtype) is BFLOAT16:
        return (array.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)
    return array.view(f"<f{tensor.element_size()}").astype(np.float64)


def _reals(tensor: Any, form: Format) -> NDArray[Any]:
    array = bits(tensor)
    if not tensor.is_complex():
        return array
    if form.size == 4:
        return np.stack([array & np.uint64(0xFFFF_FFFF), array >> np.uint64(32)], axis=-1).astype(np.uint32)
    return array


def _contiguous(tensor: Any, data: NDArray[np.uint8], fill: Fill, start: int, round: Round) -> Mask | None:
    count = tensor.numel()
    size = fill.form.size
    memory_ = data[start : start + count * size].view(fill.form.unsigned)
    first = (start - fill.start) // size
    tile = sentinels(fill.form, fill.serial, round, min(PERIOD, first + count))
    mask: Mask | None = None
    position = 0
    while position < count:
        phase = (first + position) % PERIOD
        length = min(len(tile) - phase, count - position)
        same = memory_[position : position + length] == tile[phase : phase + length]
        if same.any():
            mask = np.zeros(count, np.bool_) if mask is None else mask
            mask[position : position + length] = same
        position += length
    return None if mask is None else mask.reshape(tuple(tensor.shape))


def _general(tensor: Any, data: NDArray[np.uint8], record: Record, start: int, round: Round) -> Mask | None:
    if not tensor.numel():
        return None
    size = tensor.element_size()
    span = size * (1 + sum((n - 1) * step for n, step in zip(tensor.shape, tensor.stride(), strict=True)))
    same = np.zeros(span, np.bool_)
    for fill in record.fills:
        low, high = max(fill.start, start), min(fill.stop, start + span, len(data))
        if low < high:
            same[low - start : high - start] = data[low:high] == _fill_bytes(fill, low, high, round)
    strides = tuple(size * step for step in tensor.stride())
    mask: Mask = np.asarray(as_strided(same, (*tensor.shape, size), (*strides, 1), writeable=False).all(axis=-1))
    return mask if mask.any() else None


def _fill_bytes(fill: Fill, low: int, high: int, round: Round) -> NDArray[np.uint8]:
    """Returns the bytes low ..< high of a storage as they were filled."""
    size = fill.form.size
    first, last = (low - fill.start) // size, -(-(high - fill.start) // size)
    tile = sentinels(fill.form, fill.serial, round, min(PERIOD, last))
    places = np.arange(first, last) % PERIOD
    filled = tile[places].view(np.uint8)
    skipped = low - fill.start - first * size
    return filled[skipped : skipped + high - low]
