"""What a device must do for tensor operations to give the bits of the law."""

from __future__ import annotations

import torch

from ...reference.errors import FloatingPointModeError

_CHECKED_COUNT = 1 << 17
"""Elements of a check on the CPU. PyTorch splits an operation on this number of elements among its threads."""


def runs_operations(device: torch.device) -> bool:
    """Tells whether the law's tensor operations may run on a device: the CPU, and CUDA of NVIDIA.

    MPS has no float64. ROCm (whose devices call themselves cuda) and XPU are not tested. For all of them, elements are
    made on the CPU and copied.
    """
    return device.type == "cpu" or (device.type == "cuda" and torch.version.hip is None)


def require_exact_arithmetic(device: torch.device) -> None:
    """Checks that a device keeps subnormal numbers and rounds to nearest, ties to even.

    Raises:
        FloatingPointModeError: If it does not; a `winit.Error`.
    """
    count = _CHECKED_COUNT if device.type == "cpu" else 1
    smallest = torch.full((count,), 2.0**-126, dtype=torch.float32, device=device)
    half = smallest * 0.5  # subnormal result
    sums = torch.full((count,), 1.0, dtype=torch.float32, device=device)
    to_even = (sums + 2.0**-24 == 1.0) & (sums + 3 * 2.0**-24 == 1.0 + 2.0**-22)
    kept = (half.view(torch.int32) == 0x00400000) & (half * 2.0 == smallest)  # subnormal operand
    if bool((kept & to_even).all()):
        return
    if not bool(kept.all()):
        raise FloatingPointModeError(
            "PyTorch flushes subnormal numbers to zero here, and the law keeps them. Call "
            "torch.set_flush_denormal(False) first; a library built with -ffast-math can turn it on when it is loaded."
        )
    raise FloatingPointModeError(
        f"{device} does not round to nearest, ties to even, and the law does. Nothing was written."
    )
