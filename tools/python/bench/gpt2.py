"""create, get and verify of GPT-2 (124 M parameters, 498 MB), against the hash, the disk and PyTorch."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

from harness import CORES, GPT2_BYTES, SPECS


def create(bench, registry, *more, peak=None):
    return bench.run(
        "create", "gpt2", "--spec", SPECS / "gpt2.yaml", "--seed", 1, "--registry", registry, *more, peak=peak)


def sha256_rate():
    """Bytes a second of SHA-256 on one core, as OpenSSL measures itself; None without it."""
    if not shutil.which("openssl"):
        return None
    text = subprocess.run(
        ["openssl", "speed", "-seconds", "1", "-bytes", "1048576", "-evp", "sha256"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True).stdout
    match = re.search(r"([\d.]+)k\s*$", text.strip())
    return float(match.group(1)) * 1000 if match else None


class Torch:
    """A process with PyTorch that initializes the run's tensors. Starting it is not counted."""

    def __init__(self, bench):
        manifest = subprocess.run(
            [bench.command, "show", "gpt2", "--manifest", "--registry", "recipe"], cwd=bench.work, check=True,
            stdout=subprocess.PIPE).stdout
        (bench.work / "gpt2.json").write_bytes(manifest)
        self.child = subprocess.Popen(
            [sys.executable, pathlib.Path(__file__).with_name("peer_model.py"), "gpt2.json", "t.safetensors"],
            cwd=bench.work, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.is_there = self.child.stdout.readline() == "ready\n"

    def seconds(self, task):
        self.child.stdin.write(task + "\n")
        self.child.stdin.flush()
        return float(self.child.stdout.readline())

    def close(self):
        self.child.stdin.close()
        self.child.wait()


def measure_verify(bench, torch):
    contenders = {"ours": lambda: bench.run("verify", "gpt2", "--registry", "recipe", peak="verify.gpt2.peak.mb")}
    limit = sha256_rate()
    if limit:
        # Seconds for the same bytes, were all cores to do nothing but hash.
        contenders["sha256"] = lambda: GPT2_BYTES / (sha256_rate() * CORES)
    else:
        bench.note("openssl is not here: verify/sha256 is left out")
    if torch.is_there:
        torch.seconds("create")
        contenders["torch"] = lambda: torch.seconds("verify")
    seconds = bench.rotate("verify", contenders)
    bench.value("verify.gpt2.GBps", [GPT2_BYTES / s / 1e9 for s in seconds["ours"]])
    for peer, aim in (("sha256", 0.65), ("torch", None)):
        bench.ratio(f"verify/{peer}", [p / s for p, s in zip(seconds.get(peer, []), seconds["ours"])], aim)
    if limit:
        bench.value("sha256.core.GBps", [GPT2_BYTES / s / 1e9 / CORES for s in seconds["sha256"]])


def measure_disk(bench, torch):
    """Against writing the same bytes to the same disk, with an fsync. Every contender finds the disk at rest: what it
    wrote the round before is gone, everything else is flushed, and the blocks given back have been told to the disk."""

    def at_rest(*names):
        bench.clear(*names)
        os.sync()
        time.sleep(2)

    def copy(flush_every=None):
        at_rest("copy.")
        start = time.perf_counter()
        with open(bench.work / "source", "rb", buffering=0) as source:
            with open(bench.work / "copy.safetensors", "wb", buffering=0) as target:
                while block := source.read(1 << 20):
                    target.write(block)
                    if flush_every and target.tell() % flush_every == 0:
                        os.fsync(target.fileno())
                os.fsync(target.fileno())
        return time.perf_counter() - start

    def get(registry, name):
        at_rest(name)
        return bench.run("get", "gpt2", "--registry", registry, "-o", name, peak=f"get.{registry}.peak.mb")

    def created():
        at_rest("fresh")
        return create(bench, "fresh", peak="create.gpt2.peak.mb")

    def torch_create():
        at_rest("t.")
        return torch.seconds("create")

    bench.run("get", "gpt2", "--registry", "recipe", "-o", "source")
    create(bench, "stored")
    contenders = {
        # A registry that others read meanwhile flushes each transaction, so this is what create could reach at best.
        "write": copy, "flushed": lambda: copy(flush_every=17 << 20), "create": created, "stored": lambda: get("stored", "a.safetensors"),
        "regenerated": lambda: get("recipe", "b.safetensors"),
    }
    if torch.is_there:
        contenders["torch"] = torch_create
    seconds = bench.rotate("create and get", contenders)

    def ratios(peer, ours):
        return [p / s for p, s in zip(seconds.get(peer, []), seconds[ours])]

    bench.value("write.GBps", [GPT2_BYTES / s / 1e9 for s in seconds["write"]])
    bench.ratio("create/write", ratios("write", "create"), 0.8)
    bench.ratio("create/write.17mb", ratios("flushed", "create"))
    bench.ratio("create/torch", ratios("torch", "create"))
    bench.ratio("get.stored/copy", ratios("write", "stored"), 0.8)
    bench.ratio("get.regenerated/copy", ratios("write", "regenerated"), 1.0)
    bench.clear("stored", "fresh", "copy.", "source", "a.", "b.", "t.")


def measure(bench):
    create(bench, "recipe", "--recipe-only")
    torch = Torch(bench)
    if not torch.is_there:
        bench.note("torch or safetensors is not installed: verify/torch and create/torch are left out")
    measure_verify(bench, torch)
    measure_disk(bench, torch)
    torch.close()
