"""What each rank of a process group does for the tests of the reader and of `winit://`."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import torch
import torch.distributed.checkpoint as dcp
from torch import nn

import winit
from torch_ranks_support import on_ranks
from winit import reference
from winit.recipes import TensorRecipe

SEED = 9
NORMAL, UNIFORM = reference.normal(std=0.02), reference.uniform(-1, 1)


class Model(nn.Module):  # type: ignore[misc]  # untyped
    """Odd sizes, a tied head, a kernel, rank 0, and fewer rows than ranks."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(37, 101)
        self.b = nn.Linear(101, 13)
        self.conv = nn.Conv2d(3, 7, 3)
        self.norm = nn.LayerNorm(3)
        self.head = nn.Linear(37, 101, bias=False)
        self.head.weight = self.a.weight
        self.register_buffer("scale", torch.zeros(()))


def recipe() -> winit.Recipe:
    """The recipe of `Model`."""
    laws: dict[str, Any] = {
        name: ("float32", tuple(value.shape), NORMAL if value.dim() > 1 else UNIFORM)
        for name, value in Model().state_dict().items()
    }
    laws["head.weight"] = ("float32", (101, 37), {"law": "same_as", "name": "a.weight"})
    return winit.Recipe.from_laws(SEED, laws)


def expected(of: Mapping[str, TensorRecipe]) -> dict[str, torch.Tensor]:
    """Whole tensors by the reference in NumPy, which shares no code with the kernels nor with winit.torch."""
    made = {}
    for name, one in of.items():
        tensor = one if one.source is None else one.source
        law: Any = tensor.law
        plain = reference.Tensor(tensor.name, tensor.dtype, tensor.shape, law, tensor.stream, tensor.seed)
        values = np.frombuffer(reference.canonical_bytes(SEED, plain), np.dtype(tensor.dtype)).reshape(tensor.shape)
        made[name] = torch.from_numpy(values.copy())
    return made


@contextmanager
def counted() -> Iterator[list[int]]:
    """Counts the elements that recipes make."""
    count, original = [0], TensorRecipe.box

    def box(self: TensorRecipe, offset: Any, size: Any, *arguments: Any, **options: Any) -> Any:
        count[0] += math.prod(size)
        return original(self, offset, size, *arguments, **options)

    TensorRecipe.box = box  # type: ignore[method-assign]
    try:
        yield count
    finally:
        TensorRecipe.box = original  # type: ignore[method-assign]


def local(tensor: Any) -> torch.Tensor:
    """The memory of a tensor on this rank."""
    shard: torch.Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return shard.detach()


def held(state: Mapping[str, Any]) -> int:
    """The number of elements on this rank; tied tensors count once."""
    shards = [local(tensor) for tensor in state.values()]
    return sum({(shard.data_ptr(), shard.shape): shard.numel() for shard in shards}.values())


def load(state: dict[str, Any], how: str, path: str) -> int:
    """Loads a state in one of two ways; returns the number of elements that were made."""
    with counted() as count:
        if how == "reader":
            dcp.load(state, storage_reader=winit.torch.RecipeReader(path))
        else:
            dcp.load(state, checkpoint_id="winit://" + path)
    return count[0]


def wrong(state: Mapping[str, Any], whole: Mapping[str, torch.Tensor]) -> list[str]:
    """The names of the tensors that, gathered from all ranks, are not those of one process."""
    found = []
    for name, tensor in state.items():
        gathered = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
        if not torch.equal(gathered.view(torch.int32), whole[name].view(torch.int32)):
            found.append(name)
    return found


def run(body: Callable[..., dict[str, Any]], ranks: int, folder: Path) -> list[dict[str, Any]]:
    """Runs a function in a gloo group of processes; returns what each rank returned.

    Args:
        body: A function of a module on `sys.path`, of the rank, the number of ranks and the folder.
        ranks: The number of processes.
        folder: A folder for files of the ranks.
    """
    return on_ranks((ranks,), partial(on_rank, body, str(folder)))[ranks]


def on_rank(body: Callable[..., dict[str, Any]], folder: str, rank: int, ranks: int) -> dict[str, Any]:
    """Calls a function of the rank, the number of ranks and the folder, in a process that knows `winit://`."""
    # As the entry point does, which test_torch_dcp_filesystem.py tests, where the package is not installed.
    fsspec.register_implementation("winit", "winit.torch.checkpoint.filesystem.WinitFileSystem", clobber=True)
    return body(rank, ranks, folder)
