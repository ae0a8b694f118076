"""`init_`: every parameter and buffer of a module from a spec, a recipe, a run, or a seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, overload

import torch

from ..errors import BadInput, Error
from ..recipes import Recipe
from .attributes import attributes_on_meta
from .building import add_buffers, built_on_meta, home_of
from .commit import commit
from .kept import split_kept
from .memory import has_hooks, needs_memory
from .names import Rename, listed
from .plan import Plan, plan, refuse
from .sharding.dtensors import why_unfillable
from .sharding.refusing import gathered, leave_started_untied, moved
from .sources import Source, recipe_of
from .tensors import module_tensors, unwrapped
from .uncompiled import uncompiled


@overload
def init_(
    module_or_build: torch.nn.Module,
    source: Source,
    seed: int | None = None,
    *,
    device: Any = None,
    rename: Rename | None = None,
    subset: bool = False,
    keep: str | Sequence[str] = (),
    tie: bool = True,
) -> Recipe: ...


@overload
def init_(  # type: ignore[overload-cannot-match]  # where PyTorch counts as untyped
    module_or_build: Callable[[], torch.nn.Module],
    source: Source,
    seed: int | None = None,
    *,
    device: Any = None,
    rename: Rename | None = None,
    subset: bool = False,
    keep: str | Sequence[str] = (),
    tie: bool = True,
) -> tuple[torch.nn.Module, Recipe]: ...


@uncompiled
def init_(
    module_or_build: torch.nn.Module | Callable[[], torch.nn.Module],
    source: Source,
    seed: int | None = None,
    *,
    device: Any = None,
    rename: Rename | None = None,
    subset: bool = False,
    keep: str | Sequence[str] = (),
    tie: bool = True,
) -> Recipe | tuple[torch.nn.Module, Recipe]:
    """Fills every parameter and buffer of a module, each where it lies, and names whatever it cannot write.

    Tensors on the meta device get memory; the others are overwritten in place, on the CPU by the native kernels. Ties
    stay, and ties of the recipe that the module has lost (`to_empty` breaks them) are restored. Python objects,
    `requires_grad`, strides and attributes of parameters stay. Everything is checked before anything is written: names,
    shapes, dtypes, kinds of tensors, memory that tensors share.

    Of a DTensor (FSDP2, tensor parallel), each rank makes the elements that it holds, and ranks exchange nothing: the
    values are those of a single process, whatever the mesh. On the meta device it gets its local part. Ties are
    restored between DTensors of one mesh and the same placements.

    Names are the stream: a library that renames a parameter changes its values under a spec and a seed. A recorded run
    with `rename` keeps them.

    Args:
        module_or_build: A module, or a function without arguments that builds it. The function is called on the meta
            device, so that nothing is drawn that is thrown away.
        source: Where the values come from: a `Spec` (with `seed`), a `Recipe` or `Run`, a reference such as
            "gpt2@sha256:e6dc", the path of a recipe file, or, with a function, an int: the seed for the laws that
            `winit.torch.capture` sees in it.
        seed: The seed for a spec, 0 ..< 2^64.
        device: Where all tensors are to be afterwards, as for `to_empty`. By default they stay where they are, and
            those on the meta device go where the other tensors of the module are, or to the default device; DTensors
            go to the device of their mesh, or to the CPU if FSDP offloads them.
        rename: From names in the module to names in the source: a function, or a mapping of those that differ.
        subset: Whether the source may have tensors that the module has not.
        keep: Patterns of names (`*` matches anything) of tensors that stay as they are. Do not keep what `to_empty`
            allocated: it is garbage.
        tie: Whether to restore ties of the source (law `same_as`) between parameters of equal `requires_grad` that are
            not tied in the module. Otherwise they only get equal values.

    Returns:
        The recipe of what was written, for a module; the module and the recipe, for a function. `recipe.compute_id()`
        costs a hash of all bytes.

    Raises:
        BadInput: If source and module do not fit; nothing is written.
        Error: If PyTorch flushes subnormal numbers to zero where elements are made.

    Example:
        >>> import torch, winit
        >>> normal, zeros = winit.reference.normal(std=0.02), winit.reference.constant(0.0)
        >>> spec = winit.Spec(
        ...     (
        ...         winit.SpecTensor("weight", (2, 3), "float32", normal),
        ...         winit.SpecTensor("bias", (2,), "float32", zeros),
        ...     )
        ... )
        >>> linear, recipe = init_(lambda: torch.nn.Linear(3, 2), spec, seed=42)
        >>> bool((linear.weight.detach().numpy() == recipe["weight"][:]).all())
        True
    """
    build = None if isinstance(module_or_build, torch.nn.Module) else module_or_build
    if build is not None and not callable(build):
        raise BadInput(f"a module, or a function that builds one, was expected, not {type(build).__name__}")
    target = _device(device)
    recipe = recipe_of(source, seed, build)
    module = module_or_build if isinstance(module_or_build, torch.nn.Module) else built_on_meta(module_or_build)
    inner = unwrapped(module)
    fill, kept, problems = split_kept(module_tensors(inner), keep)
    made = plan(fill, recipe, rename, tie=tie, ignored={name for one in kept for name in one.names})
    if build is not None:
        add_buffers(made, build)
    leave_started_untied(inner, made)
    refuse(
        problems
        + made.problems
        + _unmatched(made, subset, build is not None)
        + gathered(inner)
        + moved(made, target)
        + _irreplaceable(inner, made, target)
    )
    commit(inner, made, target, target or home_of(fill + kept))
    left = [name for name, tensor in chain(inner.named_parameters(), inner.named_buffers()) if tensor.is_meta]
    if left:
        raise Error(f"{listed(left)} are still on the meta device: the module does not let go of them. Do not use it.")
    return recipe if build is None else (module, recipe)


def _device(device: Any) -> torch.device | None:
    if device is None:
        return None
    one = torch.empty(0, device=device).device  # with the index of the current device
    if one.type == "meta":
        raise BadInput("the meta device has no memory to fill. Give another device.")
    return one


def _unmatched(made: Plan, subset: bool, is_built: bool) -> list[str]:
    problems = []
    absent = [one.name for one in made.missing if one.persistent]
    if absent:
        problems.append(f"not in the recipe, {len(absent)} of the module: {listed(absent)}")
    buffers = [one.name for one in made.missing if not one.persistent]
    if buffers and is_built:
        problems.append(
            f"not in the recipe, non-persistent buffers whose values no law without draws gives: {listed(buffers)}"
        )
    elif buffers:
        problems.append(
            f"not in the recipe, {len(buffers)} non-persistent buffers of the module: {listed(buffers)}. Give the "
            "function that builds the module instead of the module, and they get its values; or keep=… what the module "
            "has computed itself"
        )
    if made.unexpected and not subset:
        problems.append(
            f"not in the module, {len(made.unexpected)} of the recipe: {listed(made.unexpected)} (see subset=)"
        )
    return problems


def _irreplaceable(module: torch.nn.Module, made: Plan, device: torch.device | None) -> list[str]:
    known = {id(each) for one in [*(one for one, _ in made.fills), *made.missing] for each in one.objects}
    problems = [
        f"the attribute `{name}` is a tensor on the meta device, but neither parameter nor buffer. Register it"
        for name in attributes_on_meta(module, known)
    ]
    for one, _ in made.fills:
        replaced = not why_unfillable(one.tensor) and needs_memory(one.tensor, device)
        if replaced and any(has_hooks(each) for each in one.objects):
            problems.append(f"`{one.name}` has hooks, which new memory would lose: register them after init_")
    return problems
