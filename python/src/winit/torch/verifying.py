"""`verify`: whether a module, or a state dict, is bit for bit what a run says."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike

import torch

from ..recipes import Recipe
from .names import Rename, name_in_run
from .sources import run_of
from .tensors import module_tensors, unwrapped


def verify(
    module_or_state: torch.nn.Module | Mapping[str, torch.Tensor],
    run: Recipe | str | PathLike[str],
    *,
    subset: bool = False,
    cast: bool = False,
    rename: Rename | None = None,
) -> None:
    """Compares a module, or a state dict, with a run: names, shapes, dtypes and every bit.

    Non-persistent buffers of a module are compared where the run has them. Tensors on a device are copied to the CPU in
    tiles.

    Args:
        module_or_state: A module, or tensors by name.
        run: A run, a recipe, a reference such as "gpt2@sha256:e6dc", or the path of a recipe file.
        subset: Whether the module may lack tensors of the run.
        cast: Whether the module may hold the values of the run rounded to another floating-point dtype, once.
        rename: From names in the module to names in the run: a function, or a mapping of those that differ.

    Raises:
        Mismatch: If anything differs. Its findings name tensor, index, both values and the likely cause.

    Example:
        >>> import torch, winit, winit.torch
        >>> spec = winit.Spec((winit.SpecTensor("weight", (2, 3), "float32", winit.reference.constant(1.0)),))
        >>> linear = torch.nn.Linear(3, 2, bias=False)
        >>> recipe = winit.torch.init_(linear, spec, seed=42)
        >>> verify(linear, recipe)
    """
    from ..comparing import verify as compare_all

    recipe = run_of(run)
    state = module_or_state
    if isinstance(state, torch.nn.Module):
        state = state_of(state, recipe, rename)
    with torch.no_grad():
        compare_all(state, recipe, subset=subset, cast=cast, rename=lambda name: name_in_run(name, rename))


def state_of(module: torch.nn.Module, recipe: Recipe, rename: Rename | None) -> dict[str, torch.Tensor]:
    """Returns the tensors of a module by name. A tied tensor that the run has under one name needs no other name."""
    state = dict[str, torch.Tensor]()
    for one in module_tensors(unwrapped(module)):
        held = [name for name in one.names if name_in_run(name, rename) in recipe]
        state |= dict.fromkeys(held or (one.names if one.persistent else ()), one.tensor)
    return state
