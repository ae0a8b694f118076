"""What each rank does in the tests of sharded modules. The tests compare it with the values of a single process."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import nn

import winit.filling
import winit.torch
from torch_module_support import meta, spec_of
from torch_ranks_support import attempt
from winit import reference
from winit.torch.dtypes import memory_of

SEED = 7
PARTS: Any = {
    "law": "parts",
    "parts": [
        {"box": [], "law": reference.constant(2.0)},
        {"box": [[2, 11], [0, 3]], "law": reference.normal(std=1.0)},
    ],
}


class Net(nn.Module):  # type: ignore[misc]  # untyped
    """Lengths that 2, 3 and 4 do not divide, fewer rows than ranks, a tie, buffers of both kinds, a bfloat16."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(13, 7)
        self.up = nn.Linear(7, 11)
        self.down = nn.Linear(11, 7)
        self.norm = nn.LayerNorm(2)
        self.head = nn.Linear(7, 13, bias=False)
        self.head.weight = self.embedding.weight
        self.narrow = nn.Linear(3, 5, bias=False, dtype=torch.bfloat16)
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.register_buffer("frequencies", torch.arange(3) / 4, persistent=False)

    def forward(self, tokens: Any) -> Any:
        hidden = self.embedding(tokens)
        return self.head(hidden + self.down(torch.relu(self.up(hidden))))


def recipe_of_net() -> Any:
    return spec_of(Net()).recipe(SEED)


def recipe_of_matrix(law: Any = None, shape: tuple[int, ...] = (24, 5)) -> Any:
    law = reference.normal(std=1.0) if law is None else law
    return winit.Spec((winit.SpecTensor("w", shape, "float32", law),)).recipe(SEED)["w"]


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts the elements that the engine makes."""
    made, engine = [0], winit.filling.fill_box

    def fill_box(tensor: Any, offset: Any, size: Any, *rest: Any) -> Any:
        made[0] += int(torch.Size(size).numel())
        return engine(tensor, offset, size, *rest)

    winit.filling.fill_box = fill_box  # type: ignore[assignment]
    try:
        yield made
    finally:
        winit.filling.fill_box = engine


def is_dtensor(tensor: Any) -> bool:
    return type(tensor).__name__ == "DTensor"


def local(tensor: Any) -> Any:
    return (tensor.to_local() if is_dtensor(tensor) else tensor).detach()


def whole_bytes(module: Any) -> dict[str, bytes]:
    """Gathers every tensor by PyTorch's own collectives."""
    both = [*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)]
    full = {name: tensor.full_tensor() if is_dtensor(tensor) else tensor for name, tensor in both}
    return {name: memory_of(tensor.detach().contiguous()).tobytes() for name, tensor in full.items()}


def filled(module: Any, fill: Callable[[Any, Any], Any] = winit.torch.init_) -> dict[str, Any]:
    """Fills a module, and reports its elements, how many were made, and how many this rank holds."""
    recipe = recipe_of_net()
    with counted() as made:
        fill(module, recipe)
    held = sum(local(one).numel() for one in [*module.parameters(), *module.buffers()])
    verified = attempt(lambda: winit.torch.verify_distributed(module, recipe))
    return {
        "bytes": whole_bytes(module),
        "made": made[0],
        "held": held,
        "tied": module.head.weight is module.embedding.weight,
        "sharded": sum(is_dtensor(one) for one in module.parameters()),
        "verified": verified,
        "parameters": all(isinstance(one, nn.Parameter) and one.requires_grad for one in module.parameters()),
    }


def mesh_of(*lengths: int) -> Any:
    from torch.distributed.device_mesh import init_device_mesh

    return init_device_mesh("cpu", lengths, mesh_dim_names=tuple("abc"[: len(lengths)]))


def sharded_by_fsdp(module: Any, mesh: Any, **options: Any) -> Any:
    from torch.distributed.fsdp import fully_shard

    for each in (module.up, module.down, module.narrow, module):
        fully_shard(each, mesh=mesh, **options)
    return module


def split_by_tensor_parallel(module: Any, mesh: Any) -> Any:
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    return parallelize_module(module, mesh, {"up": ColwiseParallel(), "down": RowwiseParallel()})


def modules(rank: int, world: int) -> dict[str, Any]:
    """init_ and load_into on modules that are sharded in the ways that trainers use."""
    mesh = mesh_of(world)
    found: dict[str, Any] = {}

    def fsdp() -> Any:
        return sharded_by_fsdp(meta(Net), mesh)

    found["fsdp"] = attempt(lambda: filled(fsdp()))
    found["fsdp load"] = attempt(lambda: filled(fsdp().to_empty(device="cpu"), winit.torch.load_into))
    found["tensor parallel"] = attempt(lambda: filled(split_by_tensor_parallel(meta(Net), mesh)))
    found["offloaded"] = attempt(lambda: filled(_offloaded(mesh)))
    found["gathered"] = attempt(lambda: _gathered(mesh))
    found["lost ties"] = attempt(lambda: _lost_ties(mesh))
    found["ties that cannot be"] = attempt(lambda: _other_placements(mesh))
    if world == 4:
        both = mesh_of(2, 2)

        def nested(module: Any) -> Any:
            return sharded_by_fsdp(split_by_tensor_parallel(module, both["b"]), both["a"])

        found["nested"] = attempt(lambda: filled(nested(meta(Net))))
        found["nested in place"] = attempt(lambda: filled(nested(Net())))
    if world == 8:
        cube = mesh_of(2, 2, 2)
        found["hybrid"] = attempt(
            lambda: filled(sharded_by_fsdp(split_by_tensor_parallel(meta(Net), cube["c"]), cube["a", "b"]))
        )
    return found


def _offloaded(mesh: Any) -> Any:
    from torch.distributed.fsdp import CPUOffloadPolicy

    return sharded_by_fsdp(meta(Net), mesh, offload_policy=CPUOffloadPolicy(pin_memory=False))


def _gathered(mesh: Any) -> dict[str, Any]:
    """A module whose parameters FSDP has gathered, before and after reshard, and what its forward pass gives."""
    module = sharded_by_fsdp(meta(Net), mesh)
    recipe = recipe_of_net()
    winit.torch.init_(module, recipe)
    tokens = torch.arange(6)
    before = module(tokens).detach()
    refused = attempt(lambda: winit.torch.init_(module, recipe.with_seed(9)))
    module.reshard()
    module.up.reshard()
    module.down.reshard()
    winit.torch.init_(module, recipe.with_seed(9))
    after = module(tokens)
    after.sum().backward()
    return {"before": before, "refused": refused, "after": after.detach(), "is_tied": _is_tied(module)}


def _is_tied(module: Any) -> bool:
    return module.head.weight is module.embedding.weight


def untied() -> Any:
    module = meta(Net)
    module.head.weight = nn.Parameter(torch.empty(13, 7, device="meta"))
    return module


def stepped(module: Any) -> Any:
    """Trains a module for two steps, and returns its embedding."""
    optimizer = torch.optim.SGD(module.parameters(), lr=5.0)
    for _ in range(2):
        optimizer.zero_grad()
        module(torch.arange(6)).square().sum().backward()
        optimizer.step()
    weight = module.embedding.weight
    return (weight.full_tensor() if is_dtensor(weight) else weight).detach()


def _lost_ties(mesh: Any) -> dict[str, Any]:
    """A tie that the module has lost before FSDP split it, and what training makes of it."""
    module = sharded_by_fsdp(untied(), mesh)
    assert not _is_tied(module)
    winit.torch.init_(module, recipe_of_net())
    was_tied = _is_tied(module)
    trained = stepped(module)
    return {"was_tied": was_tied, "trained": trained, "is_tied": _is_tied(module)}


def _other_placements(mesh: Any) -> dict[str, Any]:
    """Two parameters of one value that are split in two ways cannot be one."""
    from torch.distributed.tensor import Shard, distribute_tensor

    module = untied()
    for at, owner in enumerate((module.embedding, module.head)):
        owner.weight = nn.Parameter(distribute_tensor(torch.zeros(13, 7), mesh, [Shard(at)]))
    winit.torch.init_(module, recipe_of_net())
    return {"bytes": whole_bytes(module), "is_tied": _is_tied(module)}


def tensors(rank: int, world: int) -> dict[str, Any]:
    """fill_ on DTensors of many placements. The expected parts are those that distribute_tensor cuts."""
    from torch.distributed.tensor import Partial, Replicate, Shard

    recipe = recipe_of_matrix()
    line = [[Shard(0)], [Shard(1)], [Shard(-1)], [Replicate()], strided(2), strided(5)]
    found = {str(each): attempt(partial(_part, recipe, mesh_of(world), each)) for each in line}
    found["empty"] = attempt(lambda: _part(recipe_of_matrix(shape=(2, 3)), mesh_of(world), [Shard(0)]))
    found["no elements"] = attempt(lambda: _part(recipe_of_matrix(shape=(0, 3)), mesh_of(world), [Shard(0)]))
    found["scalar"] = attempt(lambda: _part(recipe_of_matrix(shape=()), mesh_of(world), [Replicate()]))
    found["orthogonal"] = attempt(lambda: _part(recipe_of_matrix(ORTHOGONAL), mesh_of(world), strided(3)))
    found["parts"] = attempt(lambda: _part(recipe_of_matrix(PARTS), mesh_of(world), strided(2)))
    found["partial"] = attempt(lambda: _refused(mesh_of(world), [Partial()]))
    found["wrong local"] = attempt(lambda: _wrong_local(mesh_of(world)))
    if world == 4:
        square = itertools.product([Shard(0), Shard(1), Replicate(), *strided(2), *strided(3)], repeat=2)
        for pair in square:
            found[str(pair)] = attempt(partial(_part, recipe, mesh_of(2, 2), list(pair)))
        cube = [*strided(4), Replicate(), Shard(0)]
        found["cube"] = attempt(lambda: _part(recipe, mesh_of(2, 1, 2), cube))
        found["box"] = attempt(lambda: _box(mesh_of(2, 2)))
    if world == 8:
        for each in ([Shard(0), Shard(0), Shard(1)], [*strided(4), *strided(2), Shard(0)]):
            found[str(each)] = attempt(partial(_part, recipe, mesh_of(2, 2, 2), each))
    return found


ORTHOGONAL: Any = {"law": "orthogonal", "gain": 1.0, "rows": 24}


def strided(factor: int) -> list[Any]:
    from torch.distributed.tensor.placement_types import _StridedShard

    return [_StridedShard(0, split_factor=factor)]


def _part(recipe: Any, mesh: Any, placements: list[Any]) -> dict[str, Any]:
    numbers = torch.arange(recipe.count, dtype=torch.float32).reshape(recipe.shape)
    tensor = _split(numbers, mesh, placements)
    indices = tensor.to_local().clone().long()
    version = tensor._version
    with counted() as made:
        returned = winit.torch.fill_(tensor, recipe)
    return {
        "indices": indices.reshape(-1).tolist(),
        "values": tensor.to_local().reshape(-1).tolist(),
        "made": made[0],
        "held": indices.numel(),
        "is_same": returned is tensor and tensor._version > version,
        "recipe": recipe,
        "verified": attempt(lambda: winit.torch.verify_distributed({recipe.name: tensor}, recipe_of(recipe))),
    }


def _split(numbers: Any, mesh: Any, placements: list[Any]) -> Any:
    """Splits a tensor as PyTorch does; a strided part of one dimension by chunks, where PyTorch asserts even ones."""
    from torch.distributed.tensor import DTensor, distribute_tensor

    factor = getattr(placements[0], "split_factor", 1)
    if mesh.ndim > 1 or factor == 1:
        return distribute_tensor(numbers, mesh, placements)
    rank, world = mesh.get_local_rank(), mesh.size()
    pieces = [[*block.chunk(world), *[block[:0]] * world][rank] for block in numbers.chunk(factor)]
    shape, stride = numbers.shape, numbers.stride()
    return DTensor.from_local(torch.cat(pieces), mesh, placements, run_check=False, shape=shape, stride=stride)


def recipe_of(tensor: Any) -> Any:
    return winit.Spec((winit.SpecTensor("w", tensor.shape, tensor.dtype, tensor.law),)).recipe(SEED)


def _box(mesh: Any) -> dict[str, Any]:
    """A DTensor that is a box of a larger tensor."""
    from torch.distributed.tensor import Shard, distribute_tensor

    recipe = recipe_of_matrix()
    tensor = distribute_tensor(torch.zeros(6, 4), mesh, [Shard(0), Shard(1)])
    winit.torch.fill_(tensor, recipe, offset=(10, 1))
    return {"whole": tensor.full_tensor().tolist()}


def _refused(mesh: Any, placements: list[Any]) -> dict[str, Any]:
    from torch.distributed.tensor import DTensor

    recipe = recipe_of_matrix()
    tensor = DTensor.from_local(torch.zeros(24, 5), mesh, placements, run_check=False)
    module = nn.Module()
    module.w = nn.Parameter(tensor)
    return {
        "fill_": attempt(lambda: winit.torch.fill_(tensor, recipe)),
        "init_": attempt(lambda: winit.torch.init_(module, recipe_of(recipe))),
        "is_unchanged": not bool(tensor.to_local().any()),
    }


def _wrong_local(mesh: Any) -> dict[str, Any]:
    from torch.distributed.tensor import DTensor, Shard

    recipe = recipe_of_matrix()
    tensor = DTensor.from_local(torch.zeros(1, 5), mesh, [Shard(0)], run_check=False, shape=(24, 5), stride=(5, 1))
    error = attempt(lambda: winit.torch.fill_(tensor, recipe))
    return {"fill_": error, "is_unchanged": not bool(tensor.to_local().any())}
