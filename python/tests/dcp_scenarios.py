"""The states that the tests of the reader and of `winit://` load, in a process group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor, Partial, Replicate, Shard, distribute_tensor
from torch.distributed.tensor import _dtensor_spec as specs
from torch.distributed.tensor.parallel import ColwiseParallel, RowwiseParallel, parallelize_module
from torch.distributed.tensor.placement_types import _StridedShard

import winit.torch
from dcp_support import Model, expected, held, load, local, recipe, wrong

NAME = "a.weight"  # 101 × 37


def models(ranks: int) -> Iterator[tuple[str, torch.nn.Module]]:
    """Modules on the meta device, sharded by PyTorch's own engines."""

    def sharded(mesh: Any, model: Any) -> Any:
        for module in (model.b, model.conv, model):
            fully_shard(module, mesh=mesh)
        return model

    def parallel(mesh: Any, model: Any) -> Any:
        return parallelize_module(model, mesh, {"a": ColwiseParallel(), "b": RowwiseParallel()})

    def built() -> Model:
        with torch.device("meta"):
            return Model()

    flat = init_device_mesh("cpu", (ranks,))
    yield "FSDP2", sharded(flat, built())
    yield "TP", parallel(flat, built())
    if ranks == 4:
        mesh = init_device_mesh("cpu", (2, 2), mesh_dim_names=("dp", "tp"))
        yield "FSDP2 + TP", sharded(mesh["dp"], parallel(mesh["tp"], built()))


def placements(ranks: int) -> Iterator[tuple[Any, list[Any]]]:
    """Meshes and placements whose shards are ranges."""
    flat = init_device_mesh("cpu", (ranks,))
    for one in (Shard(0), Shard(1), Replicate()):
        yield flat, [one]
    if ranks == 4:
        mesh = init_device_mesh("cpu", (2, 2))
        yield mesh, [Shard(0), Shard(0)]
        yield mesh, [Shard(0), Shard(1)]
        yield mesh, [Shard(1), Shard(0)]
        yield mesh, [Replicate(), Shard(1)]
        yield mesh, [_StridedShard(0, split_factor=2), Shard(0)]  # what FSDP2 + TP gives


def strided(ranks: int) -> Iterator[tuple[Any, list[Any]]]:
    """Meshes and placements of which a rank holds several ranges."""
    yield init_device_mesh("cpu", (ranks,)), [_StridedShard(0, split_factor=2)]
    if ranks == 4:
        mesh = init_device_mesh("cpu", (2, 2))
        yield mesh, [_StridedShard(0, split_factor=3), Replicate()]
        yield mesh, [Shard(0), _StridedShard(0, split_factor=2)]


def empty(whole: torch.Tensor, mesh: Any, placed: list[Any]) -> tuple[DTensor, torch.Tensor]:
    """A DTensor of sevens, and what its shard has to become."""
    right = local(distribute_tensor(whole, mesh, placed, src_data_rank=None)).clone()
    shard = torch.full_like(right, 7)
    made = DTensor.from_local(shard, mesh, placed, shape=whole.shape, stride=whole.stride(), run_check=False)
    return made, right


def reordered(whole: torch.Tensor) -> tuple[DTensor, torch.Tensor]:
    """A DTensor of sevens that the second axis of a 2 × 2 mesh shards first, and what its shard has to become."""
    mesh = init_device_mesh("cpu", (2, 2))
    meta = specs.TensorMeta(whole.shape, whole.stride(), whole.dtype)
    order = (specs.ShardOrderEntry(tensor_dim=0, mesh_dims=(1, 0)),)
    spec = specs.DTensorSpec(mesh, (Shard(0), Shard(0)), meta, shard_order=order)
    first, second = mesh.get_coordinate()
    right = whole.chunk(2)[second].chunk(2)[first].clone()
    return DTensor(torch.full_like(right, 7), spec, requires_grad=False), right


def accepted(rank: int, ranks: int, folder: str) -> dict[str, Any]:
    """Loads each state in both ways: {way and state: [names that are wrong, elements made, elements held]}."""
    path = str(Path(folder, f"{rank}.recipe.json"))
    recipe().save(path)
    whole, result = expected(recipe()), {}
    for how in ("reader", "link"):
        for name, model in models(ranks):
            model.to_empty(device="cpu")
            model.head.weight = model.a.weight  # `to_empty` may untie
            state = model.state_dict()
            made = load(state, how, path)
            result[f"{how}: {name}"] = [wrong(model.state_dict(), whole), made, held(state)]
        for mesh, placed in placements(ranks):
            tensor, right = empty(whole[NAME], mesh, placed)
            made = load({NAME: tensor}, how, path)
            bad = [] if torch.equal(local(tensor), right) else [NAME]
            result[f"{how}: {tuple(placed)} {tuple(mesh.shape)}"] = [bad, made, right.numel()]
    return result


def refused(rank: int, ranks: int, folder: str) -> dict[str, Any]:
    """Loads what has to be refused: {state: [error, whether it wrote, whether dcp.load itself is wrong]}."""
    of, whole, result = recipe(), expected(recipe()), {}
    stored = Path(folder, f"stored-{rank}")
    dcp.save({NAME: whole[NAME]}, checkpoint_id=stored, no_dist=True)
    for mesh, placed in strided(ranks):
        tensor, _ = empty(whole[NAME], mesh, placed)
        bias = torch.full_like(whole["b.bias"], 7)
        error = _error(lambda state: dcp.load(state, storage_reader=winit.torch.RecipeReader(of)), tensor, bias)
        written = bool((local(tensor) != 7).any() or (bias != 7).any())
        other, right = empty(whole[NAME], mesh, placed)
        dcp.load({NAME: other}, checkpoint_id=stored, no_dist=True)
        result[f"{tuple(placed)} {tuple(mesh.shape)}"] = [error, written, not torch.equal(local(other), right)]
    tensor, right = reordered(whole[NAME]) if ranks == 4 and hasattr(specs, "ShardOrderEntry") else (None, None)
    if tensor is not None:
        error = _error(lambda state: dcp.load(state, storage_reader=winit.torch.RecipeReader(of)), tensor, bias)
        written = bool((local(tensor) != 7).any() or (bias != 7).any())
        dcp.load({NAME: tensor}, checkpoint_id=stored, no_dist=True)
        result["order"] = [error, written, not torch.equal(local(tensor), right)]
    mesh = init_device_mesh("cpu", (ranks,))
    tensor = DTensor.from_local(torch.full((101, 37), 7.0), mesh, [Partial()], run_check=False)
    error = _error(lambda state: dcp.load(state, storage_reader=winit.torch.RecipeReader(of)), tensor, whole["b.bias"])
    result["partial"] = [error, bool((local(tensor) != 7).any()), None]
    return result


def _error(load: Callable[[dict[str, Any]], None], tensor: Any, bias: torch.Tensor) -> str | None:
    try:
        load({NAME: tensor, "b.bias": bias})
    except BaseException as error:  # CheckpointException is none of Exception
        return str(error)
    return None


def both(rank: int, ranks: int, folder: str) -> dict[str, Any]:
    """`accepted` and `refused`, in one process group."""
    return {"accepted": accepted(rank, ranks, folder), "refused": refused(rank, ranks, folder)}
