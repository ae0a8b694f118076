"""PyTorch's dtypes for the dtypes of tensors, and the memory of a tensor as a NumPy array."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from ..errors import BadInput
from ..filling import numpy_dtype

_SAME_SIZE = {1: torch.uint8, 2: torch.int16}
"""For each item size of a dtype that NumPy lacks, a dtype that it has."""

_NAMES = (
    *("float64", "float32", "float16", "bfloat16", "complex64", "bool"),
    *("int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8"),
    *("float8_e4m3fn", "float8_e5m2", "float8_e8m0fnu", "float8_e4m3fnuz", "float8_e5m2fnuz"),
)

_DTYPES = {name: getattr(torch, name) for name in _NAMES if hasattr(torch, name)}
_NAME_OF = {dtype: name for name, dtype in _DTYPES.items()}


def torch_dtype(name: str) -> torch.dtype:
    """Returns PyTorch's dtype for a dtype's name in a manifest; raises `BadInput` where PyTorch has none."""
    dtype = _DTYPES.get(name)
    if dtype is None:
        raise BadInput(f"PyTorch {torch.__version__} has no dtype for {name}")
    return dtype


def dtype_name(dtype: torch.dtype) -> str | None:
    """Returns the name that a manifest has for PyTorch's dtype, or None if a manifest cannot hold the dtype."""
    return _NAME_OF.get(dtype)


def memory_of(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    """Returns the memory of a CPU tensor as a NumPy array of the same shape and strides; writing to it writes there.

    The dtype is that of `winit.filling.numpy_dtype`. The array does not keep autograd's version counter: the caller
    counts a write with `count_write`.
    """
    name = dtype_name(tensor.dtype)
    assert name is not None, "the caller checks the dtype"
    plain = tensor.detach()
    if name == "bfloat16" or name.startswith("float8_"):
        plain = plain.view(_SAME_SIZE[plain.element_size()])
    memory: np.ndarray[Any, Any] = plain.numpy().view(numpy_dtype(name))
    return memory


def count_write(tensor: torch.Tensor) -> None:
    """Tells autograd that the elements of a tensor were written behind its back.

    Without this, a backward pass would silently use the new elements where it saved the old ones.
    """
    if not tensor.is_inference():
        torch.autograd.graph.increment_version(tensor)
