"""What each rank does in the tests of verify_distributed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

import winit
import winit.torch
from torch_ranks_support import attempt
from torch_sharded_ranks import mesh_of, recipe_of, recipe_of_matrix, strided
from winit import reference


def verdicts(rank: int, world: int) -> dict[str, Any]:
    """verify_distributed on states that are right, and on states that are wrong on one rank."""
    from torch.distributed.tensor import Replicate, Shard

    mesh = mesh_of(world)
    recipe = recipe_of_matrices()
    last = world - 1

    def state(placements: Any = None) -> dict[str, Any]:
        return {name: _made(recipe[name], mesh, placements or [Shard(0)]) for name in recipe}

    def verified(tensors: Any, source: Any = recipe, **options: Any) -> Any:
        return attempt(lambda: winit.torch.verify_distributed(tensors, source, **options))

    found = {"right": verified(state())}
    found["right reductions"] = _reductions(lambda: verified(state()))
    wrong = state()
    if rank == last:
        wrong["b"].to_local()[-1, 2] = 5
    found["value"] = verified(wrong)
    found["value errors"] = _error(wrong, recipe)
    both = state()
    both["b"].to_local()[0, 0] = torch.nan
    if rank == last:
        both["c"].to_local()[0, 0] = 5
    found["two values"] = verified(both)
    replicas = state([Replicate()])
    if rank == last:
        replicas["b"].to_local()[3, 1] = -0.0
    found["replica"] = verified(replicas)
    matrix = recipe_of_matrix()
    split = _made(matrix, mesh, strided(2))
    if rank == last:
        split.to_local()[-1, 0] = 5
    found["strided"] = verified({"w": split}, recipe_of(matrix))
    found["failure"] = verified(state(), "/does/not/exist.json" if rank == last else recipe)
    found["other recipe"] = verified(state(), recipe.with_seed(8) if rank == last else recipe)
    stages = {name: tensor for at, (name, tensor) in enumerate(_plain(recipe).items()) if at % world == rank}
    found["stages"] = verified(stages)
    found["stages reductions"] = _reductions(lambda: verified(stages))
    found["missing"] = verified({name: tensor for name, tensor in stages.items() if name != "b"})
    found["missing of a subset"] = verified({k: v for k, v in stages.items() if k != "b"}, subset=True)
    part = state()
    if rank == last:
        del part["c"]
    found["missing part"] = verified(part)
    long = {**state(), **({"x" * 5000: torch.zeros(1)} if rank == last else {})}
    found["unexpected"] = verified(long)
    short = state()
    if rank == last:
        short["a"] = torch.zeros(3)
    found["shape"] = verified(short)
    renamed = {f"module.{name}": tensor for name, tensor in state().items()}
    found["renamed"] = verified(renamed, rename=lambda name: name.removeprefix("module."))
    return found


def _reductions(function: Callable[[], Any]) -> int:
    """Counts the all-reduces of a function. PyTorch's own distribution of tensors makes none."""
    from torch import distributed

    made, reduce = [0], distributed.all_reduce

    def all_reduce(*arguments: Any) -> Any:
        made[0] += 1
        return reduce(*arguments)

    distributed.all_reduce = all_reduce
    try:
        function()
    finally:
        distributed.all_reduce = reduce
    return made[0]


def recipe_of_matrices() -> Any:
    law = reference.normal(std=1.0)
    shapes = {"a": (9, 2), "b": (13, 3), "c": (8, 4), "none": (0, 2)}
    return winit.Spec(tuple(winit.SpecTensor(name, shape, "float32", law) for name, shape in shapes.items())).recipe(7)


def _plain(recipe: Any) -> dict[str, Any]:
    return {name: torch.from_numpy(tensor[...]) for name, tensor in recipe.items()}


def _made(tensor: Any, mesh: Any, placements: Any) -> Any:
    """The values of a single process, split by PyTorch."""
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(torch.from_numpy(tensor[...]), mesh, placements)


def _error(state: Any, recipe: Any) -> Any:
    try:
        winit.torch.verify_distributed(state, recipe)
    except winit.Mismatch as error:
        return error.findings
    return None
