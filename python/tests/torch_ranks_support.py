"""Process groups of gloo on this machine, for tests: one function on each rank, and what each returns."""

from __future__ import annotations

import pickle
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

_SECONDS = 120


def on_ranks(worlds: Sequence[int], function: Callable[[int, int], Any]) -> dict[int, list[Any]]:
    """Calls `function(rank, world)` on each rank of process groups of several sizes, one group after the other.

    The processes are started once, because their imports take most of the time.

    Args:
        worlds: How many ranks each group has.
        function: A function of a module that a new process can import.

    Returns:
        What each rank returned, by the size of the group.
    """
    from torch import multiprocessing

    with tempfile.TemporaryDirectory() as folder:
        context = multiprocessing.spawn(_process, (tuple(worlds), folder, function), nprocs=max(worlds), join=False)
        stop = time.monotonic() + _SECONDS
        try:
            while not context.join(timeout=1):
                assert time.monotonic() < stop, f"the ranks did not end within {_SECONDS} s"
        finally:
            for process in context.processes:
                if process.is_alive():
                    process.kill()
        return {
            world: [pickle.loads(Path(folder, f"{world}-{rank}").read_bytes()) for rank in range(world)]
            for world in worlds
        }


def _process(rank: int, worlds: Sequence[int], folder: str, function: Callable[[int, int], Any]) -> None:
    import torch

    torch.set_num_threads(1)
    for world in worlds:
        if rank < world:
            _rank(rank, world, folder, function)


def _rank(rank: int, world: int, folder: str, function: Callable[[int, int], Any]) -> None:
    from torch import distributed

    distributed.init_process_group(
        "gloo", init_method=f"file://{folder}/store-{world}", rank=rank, world_size=world, timeout=timedelta(seconds=60)
    )
    try:
        Path(folder, f"{world}-{rank}").write_bytes(pickle.dumps(function(rank, world)))
    finally:
        distributed.destroy_process_group()


def attempt(function: Callable[[], Any]) -> Any:
    """Returns what a function returns, or the error that it raises as text: the ranks go on together."""
    try:
        return function()
    except Exception as error:
        return f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
