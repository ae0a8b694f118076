"""The law as kernels for CUDA, written in Triton: unit draws of words, computed and stored in one pass.

Nothing here imports Triton before it is used.
"""

from __future__ import annotations

from .choice import backend_and_reason, cuda_backend, is_copied, is_used

__all__ = ["backend_and_reason", "cuda_backend", "is_copied", "is_used"]
