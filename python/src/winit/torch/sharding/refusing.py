"""What `init_` and `load_into` refuse of sharded modules, as sentences about problems."""

from __future__ import annotations

import torch

from ..names import listed
from ..plan import Plan
from .dtensors import is_dtensor
from .fsdp import gathered_modules, started_parameters


def gathered(module: torch.nn.Module) -> list[str]:
    """Refuses modules whose parameters FSDP has gathered: what is written there is thrown away."""
    names = gathered_modules(module)
    if not names:
        return []
    return [f"FSDP has gathered the parameters of {listed(names)}. Call reshard() of each of these modules before"]


def moved(plan: Plan, device: torch.device | None) -> list[str]:
    """Refuses to move a DTensor that has memory: its mesh says where it is."""
    return [
        f"`{one.name}` is a DTensor on {one.tensor.device}, and init_ moves none to {device}. Leave out device="
        for one, _ in plan.fills
        if device is not None and is_dtensor(one.tensor) and one.tensor.device.type not in ("meta", device.type)
    ]


def leave_started_untied(module: torch.nn.Module, plan: Plan) -> None:
    """Takes ties out of a plan that FSDP would undo: once a module has run, FSDP puts its own objects back.

    The two parameters get equal values instead, as those do that cannot be one for another reason.
    """
    started = started_parameters(module)
    plan.ties = [(one, other) for one, other in plan.ties if not {id(one.tensor), id(other.tensor)} & started]
