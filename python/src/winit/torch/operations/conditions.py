"""What a device must do for tensor operations to give the bits of the law."""

from __future__ import annotations

import torch

from ...reference.errors import FloatingPointModeError
from .. import gpu

_CHECKED_COUNT = 1 << 17
"""Elements of a check on the CPU. PyTorch splits an operation on this number of elements among its threads."""

_exact: set[torch.device] = set()
"""CUDA devices that were checked."""


def runs_operations(device: torch.device) -> bool:
    """Tells whether the law's tensor operations may run on a device: the CPU, and CUDA of NVIDIA.

    MPS has no float64. ROCm (whose devices call themselves cuda) and XPU are not tested. For all of them, and for CUDA
    under WINIT_CUDA_BACKEND=cpu, elements are made on the CPU and copied.
    """
    is_nvidia = device.type == "cuda" and torch.version.hip is None
    return device.type == "cpu" or (is_nvidia and not gpu.is_copied(device))


def require_exact_arithmetic(device: torch.device) -> None:
    """Checks that a device keeps subnormal numbers and rounds to nearest, ties to even.

    A CUDA device is checked once: its compiled code decides, and no mode of a thread.

    Raises:
        FloatingPointModeError: If it does not; a `winit.Error`.
    """
    if device in _exact:
        return
    count = _CHECKED_COUNT if device.type == "cpu" else 1
    smallest = torch.full((count,), 2.0**-126, dtype=torch.float32, device=device)
    half = smallest * 0.5  # subnormal result
    sums = torch.full((count,), 1.0, dtype=torch.float32, device=device)
    to_even = (sums + 2.0**-24 == 1.0) & (sums + 3 * 2.0**-24 == 1.0 + 2.0**-22)
    kept = (half.view(torch.int32) == 0x00400000) & (half * 2.0 == smallest)  # subnormal operand
    if bool((kept & to_even).all()):
        if device.type == "cuda":
            _exact.add(device)
        return
    if not bool(kept.all()):
        raise FloatingPointModeError(
            "PyTorch flushes subnormal numbers to zero here, and the law keeps them. Call "
            "torch.set_flush_denormal(False) first; a library built with -ffast-math can turn it on when it is loaded."
        )
    raise FloatingPointModeError(
        f"{device} does not round to nearest, ties to even, and the law does. Nothing was written."
    )
