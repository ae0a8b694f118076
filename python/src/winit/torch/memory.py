"""New memory for tensors of a module, and how it gets into the module."""

from __future__ import annotations

from typing import Any

import torch

from .overlaps import repeats_itself
from .sharding.dtensors import is_dtensor, local_of, with_local
from .tensors import ModuleTensor

_ALIGNMENT = 64


def needs_memory(tensor: torch.Tensor, device: torch.device | None) -> bool:
    """Tells whether a tensor cannot be filled where it lies.

    That is so on the meta device, on another device than the one that is asked for, and where several elements lie at
    one place.
    """
    tensor = local_of(tensor)
    elsewhere = device is not None and tensor.device != device
    return tensor.device.type == "meta" or elsewhere or repeats_itself(tensor)


def new_memory(tensors: list[ModuleTensor], device: torch.device) -> dict[int, torch.Tensor]:
    """Allocates memory for all objects of tensors, by `id` of the object. Nothing is changed yet.

    Strides are kept, and views of one storage stay views of one storage; a tensor whose elements share a place gets a
    place for each. The memory is not initialized.
    """
    groups: dict[int, list[ModuleTensor]] = {}
    for one in tensors:
        held = local_of(one.tensor)
        key = id(one) if repeats_itself(held) else held.untyped_storage()._cdata
        groups.setdefault(key, []).append(one)
    made: dict[int, torch.Tensor] = {}
    # Tensors made in inference mode could never be trained.
    with torch.no_grad(), torch.inference_mode(False):
        for group in groups.values():
            for one, memory in zip(group, _allocated([local_of(each.tensor) for each in group], device), strict=True):
                for old in one.objects:
                    made[id(old)] = _like(old, memory)
    return made


def _allocated(tensors: list[torch.Tensor], device: torch.device) -> list[torch.Tensor]:
    """Allocates for tensors of one storage."""
    if len(tensors) == 1:
        # empty_like of a meta tensor would import sympy, which takes half a second.
        [one] = tensors
        stride = one.stride() if _is_dense(one) else torch.empty(one.shape, device="meta").stride()
        return [torch.empty_strided(one.shape, stride, dtype=one.dtype, device=device)]
    spans = [_span(tensor) for tensor in tensors]
    first = min(start for start, _ in spans) // _ALIGNMENT * _ALIGNMENT
    size = max(stop for _, stop in spans) - first
    storage = torch.empty(size, dtype=torch.uint8, device=device).untyped_storage()
    views = []
    for tensor, (start, _) in zip(tensors, spans, strict=True):
        empty = torch.empty(0, dtype=tensor.dtype, device=device)
        offset = (start - first) // tensor.element_size()
        views.append(empty.set_(storage, offset, tensor.shape, tensor.stride()))
    return views


def _is_dense(tensor: torch.Tensor) -> bool:
    """Tells whether the elements of a tensor are all of its memory, in some order of the axes."""
    reach = 1
    for stride, length in sorted(zip(tensor.stride(), tensor.shape, strict=True)):
        if length > 1:
            if stride != reach:
                return False
            reach *= length
    return True


def _span(tensor: torch.Tensor) -> tuple[int, int]:
    start = tensor.storage_offset()
    if tensor.numel() == 0:
        return start * tensor.element_size(), start * tensor.element_size()
    steps = sum(stride * (length - 1) for stride, length in zip(tensor.stride(), tensor.shape, strict=True))
    return start * tensor.element_size(), (start + steps + 1) * tensor.element_size()


def _like(old: torch.Tensor, memory: torch.Tensor) -> torch.Tensor:
    """Makes an object of the class, attributes and `requires_grad` of another, with this memory."""
    if is_dtensor(old):
        new: torch.Tensor = with_local(old, memory)
    elif type(old) is torch.Tensor:
        new = memory.detach().requires_grad_(old.requires_grad)
    else:
        new = torch.Tensor._make_subclass(type(old), memory.detach(), old.requires_grad)
    held = {"_local_tensor", "_spec"} if is_dtensor(old) else ()  # the new object has its own
    new.__dict__.update({key: value for key, value in old.__dict__.items() if key not in held})
    return new


def replace(one: ModuleTensor, made: dict[int, torch.Tensor]) -> None:
    """Puts new memory into a module.

    The Python objects stay where possible, so that an optimizer, a list or another module that holds a parameter holds
    the new memory too. An object that PyTorch cannot exchange is registered again: one that has a weak reference (the
    parameters of recurrent modules) or that autograd holds.
    """
    for index, old in enumerate(one.objects):
        new = made[id(old)]
        try:
            torch.utils.swap_tensors(old, new)
            continue
        except RuntimeError:
            pass
        for place in one.places:
            if (place.module._parameters if place.is_parameter else place.module._buffers)[place.key] is old:
                place.put(new)
                _replace_attributes(place.module, old, new)
        one.objects[index] = new


def tie(one: ModuleTensor, target: ModuleTensor) -> None:
    """Registers the tensor `target` wherever `one` is registered."""
    for place in one.places:
        place.put(target.tensor)
        for old in one.objects:
            _replace_attributes(place.module, old, target.tensor)


def _replace_attributes(module: torch.nn.Module, old: torch.Tensor, new: torch.Tensor) -> None:
    for key, value in vars(module).items():
        if value is old:
            module.__dict__[key] = new
    if isinstance(module, torch.nn.RNNBase):
        module._init_flat_weights()


def has_hooks(tensor: torch.Tensor) -> bool:
    """Tells whether autograd calls hooks of a tensor, which new memory would lose."""
    hooks: Any = (tensor._backward_hooks, getattr(tensor, "_post_accumulate_grad_hooks", None))
    return any(hooks)
