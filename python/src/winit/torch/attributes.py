"""Tensors that a module holds as plain attributes, which are neither parameters nor buffers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

_REGISTERED = ("_parameters", "_buffers", "_modules", "_flat_weights")


def attributes_on_meta(module: torch.nn.Module, known: set[int]) -> list[str]:
    """Names the plain attributes that are tensors on the meta device, which cannot be filled.

    Args:
        module: The module.
        known: The `id` of each parameter and buffer: an attribute may be one of them.

    Returns:
        Their names, in the order of the module.
    """
    found = []
    for path, owner in module.named_modules():
        computed = {name for name, _ in _computed(owner)}
        for key, value in vars(owner).items():
            if key in _REGISTERED or key in computed:
                continue
            if any(each.device.type == "meta" and id(each) not in known for each in _tensors(value)):
                found.append(f"{path}.{key}" if path else key)
    return found


def compute_attributes(module: torch.nn.Module) -> None:
    """Computes again what weight_norm, spectral_norm and pruning (torch.nn.utils) compute before each forward pass."""
    for owner in module.modules():
        for name, value in _computed(owner):
            setattr(owner, name, value())


def _computed(module: torch.nn.Module) -> Iterator[tuple[str, Any]]:
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, WeightNorm):
            yield hook.name, lambda hook=hook: hook.compute_weight(module)
        elif isinstance(hook, SpectralNorm):
            yield hook.name, lambda hook=hook: getattr(module, f"{hook.name}_orig").data
        elif isinstance(hook, BasePruningMethod):
            yield hook._tensor_name, lambda hook=hook: hook.apply_mask(module)


def _tensors(value: Any) -> Iterable[torch.Tensor]:
    values = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list | tuple) else [value]
    return [each for each in values if isinstance(each, torch.Tensor)]
