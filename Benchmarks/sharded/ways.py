"""The ways to give a sharded model its first weights: those of PyTorch, and those of winit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed.checkpoint as dcp
from torch.distributed.checkpoint.state_dict import StateDictOptions, set_model_state_dict
from torch.distributed.tensor import distribute_tensor

import winit.torch

from .model import Llama, draw_, draw_all_, drawn_whole, on_meta, sharded
from .recipes import SEED, recipe
from .shapes import Shape

RECIPE = "model.recipe.json"


@dataclass(frozen=True)
class Job:
    """What a rank knows.

    Attributes:
        shape: The model.
        mesh: The mesh of all ranks, of one axis.
        rank: The number of this rank.
        folder: A folder that all ranks read.
        is_alone: Whether the other ranks do not exist, and no plans can be exchanged.
    """

    shape: Shape
    mesh: Any
    rank: int
    folder: Path
    is_alone: bool = False


@dataclass(frozen=True)
class Way:
    """A way to the first weights.

    Attributes:
        title: What the tables call it.
        load: Makes the sharded model, on each rank.
        prepare: What one process does before, once: it writes into the folder of the job.
        is_ours: Whether the elements are those of the recipe.
        can_be_alone: Whether a rank needs nothing of the others.
    """

    title: str
    load: Callable[[Job], Llama]
    prepare: Callable[[Shape, Path], None] | None = None
    is_ours: bool = False
    can_be_alone: bool = False


def _allocated(job: Job) -> Llama:
    """The sharded model with memory, which has no values yet."""
    model: Llama = sharded(on_meta(job.shape), job.mesh).to_empty(device="cpu")
    return model


def _save_seed_checkpoint(shape: Shape, folder: Path) -> None:
    dcp.save(drawn_whole(shape).state_dict(), checkpoint_id=folder / "seed", no_dist=True)


def _load_seed_checkpoint(job: Job) -> Llama:
    model = _allocated(job)
    dcp.load(model.state_dict(), checkpoint_id=job.folder / "seed")  # into the memory of the parameters
    return model


def _whole_model(job: Job) -> Llama:
    return sharded(drawn_whole(job.shape), job.mesh)


def _whole_tensors(job: Job) -> Llama:
    """As `_whole_model`, with one whole tensor in memory at a time."""
    model = _allocated(job)
    torch.manual_seed(SEED)
    for parameter in model.parameters():
        whole = torch.empty(parameter.shape, dtype=parameter.dtype)
        draw_(whole)
        _put(parameter, distribute_tensor(whole, job.mesh, parameter.placements, src_data_rank=None))
    return model


def _dtensor_generator(job: Job) -> Llama:
    model = _allocated(job)
    draw_all_(model)
    return model


def _broadcast(job: Job) -> Llama:
    model = _allocated(job)
    whole = drawn_whole(job.shape).state_dict() if job.rank == 0 else {}
    set_model_state_dict(model, whole, options=StateDictOptions(full_state_dict=True, broadcast_from_rank0=True))
    return model


def _scatter(job: Job) -> Llama:
    model = _allocated(job)
    torch.manual_seed(SEED)
    for parameter in model.parameters():
        whole = torch.empty(parameter.shape, dtype=parameter.dtype)
        if job.rank == 0:
            draw_(whole)
        _put(parameter, distribute_tensor(whole, job.mesh, parameter.placements))
    return model


def _put(parameter: Any, tensor: Any) -> None:
    with torch.no_grad():
        parameter.to_local().copy_(tensor.to_local())


def _save_recipe(shape: Shape, folder: Path) -> None:
    recipe(shape).save(folder / RECIPE)


def _reader(job: Job) -> Llama:
    model = _allocated(job)
    reader = winit.torch.RecipeReader(job.folder / RECIPE)
    dcp.load(model.state_dict(), storage_reader=reader, no_dist=job.is_alone)
    return model


def _init(job: Job) -> Llama:
    model = sharded(on_meta(job.shape), job.mesh)
    winit.torch.init_(model, recipe(job.shape))
    return model


def _link(job: Job) -> Llama:
    model = _allocated(job)
    link = f"winit://{(job.folder / RECIPE).absolute()}"
    dcp.load(model.state_dict(), checkpoint_id=link, no_dist=job.is_alone)
    return model


WAYS = {
    "seed checkpoint": Way(
        "seed checkpoint: `dcp.save` on one rank, `dcp.load` on all", _load_seed_checkpoint, _save_seed_checkpoint
    ),
    "whole model": Way("whole model on every rank, then `fully_shard`", _whole_model),
    "whole tensors": Way(
        "each tensor whole on every rank, then `distribute_tensor(src_data_rank=None)`", _whole_tensors
    ),
    "dtensor": Way("DTensor's own generator: `normal_` of each DTensor", _dtensor_generator, can_be_alone=True),
    "broadcast": Way("broadcast: `set_model_state_dict(broadcast_from_rank0=True)`", _broadcast),
    "scatter": Way("scatter: each tensor whole on rank 0, then `distribute_tensor`", _scatter),
    "reader": Way(
        "winit: `dcp.load(storage_reader=RecipeReader(…))`", _reader, _save_recipe, is_ours=True, can_be_alone=True
    ),
    "init_": Way("winit: `winit.torch.init_`", _init, is_ours=True, can_be_alone=True),
    "winit://": Way(
        'winit: `dcp.load(checkpoint_id="winit://…")`', _link, _save_recipe, is_ours=True, can_be_alone=True
    ),
}
