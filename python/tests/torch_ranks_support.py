"""Process groups of gloo on this machine, for tests: one function on each rank, and what each returns.

The processes stay for the tests that follow, because their imports take most of the time. They end with pytest.
"""

from __future__ import annotations

import multiprocessing
import pickle
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

_SECONDS = 300
_KEPT = 4
"""How many processes stay: a group of 8 would take memory that later tests need."""

_pool: list[tuple[Any, Any]] = []
"""The processes that wait for work, and the connections to them."""


def on_ranks(worlds: Sequence[int], function: Callable[[int, int], Any]) -> dict[int, list[Any]]:
    """Calls `function(rank, world)` on each rank of process groups of several sizes, one group after the other.

    Args:
        worlds: How many ranks each group has.
        function: A function of a module that a new process can import, or a `functools.partial` of one.

    Returns:
        What each rank returned, by the size of the group.
    """
    workers = _started(max(worlds))
    try:
        with tempfile.TemporaryDirectory() as folder:
            for rank, (_, connection) in enumerate(workers):
                connection.send((rank, tuple(worlds), folder, function))
            _join(workers)
            return {
                world: [pickle.loads(Path(folder, f"{world}-{rank}").read_bytes()) for rank in range(world)]
                for world in worlds
            }
    except BaseException:
        _end(0)
        raise
    finally:
        _end(_KEPT)


def reports(ranks: Sequence[dict[str, Any]], case: str) -> list[dict[str, Any]]:
    """What each rank reports of a case; an error of a rank is the error of the test."""
    for one in ranks:
        assert isinstance(one[case], dict), one[case]
    return [one[case] for one in ranks]


def _started(count: int) -> list[tuple[Any, Any]]:
    context = multiprocessing.get_context("spawn")
    while len(_pool) < count:
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs,), daemon=True)
        process.start()
        theirs.close()
        _pool.append((process, ours))
    return _pool[:count]


def _join(workers: list[tuple[Any, Any]]) -> None:
    """Waits for all processes; after the error of one, 3 s for the errors of the others, one of which is the cause."""
    stop = time.monotonic() + _SECONDS
    waiting: list[Any] = [connection for _, connection in workers]
    errors = list[str]()
    while waiting:
        ready: list[Any] = wait(waiting, timeout=max(stop - time.monotonic(), 0))
        if not ready:
            break
        for connection in ready:
            waiting.remove(connection)
            try:
                error = connection.recv()
            except EOFError:
                error = "a rank died"
            if error is not None:
                errors.append(error)
                stop = min(stop, time.monotonic() + 3)
    assert not errors, "\n".join(errors)
    assert not waiting, f"the ranks did not end within {_SECONDS} s"


def _end(kept: int) -> None:
    """Ends all processes but the first ones."""
    while len(_pool) > kept:
        process, connection = _pool.pop()
        connection.close()
        process.kill()
        process.join()


def _serve(connection: Any) -> None:
    import torch

    torch.set_num_threads(1)
    while True:
        try:
            work = connection.recv()
        except EOFError:
            return
        try:
            _process(*work)
        except BaseException:
            connection.send(traceback.format_exc())
        else:
            connection.send(None)


def _process(rank: int, worlds: Sequence[int], folder: str, function: Callable[[int, int], Any]) -> None:
    for world in worlds:
        if rank < world:
            _rank(rank, world, folder, function)


def _rank(rank: int, world: int, folder: str, function: Callable[[int, int], Any]) -> None:
    from torch import distributed

    distributed.init_process_group(
        "gloo",
        init_method=f"file://{folder}/store-{world}",
        rank=rank,
        world_size=world,
        timeout=timedelta(seconds=120),
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
