"""What each of eight ranks does: the cases of fewer ranks that eight can have, and meshes of three dimensions."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Any

from dcp_scenarios import accepted
from dcp_support import on_rank
from torch_parallel_ranks import parallel
from torch_ranks_support import attempt
from torch_sharded_ranks import modules, tensors


def eight(rank: int, world: int) -> dict[str, Any]:
    """All cases of modules, tensors, stages, experts and loads, in one process group."""
    with TemporaryDirectory() as folder:
        loads = attempt(lambda: on_rank(accepted, folder, rank, world))
    return {
        "modules": modules(rank, world),
        "tensors": tensors(rank, world),
        "parallel": parallel(rank, world),
        "loads": loads,
    }
