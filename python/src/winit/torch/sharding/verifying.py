"""`verify_distributed`: whether what all ranks hold is, bit for bit, what a run says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from typing import Any

import torch

from ...comparing import mismatch
from ...comparing.elements import coordinates, element_text, number
from ...errors import BadInput, Finding
from ...quoting import counted
from ...recipes import Recipe
from ..names import Rename, name_in_run
from ..sources import run_of
from ..verifying import state_of
from .comparing import held_count, held_difference, misfit
from .fsdp import gathered_modules
from .verdicts import Verdict, exchanged, summed


def verify_distributed(
    state_or_module: torch.nn.Module | Mapping[str, torch.Tensor],
    run_or_recipe: Recipe | str | PathLike[str],
    *,
    subset: bool = False,
    rename: Rename | None = None,
    group: Any = None,
) -> None:
    """Compares what all ranks hold of a module, or a state dict, with a run: names, shapes, dtypes and every bit.

    Call it on each rank of the group. A rank makes and compares the elements that it holds, a tile at a time; nothing
    is gathered. One all-reduce of 2 KiB for each rank gives the verdict. If it is an error, it is the same on each
    rank, also if the comparison failed on one of them only. Every replica is compared.

    A tensor may be on some ranks only, as with pipeline stages: together, the ranks must hold each element of the run.
    Where a rank lacks tensors, a second all-reduce counts the elements. Without `init_process_group`, this process is
    the only rank.

    Args:
        state_or_module: A module, or tensors by name: DTensors, and plain tensors, which are whole. Their shapes are
            those of the run.
        run_or_recipe: A run, a recipe, a reference such as "gpt2@sha256:e6dc", or the path of a recipe file.
        subset: Whether the ranks may lack tensors of the run.
        rename: From names in the module to names in the run: a function, or a mapping of those that differ.
        group: The process group; all ranks by default.

    Raises:
        Mismatch: If anything differs. Its finding is the first difference in the order of the run, with the index in
            the whole tensor, and the message names the ranks.
        BadInput: If the comparison could not be made on a rank, or ranks compare with different runs.

    Example:
        >>> import torch, winit, winit.torch
        >>> spec = winit.Spec((winit.SpecTensor("weight", (2, 3), "float32", winit.reference.constant(1.0)),))
        >>> linear = torch.nn.Linear(3, 2, bias=False)
        >>> recipe = winit.torch.init_(linear, spec, seed=42)
        >>> verify_distributed(linear, recipe)
    """
    recipe: Recipe | None = None
    state = dict[str, torch.Tensor]()
    try:
        recipe = run_of(run_or_recipe)
        state = _named(state_or_module, recipe, rename)
        with torch.no_grad():
            verdict = _verdict(state, recipe)
    except Exception as error:  # the other ranks wait: they must learn of it
        verdict = Verdict("", "error", message=f"{type(error).__name__}: {error}")
        cause: Exception | None = error
    else:
        cause = None
    verdicts = exchanged(verdict, group)
    _refuse(verdicts, cause)
    assert recipe is not None, "a rank without a recipe has an error"
    finding = _first(verdicts, recipe)
    if finding is None and not subset and any(one.lacks for one in verdicts):
        finding = _missing(state, recipe, group)
    if finding is not None:
        what = getattr(recipe, "reference", None) or "the recipe"
        known = f" (id {recipe.id})" if recipe.id is not None else ""
        raise mismatch([finding], f"the weights are not those of {what}{known}")


def _named(source: Any, recipe: Recipe, rename: Rename | None) -> dict[str, torch.Tensor]:
    """Returns tensors by their names in the run."""
    if isinstance(source, torch.nn.Module):
        gathered = gathered_modules(source)
        if gathered:
            raise BadInput(f"FSDP has gathered the parameters of `{gathered[0]}`. Call reshard() of the module before")
        source = state_of(source, recipe, rename)
    state = dict[str, torch.Tensor]()
    for name, tensor in source.items():
        new = name_in_run(name, rename)
        if not isinstance(tensor, torch.Tensor):
            raise BadInput(f"`{name}` is a {type(tensor).__name__} and no tensor. Leave it out")
        if new in state:
            raise BadInput(f"two tensors have the name `{new}` in the run. Correct rename=")
        state[new] = tensor
    return state


def _verdict(state: dict[str, torch.Tensor], recipe: Recipe) -> Verdict:
    """Compares what this rank holds, up to the first tensor that differs."""
    lacks = not _groups(recipe).keys() <= {_target(recipe, name) for name in state if name in recipe}
    fine = Verdict(_digest(recipe), lacks=lacks)
    for order, (name, tensor) in enumerate(recipe.items()):
        if name not in state:
            continue
        bad = misfit(state[name], tensor)
        if bad is not None:
            return replace(fine, kind=bad[0], order=order, message=bad[1], tensor=name)
        differs = held_difference(state[name], tensor)
        if differs is not None:
            return replace(
                fine,
                kind="values",
                order=order,
                tensor=name,
                element=differs.element,
                expected=differs.expected,
                found=differs.found,
                count=differs.count,
            )
    for name in state:
        if name not in recipe:
            message = "the weights hold this tensor, and the run does not"
            return replace(fine, kind="unexpected", order=len(recipe), message=message, tensor=name)
    return fine


def _refuse(verdicts: list[Verdict], cause: Exception | None) -> None:
    """Raises the error of the first rank that could not compare, on each rank."""
    for rank, one in enumerate(verdicts):
        if one.kind == "error":
            raise BadInput(f"rank {rank} could not compare its part. {one.message}") from cause
    for rank, one in enumerate(verdicts):
        if one.recipe != verdicts[0].recipe:
            raise BadInput(
                f"ranks 0 and {rank} compare with different runs. Give each rank the same recipe, as by its id"
            )


def _first(verdicts: list[Verdict], recipe: Recipe) -> Finding | None:
    """Returns the first difference of all ranks as a finding."""
    differing = [(rank, one) for rank, one in enumerate(verdicts) if one.kind is not None]
    if not differing:
        return None
    rank, first = min(differing, key=lambda each: (each[1].order, each[1].element, each[0]))
    assert first.kind is not None
    ranks = [str(number) for number, one in differing if one.order == first.order]
    where = f"on rank{'' if len(ranks) == 1 else 's'} {_listed(ranks)} of {len(verdicts)}"
    if first.element < 0:
        return Finding(first.kind, f"{first.message}, {where}", first.tensor)
    assert first.tensor is not None
    tensor = list(recipe.values())[first.order]
    index = coordinates(first.element, tensor.shape)
    texts = element_text(first.expected, tensor.dtype), element_text(first.found, tensor.dtype)
    if texts[0] == texts[1]:  # NaNs
        texts = f"{texts[0]} (0x{first.expected:x})", f"{texts[1]} (0x{first.found:x})"
    message = (
        f"elements differ {where}; first at [{', '.join(map(str, index))}] (element {first.element}): "
        f"{texts[0]} expected, {texts[1]} found on rank {rank}, where {counted(first.count, 'element')} "
        f"{'differs' if first.count == 1 else 'differ'}"
    )
    values = number(first.expected, tensor.dtype), number(first.found, tensor.dtype)
    return Finding("values", message, tensor.name, index, *values)


def _missing(state: dict[str, torch.Tensor], recipe: Recipe, group: Any) -> Finding | None:
    """Returns the first tensor of which the ranks together do not hold each element. All ranks call it, or none."""
    groups = _groups(recipe)
    counts = [max(held_count(state, name) for name in names) for names in groups.values()]
    for name, held in zip(groups, summed(counts, group), strict=True):
        if held < max(recipe[name].count, 1):
            message = f"the ranks together hold {held} of its {recipe[name].count} elements"
            return Finding("missing", message, name)
    return None


def _groups(recipe: Recipe) -> dict[str, list[str]]:
    """The names of each tensor of the run, by its first name: tied names are one tensor."""
    groups = dict[str, list[str]]()
    for name in recipe:
        groups.setdefault(_target(recipe, name), []).append(name)
    return groups


def _target(recipe: Recipe, name: str) -> str:
    target = recipe[name].tied_to
    return name if target is None or target not in recipe else target


def _digest(recipe: Recipe) -> str:
    """What ranks that compare with the same tensors have in common. Literals count by their digest, if it is known."""
    made = hashlib.sha256()
    for name, one in recipe.items():
        made.update(repr((name, one.shape, one.dtype, one.law_text, one.stream, one.seed)).encode())
    return made.hexdigest()[:32]


def _listed(ranks: list[str]) -> str:
    return ", ".join(ranks if len(ranks) <= 8 else [*ranks[:8], f"and {len(ranks) - 8} more"])
