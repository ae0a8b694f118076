"""Modules from functions that build them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from ..errors import BadInput
from .plan import Plan
from .sources import captured
from .tensors import ModuleTensor


def built_on_meta(build: Callable[[], Any]) -> torch.nn.Module:
    """Calls a function that builds a module, on the meta device.

    Raises:
        BadInput: If it fails there, or returns no module.
    """
    try:
        with torch.device("meta"), torch.inference_mode(False):
            module = build()
    except Exception as error:
        raise BadInput(
            f"the function that builds the module failed on the meta device, with {type(error).__name__}: {error}. "
            "If it works elsewhere, call it yourself and give the module: init_(module, …)"
        ) from error
    if not isinstance(module, torch.nn.Module):
        raise BadInput(f"the function was to build a module, and it returned {type(module).__name__}")
    return module


def home_of(tensors: list[ModuleTensor]) -> torch.device:
    """Returns where tensors of the meta device are to be: where the other tensors are, else the default device."""
    devices = [one.tensor.device for one in tensors if one.tensor.device.type != "meta"]
    if devices:
        return max(set(devices), key=devices.count)
    default = torch.get_default_device()
    return torch.device("cpu") if default.type == "meta" else default


def add_buffers(plan: Plan, build: Callable[[], torch.nn.Module]) -> None:
    """Adds the non-persistent buffers that a plan misses, where the function that builds the module computes them.

    A recorded run seldom has them, because a state dict leaves them out. Values that the function draws are not taken:
    they would have no seed.
    """
    absent = [one for one in plan.missing if not one.persistent]
    if not absent:
        return
    recipe = dict(captured(build).recipe(0))
    for one in absent:
        found = next((recipe[name] for name in one.names if name in recipe), None)
        if found is not None and not found.is_random:
            plan.missing.remove(one)
            plan.add(one, found)
