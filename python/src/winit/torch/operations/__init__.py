"""The law in plain elementwise tensor operations, which give its bits on the CPU and on CUDA.

Each operation of eager PyTorch rounds once. torch.compile does not keep that (fused multiply-add, reciprocals for
divisions), so nothing here may run inside a compiled function; `winit.torch.fill_` sees to it.
"""

from __future__ import annotations

from .boxes import fill_box, is_supported, tiles
from .conditions import require_exact_arithmetic, runs_operations

__all__ = ["fill_box", "is_supported", "require_exact_arithmetic", "runs_operations", "tiles"]
