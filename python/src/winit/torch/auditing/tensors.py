"""The tensors of a module: parameters, buffers and plain attributes, and why some of them cannot be checked."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch.utils._python_dispatch import is_traceable_wrapper_subclass

from ...errors import BadInput
from .records import Record, Records, inner_tensors, storage_of

Role = Literal["parameter", "buffer", "attribute"]


@dataclass(frozen=True)
class ModuleTensor:
    """One tensor of a module, under one of its names.

    Attributes:
        name: The name, such as "h.0.attn.bias".
        role: What it is in its module.
        is_persistent: False for a buffer that the state dict leaves out.
        owner: The module that has it.
        tensor: The tensor, without autograd; the local part of a DTensor.
        is_trained: Whether it is a parameter that requires a gradient.
        is_local: Whether it is a part of a wrapper subclass, such as the local part of a DTensor.
    """

    name: str
    role: Role
    is_persistent: bool
    owner: Any
    tensor: Any
    is_trained: bool
    is_local: bool = False

    @property
    def description(self) -> str:
        """The role in words, such as "buffer of LlamaRotaryEmbedding, not in the state dict"."""
        text = f"{self.role} of {type(self.owner).__name__}"
        if self.role == "buffer" and not self.is_persistent:
            text += ", not in the state dict"
        return text + (", the local part" if self.is_local else "")

    @property
    def storage(self) -> Any:
        """The storage, or None for sparse and quantized tensors."""
        return storage_of(self.tensor)

    @property
    def place(self) -> tuple[Any, ...]:
        """What two names of one tensor have in common: storage, offset, shape and strides."""
        storage = self.storage
        if storage is None:
            return (id(self.tensor),)
        tensor = self.tensor
        return storage._cdata, tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride())

    def record(self, records: Records) -> Record | None:
        """Returns the record of the storage."""
        storage = self.storage
        return None if storage is None else records.find(storage)


def module_tensors(module: Any) -> Iterator[ModuleTensor]:
    """Iterates over all tensors of a module and its submodules, tied ones under each of their names.

    Tensors that are plain attributes of a module (`self.freqs = torch.empty(…)`) are included: `to_empty` and the state
    dict leave them out. Tensors within lists and other objects are not.
    """
    for prefix, owner in module.named_modules(remove_duplicate=True):
        dot = f"{prefix}." if prefix else ""
        for name, value in owner._parameters.items():
            yield from _named(dot + name, "parameter", True, owner, value)
        for name, value in owner._buffers.items():
            is_persistent = name not in owner._non_persistent_buffers_set
            yield from _named(dot + name, "buffer", is_persistent, owner, value)
        for name, value in vars(owner).items():
            if isinstance(value, torch.Tensor):
                yield from _named(dot + name, "attribute", False, owner, value)


def obstacle(tensor: Any) -> str | None:
    """Says why the elements of a tensor cannot be looked at; None if they can."""
    if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
        return "it is lazy: it has no shape before the first forward pass. Run one in the build"
    if tensor.is_nested:
        return "it is nested: its parts have shapes of their own"
    if tensor.is_quantized:
        return "it is quantized: elements and memory are not the same"
    if tensor.layout is not torch.strided:
        return f"its layout is {str(tensor.layout).removeprefix('torch.')}: only strided tensors are checked"
    if _is_fake(tensor):
        return "it is a fake tensor, which has no memory"
    if storage_of(tensor) is None:
        return f"its type {type(tensor).__name__} has no memory of its own"
    return None


def _named(name: str, role: Role, is_persistent: bool, owner: Any, value: Any) -> Iterator[ModuleTensor]:
    if value is None:
        return
    is_trained = role == "parameter" and bool(value.requires_grad)
    if is_traceable_wrapper_subclass(value) and not _is_fake(value):
        parts = inner_tensors(value)
        for part, inner in parts.items():
            suffix = "" if len(parts) == 1 else f".{part}"
            yield ModuleTensor(name + suffix, role, is_persistent, owner, _detached(inner), is_trained, True)
        return
    yield ModuleTensor(name, role, is_persistent, owner, _detached(value), is_trained)


def _is_fake(tensor: Any) -> bool:
    """Tells whether a tensor is a fake tensor, without an import of their module, which takes a second."""
    module = sys.modules.get("torch._subclasses.fake_tensor")
    return module is not None and isinstance(tensor, module.FakeTensor)


def _detached(value: Any) -> Any:
    """Returns a plain view of a parameter, whose operations no mode and no autograd sees; others as they are."""
    if isinstance(value, torch.nn.parameter.UninitializedTensorMixin):
        return value
    return value.data if isinstance(value, torch.nn.Parameter) else value


def require_module(value: Any, where: str) -> None:
    """Raises `BadInput` if a value is not a module."""
    if not isinstance(value, torch.nn.Module):
        raise BadInput(f"{where} needs a torch.nn.Module, and got {type(value).__name__}")
