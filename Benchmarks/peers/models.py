"""GPT-2 in a module of PyTorch: winit.torch.init_ beside transformers' own initialization, in one process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .harness import Bench

PACKAGE = Path(__file__).parents[2] / "python" / "src"
PEER = Path(__file__).with_name("peer_init.py")


def measure(bench: Bench) -> None:
    """Adds the rows python.init.gpt2: how many times faster than GPT2LMHeadModel(config) a module is ready."""
    child = subprocess.Popen(
        [sys.executable, str(PEER)],
        cwd=bench.work,
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdin and child.stdout and child.stderr
    source, answers = child.stdin, child.stdout
    backend = answers.readline().strip()
    if not backend:
        lines = child.stderr.read().strip().splitlines()
        bench.note(f"python.init.gpt2 is left out: {lines[-1] if lines else 'the process ended'}")
        child.wait()
        return

    def seconds(task: str) -> float:
        source.write(task + "\n")
        source.flush()
        return float(answers.readline())

    tasks = ("library", "recipe", "seed")
    times = bench.rotate("GPT-2 in PyTorch", {task: lambda task=task: seconds(task) for task in tasks})  # type: ignore[misc]
    source.close()
    child.wait()
    bench.value("python.init.gpt2.ms", [1000 * each for each in times["recipe"]])
    for task, name in (("recipe", "python.init.gpt2/transformers"), ("seed", "python.init.gpt2.seed/transformers")):
        rounds = [library / own for library, own in zip(times["library"], times[task], strict=True)]
        bench.ratio(name, rounds)
    if backend != "native":
        bench.note(f"python.init.gpt2 was measured with the backend {backend}")
