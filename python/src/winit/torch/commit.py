"""The writing of a plan: everything that can fail comes before the first change of the module."""

from __future__ import annotations

import torch

from ..recipes import TensorRecipe
from . import operations
from .attributes import compute_attributes
from .dtypes import count_write
from .memory import needs_memory, new_memory, replace, tie
from .plan import Plan
from .sharding.dtensors import is_dtensor, local_of, with_local
from .sharding.fsdp import offloaded_parameters
from .sharding.writing import write_held
from .tensors import ModuleTensor

_SURE = frozenset({"constant", "uniform", "normal", "truncated_normal"})
"""Laws whose numbers were checked when the recipe was made: a fill with them cannot fail."""

_KEPT_BYTES = 1 << 30
"""The most memory for values that are made before a module that has memory is changed."""


def commit(module: torch.nn.Module, plan: Plan, device: torch.device | None, home: torch.device) -> None:
    """Fills the tensors of a plan, and ties.

    New memory, and whatever may fail (literals that must be read, expressions with a domain), is made before the module
    is changed. What then remains can only fail if the machine does, or the user stops it.

    Args:
        module: The module.
        plan: A plan without problems.
        device: Where all tensors are to be, or None for where they are.
        home: Where tensors of the meta device are to be.
    """
    tied = {id(one) for one, _ in plan.ties}
    fills = [(one, recipe) for one, recipe in plan.fills if id(one) not in tied]
    fresh = [(one, recipe) for one, recipe in fills if needs_memory(one.tensor, device)]
    in_place = [(one, recipe) for one, recipe in fills if not needs_memory(one.tensor, device)]
    offloaded = offloaded_parameters(module)
    targets = {id(one): _target(one.tensor, device, home, offloaded) for one, _ in fresh}
    for place in {local_of(one.tensor).device for one, _ in in_place} | set(targets.values()):
        if place.type != "cpu" and operations.runs_operations(place):
            operations.require_exact_arithmetic(place)
    for one, recipe in fills:
        place = targets.get(id(one), local_of(one.tensor).device)
        if place.type != "cpu" and operations.runs_operations(place) and operations.is_supported(recipe):
            operations.prepare(recipe, place, one.tensor.dtype)
    made: dict[int, torch.Tensor] = {}
    by_device: dict[torch.device, list[ModuleTensor]] = {}
    for one, _ in fresh:
        by_device.setdefault(targets[id(one)], []).append(one)
    for target, ones in by_device.items():
        made.update(new_memory(ones, target))
    for one, recipe in fresh:
        write_held(made[id(one.tensor)], recipe, is_checked=True)
    prepared = _prepared(in_place)

    try:
        for one, recipe in in_place:
            if id(one) in prepared:
                _copy(one.tensor, prepared[id(one)])
            else:
                write_held(one.tensor, recipe, is_checked=True)
    except BaseException as error:
        if hasattr(error, "add_note"):  # from Python 3.11 on
            error.add_note("The module is partly written. Fill it again before it is used.")
        raise
    for one, _ in fresh:
        replace(one, made)
    for one, first in plan.ties:
        tie(one, first)
    compute_attributes(module)


def _target(tensor: torch.Tensor, device: torch.device | None, home: torch.device, offloaded: set[int]) -> torch.device:
    if device is not None:
        return device
    if id(tensor) in offloaded:
        return torch.device("cpu")
    if is_dtensor(tensor) and tensor.device.type == "meta":
        return torch.empty(0, device=tensor.device_mesh.device_type).device  # with the index of the current device
    return home if tensor.device.type == "meta" else tensor.device


def _prepared(in_place: list[tuple[ModuleTensor, TensorRecipe]]) -> dict[int, torch.Tensor]:
    """Makes the values of tensors whose recipe may fail, by `id`. Beyond a limit they are made and not kept."""
    prepared: dict[int, torch.Tensor] = {}
    kept = 0
    for one, recipe in in_place:
        if recipe.law["law"] in _SURE:
            continue
        tensor = one.tensor
        held = local_of(tensor)
        kept += held.numel() * held.element_size()
        with torch.inference_mode(False), torch.no_grad():
            made = torch.empty(tuple(held.shape), dtype=held.dtype, device=held.device)
            made = with_local(tensor, made) if is_dtensor(tensor) else made
        write_held(made, recipe, is_checked=True)
        if kept <= _KEPT_BYTES:
            prepared[id(one)] = made
    return prepared


def _copy(tensor: torch.Tensor, values: torch.Tensor) -> None:
    with torch.no_grad(), torch.inference_mode(tensor.is_inference()):
        local_of(tensor).detach().copy_(local_of(values))
        if is_dtensor(tensor):
            count_write(tensor)
