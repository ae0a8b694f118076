"""A model of 4 GB: create beside a plain write with one fsync, readers during it, and verify by numbers of threads."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import shapes
from .harness import Bench, Usage, ratios

TENSORS = 60
SHAPE = (4096, 4096)
BYTES = TENSORS * SHAPE[0] * SHAPE[1] * 4
POLLER = Path(__file__).parents[2] / "stress" / "poller.py"
ROUNDS = 3
"""The maximum number of rounds: each writes 12 GB."""


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]


def plain_write(path: Path) -> float:
    """Writes random bytes, and flushes them once; returns the seconds."""
    # One MiB, of which each copy gets a number, so that no two are equal: this process must stay smaller than the
    # commands whose memory it measures.
    block = bytearray(os.urandom(1 << 20))
    start = time.perf_counter()
    with open(path, "wb", buffering=0) as file:
        for number in range(BYTES >> 20):
            block[:8] = number.to_bytes(8, "little")
            file.write(block)
        os.fsync(file.fileno())
    return time.perf_counter() - start


class Readers:
    """What two readers of a registry waited while `create` wrote to it: a connection, and whole commands."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.connection: list[float] = []
        """The 99th percentile over one connection, in ms, for each round."""
        self.commands: list[float] = []
        """The 99th percentile of `show` and `list` in turn, in ms, for each round."""

    def beside(self, registry: str, create: Callable[[], float]) -> float:
        """Runs `create` with the readers beside it; returns its seconds."""
        poller = subprocess.Popen(
            [sys.executable, str(POLLER), str(self.bench.work / registry)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert poller.stdin and poller.stdout
        poller.stdout.readline()
        waits: list[float] = []
        commands = (("show", "small"), ("list",))
        try:
            with ThreadPoolExecutor(1) as pool:
                created = pool.submit(create)
                while not created.done():
                    waits.append(self.bench.run(*commands[len(waits) % 2], "--registry", registry))
                seconds = created.result()
            polled, errors = json.loads(poller.communicate()[0])
        finally:
            poller.kill()
            poller.wait()
        if errors:
            sys.exit(f"a reader of the registry failed beside a create: {errors[0]}")
        self.connection.append(1000 * percentile(polled, 0.99))
        self.commands.append(1000 * percentile(waits, 0.99))
        return seconds


def measure_disk(bench: Bench) -> None:
    """Adds the rows of create with bytes, and of the readers beside it."""
    needed = BYTES + (1 << 30)  # the registry, or the plain file, and some room
    if (free := shutil.disk_usage(bench.work).free) < needed:
        bench.note(f"create.4gb is left out: it needs {needed / 1e9:.0f} GB of disk, and {free / 1e9:.1f} GB are free")
        return
    readers = Readers(bench)
    (bench.work / "small.yaml").write_text(shapes.spec({"w": (256, 1024)}, "float32"))
    create = ("create", "large", "--spec", "large.yaml", "--seed", 1)

    def write() -> float:
        bench.rest("big", "plain")
        return plain_write(bench.work / "plain")

    def created() -> float:
        bench.rest("big", "plain")
        return bench.run(*create, "--registry", "big", peak="create.4gb.peak.mb")

    def read() -> float:
        bench.rest("big", "plain")
        bench.run("create", "small", "--spec", "small.yaml", "--seed", 1, "--registry", "big")
        return readers.beside("big", lambda: bench.run(*create, "--registry", "big"))

    contenders = {"write": write, "create": created, "readers": read}
    seconds = bench.rotate("create of 4 GB", contenders, at_most=ROUNDS)
    bench.clear("big", "plain", "small")
    bench.value("write.4gb.GBps", [BYTES / s / 1e9 for s in seconds["write"]])
    bench.ratio("create.4gb/write", ratios(seconds, "write", "create"))
    bench.ratio("create.4gb.readers/write", ratios(seconds, "write", "readers"))
    bench.value("readers.p99.ms", readers.connection)
    bench.value("readers.command.p99.ms", readers.commands)


def measure_threads(bench: Bench) -> None:
    """Adds the rows of the processor time of verify, with 1, 2, 4, … threads, and with all."""
    bench.run("create", "large", "--spec", "large.yaml", "--seed", 1, "--recipe-only", "--registry", "recipe4gb")
    counts = sorted({bench.cores, *(1 << i for i in range(bench.cores.bit_length()) if 1 << i <= bench.cores)})
    used: dict[int, list[Usage]] = {count: [] for count in counts}

    def verify(threads: int) -> float:
        used[threads].append(bench.usage("verify", "large", "--threads", threads, "--registry", "recipe4gb"))
        return used[threads][-1].seconds

    contenders = {f"{count} threads": lambda count=count: verify(count) for count in counts}
    bench.rotate("verify by threads", contenders, at_most=ROUNDS)
    bench.clear("recipe4gb")
    for count in counts:
        bench.value(f"verify.cpu.{count}.ms/GB", [1e12 * each.processor / BYTES for each in used[count]])
    if bench.cores > 1:
        pairs = zip(used[bench.cores], used[1], strict=True)
        bench.value("verify.cpu/threads", [all_.processor / one.processor for all_, one in pairs])


def measure(bench: Bench) -> None:
    (bench.work / "large.yaml").write_text(shapes.spec({f"layers.{i}": SHAPE for i in range(TENSORS)}, "float32"))
    measure_disk(bench)
    measure_threads(bench)
