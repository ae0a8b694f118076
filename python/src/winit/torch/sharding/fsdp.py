"""What must be known of modules that `fully_shard` manages (FSDP2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch


def gathered_modules(module: torch.nn.Module) -> list[str]:
    """Names the modules whose parameters FSDP has gathered at the moment.

    Their parameters are plain, whole tensors that FSDP throws away: what is written there is lost.
    """
    return [path or "the module" for path, group in _groups(module) if not group.is_sharded]


def offloaded_parameters(module: torch.nn.Module) -> set[int]:
    """Returns the `id` of each parameter that FSDP keeps on the CPU, whatever device its mesh has."""
    return {
        id(one.sharded_param)
        for _, group in _groups(module)
        for one in group.fsdp_params
        if getattr(one, "offload_to_cpu", False)
    }


def started_parameters(module: torch.nn.Module) -> set[int]:
    """Returns the `id` of each parameter of a module that has run: FSDP puts its own objects back after each pass."""
    started = set[int]()
    for root in module.modules():
        state = _state(root)
        if state is not None and getattr(state, "_is_root", None) is not None:
            started |= {id(one.sharded_param) for group in _groups_of(state) for one in group.fsdp_params}
    return started


def _groups(module: torch.nn.Module) -> Iterator[tuple[str, Any]]:
    for path, each in module.named_modules():
        state = _state(each)
        if state is not None:
            yield from ((path, group) for group in _groups_of(state))


def _state(module: torch.nn.Module) -> Any:
    get = getattr(type(module), "_get_fsdp_state", None)
    return None if get is None else get(module)


def _groups_of(state: Any) -> list[Any]:
    groups = getattr(state, "_fsdp_param_groups", None)
    if groups is None:  # PyTorch before 2.12
        groups = [] if state._fsdp_param_group is None else [state._fsdp_param_group]
    return list(groups)
