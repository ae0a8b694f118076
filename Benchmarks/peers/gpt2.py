"""create, get and verify of GPT-2 (124 M parameters, 498 MB), beside SHA-256, the disk and PyTorch."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from .harness import GPT2_BYTES, SPECS, Bench, ratios


def create(bench: Bench, registry: str, *more: str, peak: str | None = None) -> float:
    """Creates GPT-2; returns the time in seconds."""
    spec = SPECS / "gpt2.yaml"
    return bench.run("create", "gpt2", "--spec", spec, "--seed", 1, "--registry", registry, *more, peak=peak)


def sha256_rate() -> float | None:
    """Bytes per second of SHA-256 on one core, as OpenSSL measures itself; None if it is missing."""
    if not shutil.which("openssl"):
        return None
    text = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "-bytes", "1048576", "-evp", "sha256"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ).stdout
    match = re.search(r"([\d.]+)k\s*$", text.strip())
    return float(match.group(1)) * 1000 if match else None


def sha256_seconds(cores: int) -> float:
    """Seconds to hash GPT-2 if all cores did nothing else."""
    rate = sha256_rate()
    if rate is None:
        sys.exit("openssl speed stopped reporting a rate")
    return GPT2_BYTES / (rate * cores)


class Torch:
    """A process with PyTorch that initializes the run's tensors. Its start is not measured."""

    def __init__(self, bench: Bench) -> None:
        manifest = subprocess.run(
            [bench.command, "show", "gpt2", "--manifest", "--registry", "recipe"],
            cwd=bench.work,
            check=True,
            stdout=subprocess.PIPE,
        ).stdout
        (bench.work / "gpt2.json").write_bytes(manifest)
        self.child = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("peer_model.py")), "gpt2.json", "t.safetensors"],
            cwd=bench.work,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.child.stdin and self.child.stdout
        self.input, self.output = self.child.stdin, self.child.stdout
        self.is_there = self.output.readline() == "ready\n"

    def seconds(self, task: str) -> float:
        """The time of a task, "create" or "verify"."""
        self.input.write(task + "\n")
        self.input.flush()
        return float(self.output.readline())

    def close(self) -> None:
        self.input.close()
        self.child.wait()


def measure_verify(bench: Bench, torch: Torch) -> None:
    def verify() -> float:
        return bench.run("verify", "gpt2", "--registry", "recipe", peak="verify.gpt2.peak.mb")

    def diagnose() -> float:
        return bench.run("diagnose", "gpt2", "--registry", "recipe", peak="diagnose.gpt2.peak.mb")

    contenders: dict[str, Callable[[], float]] = {"ours": verify, "diagnose": diagnose}
    has_openssl = sha256_rate() is not None
    if has_openssl:
        contenders["sha256"] = lambda: sha256_seconds(bench.cores)
    else:
        bench.note("openssl is not installed: verify/sha256 is left out")
    if torch.is_there:
        torch.seconds("create")
        contenders["torch"] = lambda: torch.seconds("verify")
    seconds = bench.rotate("verify", contenders)
    bench.value("verify.gpt2.GBps", [GPT2_BYTES / s / 1e9 for s in seconds["ours"]])
    bench.value("diagnose/verify", [d / v for v, d in zip(seconds["ours"], seconds["diagnose"], strict=True)])
    for peer in ("sha256", "torch"):
        bench.ratio(f"verify/{peer}", ratios(seconds, peer, "ours"))
    if has_openssl:
        bench.value("sha256.core.GBps", [GPT2_BYTES / s / 1e9 / bench.cores for s in seconds["sha256"]])


def measure_disk(bench: Bench, torch: Torch) -> None:
    """Measures create and get beside a write of the same bytes to the same disk, with an fsync."""

    def copy(flush_every: int | None = None) -> float:
        bench.rest("copy.")
        start = time.perf_counter()
        with (
            open(bench.work / "source", "rb", buffering=0) as source,
            open(bench.work / "copy.safetensors", "wb", buffering=0) as target,
        ):
            while block := source.read(1 << 20):
                target.write(block)
                if flush_every and target.tell() % flush_every == 0:
                    os.fsync(target.fileno())
            os.fsync(target.fileno())
        return time.perf_counter() - start

    def get(registry: str, name: str) -> float:
        bench.rest(name)
        return bench.run("get", "gpt2", "--registry", registry, "-o", name, peak=f"get.{registry}.peak.mb")

    def created() -> float:
        bench.rest("fresh")
        return create(bench, "fresh", peak="create.gpt2.peak.mb")

    def torch_create() -> float:
        bench.rest("t.")
        return torch.seconds("create")

    bench.run("get", "gpt2", "--registry", "recipe", "-o", "source")
    create(bench, "stored")
    contenders: dict[str, Callable[[], float]] = {
        "write": copy,
        # A plain write that is flushed every 17 MiB, the size of a batch of chunks. A transaction of create has one to
        # three times as many bytes, and five flushes.
        "flushed": lambda: copy(flush_every=17 << 20),
        "create": created,
        "stored": lambda: get("stored", "a.safetensors"),
        "regenerated": lambda: get("recipe", "b.safetensors"),
    }
    if torch.is_there:
        contenders["torch"] = torch_create
    seconds = bench.rotate("create and get", contenders)
    bench.value("write.GBps", [GPT2_BYTES / s / 1e9 for s in seconds["write"]])
    bench.ratio("create/write", ratios(seconds, "write", "create"))
    bench.ratio("create/write.17mb", ratios(seconds, "flushed", "create"))
    bench.ratio("create/torch", ratios(seconds, "torch", "create"))
    bench.ratio("get.stored/copy", ratios(seconds, "write", "stored"))
    bench.ratio("get.regenerated/copy", ratios(seconds, "write", "regenerated"))
    bench.clear("stored", "fresh", "copy.", "source", "a.", "b.", "t.")


def measure(bench: Bench) -> None:
    create(bench, "recipe", "--recipe-only")
    torch = Torch(bench)
    if not torch.is_there:
        bench.note("torch or safetensors is not installed: verify/torch and create/torch are left out")
    measure_verify(bench, torch)
    measure_disk(bench, torch)
    torch.close()
