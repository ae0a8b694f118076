"""`load_into` and `state_dict`: a run as if it were a checkpoint."""

from __future__ import annotations

from os import PathLike
from typing import Any

import torch

from ..errors import BadInput
from ..recipes import Recipe, TensorRecipe
from .building import home_of
from .commit import commit
from .dtypes import torch_dtype
from .names import Rename, listed
from .plan import plan, refuse
from .sharding.refusing import gathered, leave_started_untied
from .sources import run_of
from .tensors import module_tensors, unwrapped
from .uncompiled import uncompiled
from .writing import write_box


@uncompiled
def load_into(
    module: torch.nn.Module,
    run: Recipe | str | PathLike[str],
    *,
    strict: bool = True,
    rename: Rename | None = None,
) -> tuple[list[str], list[str]]:
    """Loads a run into a module, as `safetensors.torch.load_model` does with a file.

    Tensors are overwritten in place; those on the meta device get memory. Shapes and dtypes must fit, and nothing is
    written where they do not. A tied tensor needs only one of its names. Non-persistent buffers are loaded where the
    run has them, and stay as they are where it has not.

    Args:
        module: The module.
        run: A run, a recipe, a reference such as "gpt2:v2", or the path of a recipe file.
        strict: Whether missing and unexpected names are an error.
        rename: From names in the module to names in the run: a function, or a mapping of those that differ.

    Returns:
        Missing, the names in the module that the run has not, and unexpected, the names in the run that the module has
        not, each in order.

    Raises:
        BadInput: If run and module do not fit; nothing is written.
        Error: If PyTorch flushes subnormal numbers to zero where elements are made.

    Example:
        >>> import torch, winit
        >>> spec = winit.Spec((winit.SpecTensor("weight", (2, 3), "float32", winit.reference.normal(std=0.02)),))
        >>> load_into(torch.nn.Linear(3, 2), spec.recipe(seed=42), strict=False)
        (['bias'], [])
    """
    inner = unwrapped(module)
    tensors = module_tensors(inner)
    made = plan(tensors, run_of(run), rename)
    missing = [one.name for one in made.missing if one.persistent]
    problems = made.problems + gathered(inner)
    if strict and missing:
        problems.append(f"missing, {len(missing)} of the module not in the run: {listed(missing)}")
    if strict and made.unexpected:
        problems.append(f"unexpected, {len(made.unexpected)} of the run not in the module: {listed(made.unexpected)}")
    refuse(problems)
    leave_started_untied(inner, made)
    commit(inner, made, None, home_of(tensors))
    return missing, made.unexpected


@uncompiled
def state_dict(run: Recipe | str | PathLike[str], device: Any = "cpu") -> dict[str, torch.Tensor]:
    """Makes every tensor of a run, as a state dict. Tied tensors are one tensor under several names.

    A run that holds the non-persistent buffers of a module gives them too; `load_into` knows which they are, and
    `Module.load_state_dict` takes them with `strict=False`.

    Args:
        run: A run, a recipe, a reference, or the path of a recipe file.
        device: Where the tensors are to be.

    Returns:
        The tensors by name, in the order of the run.

    Raises:
        BadInput: If PyTorch has no such dtype (float6, float4).
        Error: If PyTorch flushes subnormal numbers to zero where elements are made.

    Example:
        >>> import torch, winit
        >>> spec = winit.Spec((winit.SpecTensor("weight", (2, 3), "float32", winit.reference.constant(1.0)),))
        >>> state_dict(spec.recipe(seed=42))
        {'weight': tensor([[1., 1., 1.],
                [1., 1., 1.]])}
    """
    place = torch.empty(0, device=device).device
    if place.type == "meta":
        raise BadInput("the meta device has no memory to fill. Give another device.")
    recipe = dict(run_of(run))
    dtypes = {name: _dtype(tensor) for name, tensor in recipe.items()}
    made: dict[str, torch.Tensor] = {}

    def tensor_of(name: str, tensor: TensorRecipe) -> torch.Tensor:
        target = tensor.tied_to
        if target is not None and target in recipe and recipe[target].tied_to != name:
            return tensor_of(target, recipe[target])
        if name not in made:
            with torch.inference_mode(False), torch.no_grad():
                made[name] = torch.empty(tensor.shape, dtype=dtypes[name], device=place)
            write_box(made[name], tensor, (0,) * len(tensor.shape))
        return made[name]

    return {name: tensor_of(name, tensor) for name, tensor in recipe.items()}


def _dtype(tensor: TensorRecipe) -> torch.dtype:
    try:
        return torch_dtype(tensor.dtype)
    except BadInput as error:
        raise BadInput(f"`{tensor.name}`: {error}") from None
