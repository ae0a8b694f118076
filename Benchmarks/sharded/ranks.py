"""One way, measured in a process group of its own: one process for each rank, and what each of them used."""

from __future__ import annotations

import ctypes
import hashlib
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .counting import Counts, counts, free_unused, reset_peak
from .shapes import TINY, Shape

_SIGNAL_AT_DEATH_OF_PARENT = 1  # PR_SET_PDEATHSIG, linux/prctl.h: no rank outlives an interrupted sitting
_LIMIT = 1800  # seconds for one measurement; those of the 1 G-parameter model take less than 60


@dataclass(frozen=True)
class Use:
    """What one process used, from the start of a way to its end.

    Attributes:
        seconds: Wall time, up to the moment when the last rank was ready.
        peak: The most memory in bytes above what the process had before.
        read: Bytes read from files.
        sent: Bytes sent over TCP.
        received: Bytes received over TCP.
        processor: Seconds of processors, of all threads.
    """

    seconds: float
    peak: int
    read: int
    sent: int
    received: int
    processor: float


@dataclass(frozen=True)
class Measurement:
    """One way with one number of ranks.

    Attributes:
        way: Its name in `WAYS`.
        preparation: What the process used that prepares; None without one.
        stored: Bytes of the files that the ranks read.
        ranks: What each rank used.
        digest: The SHA-256 of the elements of all tensors, gathered, in the order of the module.
        shards: The SHA-256 of what each rank holds of the first matrix.
    """

    way: str
    preparation: Use | None
    stored: int
    ranks: list[Use]
    digest: str
    shards: list[str]

    def json(self) -> dict[str, Any]:
        """Returns the values for a JSON document."""
        return asdict(self)


def measure(name: str, shape: Shape, ranks: int, work: Path) -> Measurement:
    """Measures a way.

    Args:
        name: Its name in `WAYS`.
        shape: The model.
        ranks: The number of processes.
        work: A folder for the files of the way, on the disk that is to be measured. They are deleted afterwards.

    Raises:
        RuntimeError: If a rank fails or does not end.
    """
    with TemporaryDirectory(dir=work, prefix="way-") as made:
        folder = Path(made)
        prepared = _prepared(name, shape, folder)
        files = [path for path in (folder / "model").rglob("*") if path.is_file()]
        stored = sum(path.stat().st_size for path in files)
        _drop_from_page_cache(files)
        found = _run(_load, ranks, (name, shape), folder)
    return Measurement(
        name,
        prepared,
        stored,
        [Use(**one["use"]) for one in found],
        found[0]["digest"],
        [one["shard"] for one in found],
    )


def digests(names: Sequence[str], shape: Shape, ranks: int, work: Path) -> dict[str, str]:
    """Returns the digest of each way's elements, as in `Measurement`; one process group makes all of them.

    Args:
        names: The names of the ways in `WAYS`.
        shape: The model.
        ranks: The number of processes.
        work: As for `measure`.

    Raises:
        RuntimeError: If a rank fails or does not end.
    """
    with TemporaryDirectory(dir=work, prefix="digests-") as made:
        folders = [Path(made, str(number)) for number in range(len(names))]
        for name, folder in zip(names, folders, strict=True):
            folder.mkdir()
            _prepared(name, shape, folder)
        found: dict[str, str] = _run(_digests, ranks, (names, shape), Path(made))[0]
        return found


def measure_alone(name: str, shape: Shape, ranks: int, work: Path) -> Use:
    """Measures rank 0 of a job whose other ranks do not exist, by PyTorch's process group "fake".

    Args:
        name: The name of a way in `WAYS` that needs nothing of the other ranks.
        shape: The model.
        ranks: The number of ranks of the job.
        work: As for `measure`.

    Raises:
        RuntimeError: If the process fails or does not end.
    """
    with TemporaryDirectory(dir=work, prefix="way-") as made:
        folder = Path(made)
        _prepared(name, shape, folder)
        return Use(**_run(_load_alone, 1, (name, shape, ranks), folder)[0])


def measure_rates(work: Path) -> dict[str, float]:
    """Measures how many normal bfloat16 elements a second a processor draws: by PyTorch, and by winit.

    Args:
        work: As for `measure`.

    Returns:
        The rates, of "torch" and "winit": elements for each second of processor time, the best of three draws.

    Raises:
        RuntimeError: If the process fails.
    """
    with TemporaryDirectory(dir=work, prefix="rates-") as made:
        found: dict[str, float] = _run(_rates, 1, ("rates",), Path(made))[0]
        return found


def _rates(rank: int, ranks: int, folder: Path, name: str) -> dict[str, Any]:
    import torch

    import winit.torch

    from .model import draw_
    from .recipes import recipe

    law = recipe(TINY)["embed.weight"].law
    tensor = torch.empty(4096, 4096, dtype=torch.bfloat16)
    own = winit.Recipe.from_laws(1, {"w": ("bfloat16", tuple(tensor.shape), law)})["w"]
    found = {}
    for maker, draw in (("torch", lambda: draw_(tensor)), ("winit", lambda: winit.torch.fill_(tensor, own))):
        seconds = []
        for _ in range(3):
            start = time.process_time()
            draw()
            seconds.append(time.process_time() - start)
        found[maker] = tensor.numel() / min(seconds)
    return found


def _prepared(name: str, shape: Shape, folder: Path) -> Use | None:
    """Writes the files of a way, and those for the tiny model; returns what the process used, if there was one."""
    from .ways import WAYS

    for each in ("tiny", "model"):
        (folder / each).mkdir()
    if WAYS[name].prepare is None:
        return None
    return Use(**_run(_prepare, 1, (name, shape), folder)[0])


def _prepare(rank: int, ranks: int, folder: Path, name: str, shape: Shape) -> dict[str, Any]:
    from .ways import WAYS

    prepare = WAYS[name].prepare
    assert prepare is not None
    prepare(TINY, folder / "tiny")
    return asdict(_used(lambda: prepare(shape, folder / "model"))[1])


def _load(rank: int, ranks: int, folder: Path, name: str, shape: Shape) -> dict[str, Any]:
    import torch.distributed as dist

    from .ways import WAYS, Job

    with _group(rank, ranks, folder) as mesh:
        load = WAYS[name].load
        load(Job(TINY, mesh, rank, folder / "tiny"))
        model, use = _used(lambda: load(Job(shape, mesh, rank, folder / "model")), dist.barrier)
        return {"use": asdict(use), "digest": _digest(model), "shard": _shard(model)}


def _digests(rank: int, ranks: int, folder: Path, names: Sequence[str], shape: Shape) -> dict[str, Any]:
    from .ways import WAYS, Job

    with _group(rank, ranks, folder) as mesh:
        jobs = [Job(shape, mesh, rank, folder / str(number) / "model") for number in range(len(names))]
        return {name: _digest(WAYS[name].load(job)) for name, job in zip(names, jobs, strict=True)}


@contextmanager
def _group(rank: int, ranks: int, folder: Path) -> Iterator[Any]:
    """A process group of gloo, and the mesh of its ranks."""
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh

    dist.init_process_group(
        "gloo", f"file://{folder}/group", rank=rank, world_size=ranks, timeout=timedelta(seconds=_LIMIT)
    )
    try:
        yield init_device_mesh("cpu", (ranks,))
    finally:
        dist.destroy_process_group()


def _load_alone(rank: int, one: int, folder: Path, name: str, shape: Shape, ranks: int) -> dict[str, Any]:
    import torch.distributed as dist
    from torch.distributed.device_mesh import init_device_mesh
    from torch.testing._internal.distributed.fake_pg import FakeStore

    from .ways import WAYS, Job

    dist.init_process_group("fake", rank=rank, world_size=ranks, store=FakeStore())
    try:
        load, mesh = WAYS[name].load, init_device_mesh("cpu", (ranks,))
        load(Job(TINY, mesh, rank, folder / "tiny", is_alone=True))
        return asdict(_used(lambda: load(Job(shape, mesh, rank, folder / "model", is_alone=True)))[1])
    finally:
        dist.destroy_process_group()


def _used(work: Callable[[], Any], wait: Callable[[], None] = lambda: None) -> tuple[Any, Use]:
    """Does some work; returns its result, which stays in memory, and what it used."""
    wait()
    free_unused()
    reset_peak()
    before, start = counts(), time.perf_counter()
    result = work()
    own = counts()  # of this rank alone
    wait()
    seconds = time.perf_counter() - start
    return result, _difference(before, own, counts(), seconds)


def _difference(before: Counts, own: Counts, after: Counts, seconds: float) -> Use:
    return Use(
        seconds,
        own.peak - before.resident,
        own.read - before.read - before.counting,
        after.sent - before.sent,
        after.received - before.received,
        own.processor - before.processor,
    )


def _digest(model: Any) -> str | None:
    """The SHA-256 of all elements, on rank 0; None elsewhere. One tensor is gathered at a time.

    FSDP2 splits the first axis in the order of the ranks, so that the elements of a tensor are those of rank 0, then
    those of rank 1, and so on.
    """
    import torch
    import torch.distributed as dist

    rank, ranks = dist.get_rank(), dist.get_world_size()
    digest = hashlib.sha256()
    for parameter in model.parameters():
        local = parameter.detach().to_local().contiguous().view(torch.uint8)
        if rank:
            dist.send(local, 0)
            continue
        digest.update(local.numpy())
        rows = parameter.shape[0]
        for other in range(1, ranks):
            held = min(-(-rows // ranks), max(0, rows - other * -(-rows // ranks)))
            part = torch.empty(held, *local.shape[1:], dtype=torch.uint8)
            if parameter.dim() == 1:
                part = part.new_empty(held * parameter.element_size())
            dist.recv(part, other)
            digest.update(part.numpy())
    return None if rank else digest.hexdigest()


def _shard(model: Any) -> str:
    """The SHA-256 of what this rank holds of the first matrix of the first layer."""
    import torch

    shard = model.layers[0].q.weight.detach().to_local().contiguous()
    return hashlib.sha256(shard.view(torch.uint8).numpy()).hexdigest()


def _drop_from_page_cache(files: Sequence[Path]) -> None:
    """Writes files to the disk and takes them out of the page cache, so that ranks read them from the disk."""
    for path in files:
        with open(path, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _run(function: Callable[..., dict[str, Any]], ranks: int, arguments: tuple[Any, ...], folder: Path) -> list[Any]:
    """Calls a function in processes of its own, which have imported PyTorch already; returns what each returned."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"{__package__}.preloaded"])
    (folder / "group").unlink(missing_ok=True)
    results = [folder / f"result-{rank}.json" for rank in range(ranks)]
    for path in results:
        path.unlink(missing_ok=True)
    processes = [
        context.Process(target=_process, args=(function, rank, ranks, folder, arguments), daemon=True)
        for rank in range(ranks)
    ]
    stop = time.monotonic() + _LIMIT
    try:
        for process in processes:
            process.start()
        while any(process.is_alive() for process in processes):
            failed = [rank for rank, process in enumerate(processes) if process.exitcode not in (None, 0)]
            if failed or time.monotonic() > stop:
                break
            processes[0].join(0.05) if processes[0].is_alive() else time.sleep(0.05)
    finally:
        for process in processes:
            if process.is_alive():
                process.kill()
            process.join()
    if not all(path.exists() for path in results):
        raise RuntimeError(f"{arguments[0]!r}: a rank of {ranks} failed (see above), or did not end within {_LIMIT} s")
    return [json.loads(path.read_text()) for path in results]


def _process(
    function: Callable[..., dict[str, Any]], rank: int, ranks: int, folder: Path, arguments: tuple[Any, ...]
) -> None:
    ctypes.CDLL(None).prctl(_SIGNAL_AT_DEATH_OF_PARENT, signal.SIGKILL)
    result = function(rank, ranks, folder, *arguments)
    (folder / f"result-{rank}.json").write_text(json.dumps(result))
