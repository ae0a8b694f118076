"""The kinds of tensors that cannot be filled."""

from __future__ import annotations

import torch

from .dtypes import dtype_name


def why_unsupported(tensor: torch.Tensor) -> str | None:
    """Returns why a tensor cannot be filled from a recipe, as the rest of a sentence, or None if it can be."""
    if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
        return "is lazy: its shape is not known before the module's first forward pass"
    if type(tensor).__torch_dispatch__ is not torch.Tensor.__torch_dispatch__:
        return f"is a {type(tensor).__name__}, and tensor subclasses that dispatch by themselves are not supported"
    if tensor.layout != torch.strided:
        return f"has the layout {str(tensor.layout).removeprefix('torch.')}, and only strided tensors are supported"
    if tensor.is_quantized:
        return "is quantized, and a recipe has no scale"
    if tensor.is_conj() or tensor.is_neg():
        return "is a conjugate or negative view"
    if dtype_name(tensor.dtype) is None:
        return f"has the dtype {str(tensor.dtype).removeprefix('torch.')}, which a recipe cannot hold"
    return None
