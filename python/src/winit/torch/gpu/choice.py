"""What fills CUDA tensors: $WINIT_CUDA_BACKEND."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Literal

import torch

from ...errors import BadInput, Unavailable
from ...quoting import quoted

_OLDEST = (8, 0)
"""The oldest compute capability that Triton compiles for and that rounds to bfloat16 by an instruction."""

_NORMAL = {"law": "normal", "mean": 0.0, "std": 1.0}

Backend = Literal["triton", "torch", "cpu"]


def cuda_backend(device: Any = None) -> Backend:
    """Says what fills CUDA tensors. All ways give the same bits.

    `triton`: kernels that Triton compiles make the draws of the laws uniform, normal and truncated normal, alone, in
    parts and in expressions; PyTorch's operations make the rest of expressions, and constants. `torch`: PyTorch's
    operations alone. `cpu`: elements are made on the CPU and copied, as those of all other laws are.

    The kernels are used where the package Triton is installed, its kernels can be compiled, and the GPU has compute
    capability 8.0 or newer. The environment variable `WINIT_CUDA_BACKEND` forces one of the three. It is read at each
    call. The first call compiles a kernel, which takes seconds, and compares its values with those of the CPU.

    Args:
        device: A CUDA device; the current one by default.

    Returns:
        "triton", "torch" or "cpu".

    Raises:
        BadInput: If the variable has an unknown value, or the device is none of CUDA.
        Unavailable: If there is no CUDA device, `triton` is forced and cannot be used, or a kernel computes wrong
            values.

    Example:
        >>> import torch
        >>> not torch.cuda.is_available() or cuda_backend() in ("triton", "torch", "cpu")
        True
    """
    return backend_and_reason(device)[0]


def backend_and_reason(device: Any = None) -> tuple[Backend, str | None]:
    """Returns what `cuda_backend` does, and why it is not `triton`, or None; raises as `cuda_backend`."""
    wanted = _wanted()
    place = torch.device("cuda" if device is None else device)
    if place.type != "cuda":
        raise BadInput(f"a CUDA device was expected, not {quoted(str(place))}")
    if not torch.cuda.is_available():
        raise Unavailable(f"PyTorch {torch.__version__} sees no CUDA device here")
    if torch.version.hip is not None:
        return "cpu", "ROCm is not tested"
    if wanted in ("torch", "cpu"):
        return "torch" if wanted == "torch" else "cpu", f"WINIT_CUDA_BACKEND is {wanted}"
    place = torch.empty(0, device=place).device  # with the index of the current device
    reason = _why_not(place, _NORMAL, torch.float32)
    return ("triton" if reason is None else "torch"), reason


def is_copied(device: torch.device) -> bool:
    """Tells whether $WINIT_CUDA_BACKEND says that tensors on a CUDA device get elements made on the CPU."""
    return device.type == "cuda" and _wanted() == "cpu"


def is_used(device: torch.device, law: Mapping[str, Any], dtype: torch.dtype) -> bool:
    """Tells whether the kernels of Triton write a law to a tensor of this dtype.

    Before a formula is first used on a device, it is compiled, and its values are compared with those of the CPU.

    Raises:
        BadInput: As `cuda_backend`.
        Unavailable: If `triton` is forced and cannot be used, or the kernel computes wrong values on this device.
    """
    if device.type != "cuda" or torch.version.hip is not None or _wanted() in ("torch", "cpu"):
        return False
    return _why_not(device, law, dtype) is None


def _wanted() -> str:
    wanted = os.environ.get("WINIT_CUDA_BACKEND", "")
    if wanted not in ("", "triton", "torch", "cpu"):
        raise BadInput(f"WINIT_CUDA_BACKEND is {quoted(wanted)}, but must be `triton`, `torch` or `cpu`, or not set")
    return wanted


def _why_not(device: torch.device, law: Mapping[str, Any], dtype: torch.dtype) -> str | None:
    """Returns why Triton does not make a law on a device, or None if it does; raises `Unavailable` if it is forced."""
    reason = _why_no_triton(device)
    if reason is None:
        from . import checking

        reason = checking.why_unusable(device, law, dtype)
    if reason is not None and _wanted() == "triton":
        raise Unavailable(
            f"WINIT_CUDA_BACKEND is `triton`, but {reason}. Unset it, or set WINIT_CUDA_BACKEND=torch: the bits are "
            "the same, and a fill takes longer."
        )
    return reason


def _why_no_triton(device: torch.device) -> str | None:
    try:
        import triton  # noqa: F401
    except ImportError as error:
        return f"the package triton cannot be imported ({error})"
    if os.environ.get("TRITON_INTERPRET", "0") not in ("", "0"):
        return "TRITON_INTERPRET is set, which makes Triton interpret kernels in Python"
    found = torch.cuda.get_device_capability(device)
    if found < _OLDEST:
        return f"{device} has compute capability {found[0]}.{found[1]}, and 8.0 or newer is needed"
    return None
