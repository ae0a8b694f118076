"""The bytes of a storage, for NumPy: a view of memory on the CPU, a copy of memory elsewhere."""

from __future__ import annotations

import ctypes
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from .sentinels import BFLOAT16, BITS, BOOL, FLOAT16, FLOAT32, FLOAT64, PERIOD, Format, Round, sentinels

_FORMATS: dict[Any, Format] = {
    torch.float64: FLOAT64,
    torch.float32: FLOAT32,
    torch.float16: FLOAT16,
    torch.bfloat16: BFLOAT16,
    torch.complex128: FLOAT64,
    torch.complex64: FLOAT32,
    torch.bool: BOOL,
}


def format_of(dtype: Any) -> Format:
    """Returns how memory of a dtype is filled."""
    return _FORMATS.get(dtype) or BITS.get(dtype.itemsize, BITS[1])


def plain_torch() -> ExitStack:
    """Makes a context in which operations run as if no mode, no subclass and no inference mode were active."""
    stack = ExitStack()
    stack.enter_context(torch._C._DisableTorchDispatch())
    stack.enter_context(torch._C.DisableTorchFunction())
    stack.enter_context(torch.no_grad())
    return stack


def is_host(storage: Any) -> bool:
    """Tells whether NumPy can address the memory of a storage."""
    return str(storage.device.type) == "cpu"


def read(storage: Any) -> NDArray[np.uint8]:
    """Returns the bytes of a storage: a view on the CPU, which is valid while the storage lives; a copy elsewhere."""
    count = int(storage.nbytes())
    if not count:
        return np.empty(0, np.uint8)
    if is_host(storage):
        owner = (ctypes.c_uint8 * count).from_address(storage.data_ptr())
        return np.frombuffer(owner, np.uint8)  # type: ignore[call-overload, no-any-return]
    with plain_torch():
        array: NDArray[np.uint8] = _flat(storage).cpu().numpy()
    return array


def fill(storage: Any, start: int, stop: int, form: Format, serial: int, round: Round) -> None:
    """Fills the bytes start ..< stop of a storage with sentinels.

    Args:
        storage: The storage.
        start: The first byte.
        stop: The end.
        form: How the elements are filled.
        serial: The number of the allocation.
        round: 0 for the first build, 1 for a repeated one.
    """
    count = (stop - start) // form.size
    if count <= 0:
        return
    tile = sentinels(form, serial, round, min(count, PERIOD))
    if is_host(storage):
        memory = read(storage)[start : start + count * form.size].view(form.unsigned)
        whole = count // len(tile) * len(tile)
        memory[:whole].reshape(-1, len(tile))[:] = tile
        memory[whole:] = tile[: count - whole]
        return
    with plain_torch():
        flat = _flat(storage)[start : start + count * form.size]
        piece = torch.from_numpy(tile.view(np.uint8)).to(storage.device)
        whole = len(flat) // len(piece) * len(piece)
        flat[:whole].view(-1, len(piece)).copy_(piece)
        flat[whole:].copy_(piece[: len(flat) - whole])


def _flat(storage: Any) -> Any:
    return torch.empty(0, dtype=torch.uint8, device=storage.device).set_(storage)
