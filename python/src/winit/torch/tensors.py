"""The tensors of a module: parameters and buffers, each once, with all names that it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch

from ..errors import BadInput
from .kinds import why_unsupported

_WRAPPERS = ("_orig_mod", "_checkpoint_wrapped_module")
"""Names that torch.compile and activation checkpointing put into the names of tensors; a state dict leaves them out."""


@dataclass(frozen=True)
class Place:
    """Where a module registers a tensor.

    Attributes:
        module: The module that owns the registration.
        key: The name within this module.
        is_parameter: True for a parameter, false for a buffer.
    """

    module: torch.nn.Module
    key: str
    is_parameter: bool

    def put(self, tensor: torch.Tensor) -> None:
        """Registers another tensor here."""
        (self.module._parameters if self.is_parameter else self.module._buffers)[self.key] = tensor


@dataclass(eq=False)
class ModuleTensor:
    """A tensor of a module. Tied names are one tensor.

    Attributes:
        names: Its names, in the order of the module.
        places: Where each name is registered.
        objects: The Python objects that are this tensor: more than one where they only share memory.
        persistent: Whether a state dict holds it, under one of its names.
    """

    names: list[str] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    objects: list[torch.Tensor] = field(default_factory=list)
    persistent: bool = False

    @property
    def name(self) -> str:
        """The first name."""
        return self.names[0]

    @property
    def tensor(self) -> torch.Tensor:
        """The tensor."""
        return self.objects[0]

    @property
    def is_parameter(self) -> bool:
        """Whether it is a parameter under each of its names."""
        return all(place.is_parameter for place in self.places)


def unwrapped(module: torch.nn.Module) -> torch.nn.Module:
    """Returns the module inside of torch.compile, DataParallel and DistributedDataParallel."""
    parallel = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)
    while True:
        inner = module._modules.get("_orig_mod")
        if inner is None and isinstance(module, parallel):
            inner = module.module
        if inner is None:
            return module
        module = inner


def module_tensors(module: torch.nn.Module) -> list[ModuleTensor]:
    """Lists the parameters and buffers of a module, non-persistent buffers too, in the order of the module.

    Raises:
        BadInput: If two tensors have one name.
    """
    found: dict[Any, ModuleTensor] = {}
    owner: dict[str, ModuleTensor] = {}
    for name, place, tensor, persistent in _registrations(unwrapped(module)):
        one = found.setdefault(_memory(tensor), ModuleTensor())
        if owner.setdefault(name, one) is not one:
            raise BadInput(f"two tensors of the module have the name `{name}`")
        if name not in one.names:
            one.names.append(name)
        one.places.append(place)
        one.persistent |= persistent
        if all(tensor is not other for other in one.objects):
            one.objects.append(tensor)
    return list(found.values())


def _registrations(module: torch.nn.Module) -> Iterator[tuple[str, Place, torch.Tensor, bool]]:
    for path, owner in module.named_modules(remove_duplicate=False):
        prefix = [part for part in path.split(".") if part and part not in _WRAPPERS]
        for key, parameter in owner._parameters.items():
            if parameter is not None:
                yield ".".join([*prefix, key]), Place(owner, key, True), parameter, True
        for key, buffer in owner._buffers.items():
            if buffer is not None:
                persistent = key not in owner._non_persistent_buffers_set
                yield ".".join([*prefix, key]), Place(owner, key, False), buffer, persistent


def _memory(tensor: torch.Tensor) -> Any:
    """What is equal for tensors that are the same elements of the same memory."""
    if why_unsupported(tensor) is not None:
        return id(tensor)
    layout = (tensor.storage_offset(), tuple(tensor.shape), tuple(tensor.stride()), tensor.dtype)
    return (tensor.untyped_storage()._cdata, *layout)
