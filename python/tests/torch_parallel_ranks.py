"""What each rank does in the tests of pipeline stages and of experts. The tests compare it with a single process."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

import winit.torch
from torch_module_support import meta, spec_of
from torch_ranks_support import attempt
from torch_sharded_ranks import SEED, counted, is_dtensor, local, mesh_of, whole_bytes


class Layer(nn.Module):  # type: ignore[misc]  # untyped
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Linear(6, 10)
        self.down = nn.Linear(10, 6)
        self.register_buffer("scale", torch.ones(()), persistent=False)

    def forward(self, hidden: Any) -> Any:
        return hidden + self.scale * self.down(torch.relu(self.up(hidden)))


class Deep(nn.Module):  # type: ignore[misc]  # untyped
    """Seven layers, which 2, 3 and 4 stages do not divide. A stage keeps the names of the whole model."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(13, 6)
        self.layers = nn.ModuleDict({str(at): Layer() for at in range(7)})
        self.norm = nn.LayerNorm(6)
        self.head = nn.Linear(6, 13, bias=False)

    def forward(self, hidden: Any) -> Any:
        if self.embedding is not None:
            hidden = self.embedding(hidden)
        for layer in self.layers.values():
            hidden = layer(hidden)
        return hidden if self.head is None else self.head(self.norm(hidden))


def recipe_of_deep() -> Any:
    return spec_of(Deep()).recipe(SEED)


def stage_of(module: Any, stage: int, stages: int) -> Any:
    """Takes out of a model what other stages hold, as trainers do."""
    kept = [str(at) for at in torch.arange(7).tensor_split(stages)[stage].tolist()]
    module.layers = nn.ModuleDict({name: module.layers[name] for name in kept})
    if stage > 0:
        module.embedding = None
    if stage < stages - 1:
        module.norm = module.head = None
    return module


def filled(module: Any, recipe: Any) -> dict[str, Any]:
    """Fills a module on the meta device, and reports its elements, how many were made, and how many this rank holds."""
    with counted() as made:
        winit.torch.init_(module, recipe, subset=True)
    both = [*module.parameters(), *module.buffers()]
    return {
        "bytes": whole_bytes(module),
        "made": made[0],
        "held": sum(local(one).numel() for one in both),
        "sharded": sum(is_dtensor(one) for one in both),
        "verified": attempt(lambda: winit.torch.verify_distributed(module, recipe)),
        "audited": attempt(lambda: winit.torch.audit_distributed(module).as_dict()["findings"]),
    }


def parallel(rank: int, world: int) -> dict[str, Any]:
    """Pipeline stages and experts, alone and with FSDP2 and tensor parallelism."""
    cases: dict[str, Callable[[], Any]] = {
        "stages": lambda: _stages(rank, world),
        "experts": lambda: _experts(mesh_of(world)),
        "experts by name": lambda: _experts_by_name(rank, world),
    }
    if world == 4:
        both = mesh_of(2, 2)
        cases["stages of FSDP2"] = lambda: _sharded_stages(both, both["b"])
        cases["stages of tensor parallelism"] = lambda: _sharded_stages(both, None, both["b"])
        cases["experts of FSDP2"] = lambda: _experts(both["a"], sharded=both["b"], axis=1)
        cases["rows of experts of FSDP2"] = lambda: _experts(both["a"], sharded=both["b"], axis=0)
        cases["experts of tensor parallelism"] = lambda: _experts(both)
    if world == 8:
        cube = mesh_of(2, 2, 2)
        cases["stages of both"] = lambda: _sharded_stages(cube, cube["b"], cube["c"])
        cases["experts of both"] = lambda: _experts(cube["b", "c"], sharded=cube["a"], axis=1)
    return {name: attempt(case) for name, case in cases.items()}


def _stages(rank: int, world: int) -> Any:
    """Pipeline stages that torch.distributed.pipelining runs."""
    from torch.distributed.pipelining import PipelineStage, ScheduleGPipe

    module = stage_of(meta(Deep), rank, world)
    found = filled(module, recipe_of_deep())
    if world == 1:
        return {**found, "output": module(tokens()).detach()}
    stage = PipelineStage(module, rank, world, torch.device("cpu"))
    schedule = ScheduleGPipe(stage, n_microbatches=2)
    output = schedule.step(*([tokens()] if rank == 0 else []))
    return {**found, "output": output.detach() if rank == world - 1 else None}


def tokens() -> Any:
    return torch.arange(24).remainder(13).reshape(4, 6)


def _sharded_stages(mesh: Any, data: Any, tensor: Any = None) -> Any:
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module

    module = stage_of(meta(Deep), mesh.get_local_rank("a"), mesh.size(0))
    for layer in module.layers.values():
        if tensor is not None:
            parallelize_module(layer, tensor, {"up": ColwiseParallel(), "down": RowwiseParallel()})
        if data is not None:
            fully_shard(layer, mesh=data)
    if data is not None:
        fully_shard(module, mesh=data)
    return filled(module, recipe_of_deep())


class Experts(nn.Module):  # type: ignore[misc]  # untyped
    """Six experts in one tensor, which 4 ranks do not divide, and the router that every rank holds."""

    def __init__(self) -> None:
        super().__init__()
        self.router = nn.Linear(4, 6, bias=False)
        self.experts = nn.ParameterDict({"up": torch.zeros(6, 4, 8), "down": torch.zeros(6, 8, 4)})


def recipe_of_experts() -> Any:
    return spec_of(Experts()).recipe(SEED)


def _experts(mesh: Any, sharded: Any = None, axis: int = 0) -> Any:
    """Splits experts over the first dimension of a mesh, their inner axis over the second one, and an axis by FSDP2."""
    from torch.distributed.fsdp import fully_shard
    from torch.distributed.tensor import Shard, distribute_module, distribute_tensor

    def place(_: str, module: Any, mesh: Any) -> None:
        for name, tensor in [*module.named_parameters(recurse=False)]:
            placements = [Shard(0), Shard(2 if name == "up" else 1)][: mesh.ndim]
            module.register_parameter(name, nn.Parameter(distribute_tensor(tensor, mesh, placements)))

    module = meta(Experts)
    distribute_module(module.experts, mesh, place)
    if sharded is not None:
        fully_shard(module.experts, mesh=sharded, shard_placement_fn=lambda _: Shard(axis))
    return filled(module, recipe_of_experts())


class NamedExperts(nn.Module):  # type: ignore[misc]  # untyped
    """Experts that are modules, of which a rank holds some, under their names in the whole model."""

    def __init__(self, kept: Callable[[int], bool] = lambda _: True) -> None:
        super().__init__()
        self.router = nn.Linear(5, 6, bias=False)
        self.experts = nn.ModuleDict({str(at): nn.Linear(5, 8) for at in range(6) if kept(at)})


def recipe_of_named_experts() -> Any:
    return spec_of(NamedExperts()).recipe(SEED)


def _experts_by_name(rank: int, world: int) -> Any:
    module = meta(partial(NamedExperts, lambda at: at % world == rank))
    return filled(module, recipe_of_named_experts())
