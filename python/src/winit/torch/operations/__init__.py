"""The law on the device of a tensor, in plain elementwise tensor operations, with its bits on the CPU and on CUDA.

Each operation of eager PyTorch rounds once. On CUDA, the kernels of `winit.torch.gpu` compute draws where they can be
used. torch.compile does not keep bits (fused multiply-add, reciprocals for divisions), so nothing here may run inside a
compiled function; `winit.torch.fill_` sees to it.
"""

from __future__ import annotations

from .boxes import fill_box, is_supported, prepare
from .conditions import require_exact_arithmetic, runs_operations
from .tiling import tiles

__all__ = ["fill_box", "is_supported", "prepare", "require_exact_arithmetic", "runs_operations", "tiles"]
