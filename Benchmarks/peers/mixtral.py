"""Mixtral 8x7B (46.7 G parameters, bfloat16): create as a recipe, and the id by several processes of winit.dist."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from . import shapes
from .gpt2 import sha256_rate
from .harness import Bench

ROOT = Path(__file__).parents[2]
PATH = (ROOT / "python" / "src", ROOT / "Benchmarks")
LAYERS = 2
WORLDS = (1, 2, 4)
BYTES = 93_405_585_408


def measure_create(bench: Bench) -> None:
    """Adds the rows of create: the whole model as a recipe, beside SHA-256 of its bytes on all cores; and memory."""
    bench.say("Mixtral 8x7B, recipe only …")
    (bench.work / "mixtral.yaml").write_text(shapes.spec(shapes.mixtral(), "bfloat16"))
    create = ("create", "mixtral", "--spec", "mixtral.yaml", "--recipe-only", "--registry", "mixtral")
    rates, ratios = [], []
    for number in range(min(2, bench.rounds)):
        rates.append(BYTES / bench.run(*create, "--seed", number, peak="create.mixtral.peak.mb"))
        limit = sha256_rate()
        if limit:
            ratios.append(rates[-1] / (limit * bench.cores))
    bench.value("create.mixtral.GBps", [rate / 1e9 for rate in rates])
    bench.ratio("create.mixtral/sha256", ratios)
    bench.clear("mixtral")


def distributed(bench: Bench, world: int) -> dict[str, Any]:
    """What peer_dist.py reports of a number of processes.

    Raises:
        RuntimeError: A process failed, for example because torch is not installed.
    """
    done = subprocess.run(
        [sys.executable, "-m", "peers.peer_dist", str(world), str(LAYERS)],
        cwd=bench.work,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, PATH))},
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the process ended")
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def measure(bench: Bench) -> None:
    """Adds the rows python.id.mixtral and python.verify.mixtral: how many times faster than one process."""
    reports: dict[int, list[dict[str, Any]]] = {world: [] for world in WORLDS}

    def seconds(world: int) -> float:
        reports[world].append(distributed(bench, world))
        return float(reports[world][-1]["id"])

    try:
        bench.rotate("Mixtral", {str(world): lambda world=world: seconds(world) for world in WORLDS})  # type: ignore[misc]
    except RuntimeError as error:
        bench.note(f"python.id.mixtral is left out: {error}")
        return
    for task in ("id", "verify"):
        for world in WORLDS[1:]:
            pairs = zip(reports[1], reports[world], strict=True)
            rounds = [one[task] / many[task] for one, many in pairs]
            busiest = [
                one["processor"] / many["processor"] for one, many in zip(reports[1], reports[world], strict=True)
            ]
            bench.ratio(f"python.{task}.mixtral.{world}/1", rounds)
            if task == "id":
                bench.ratio(f"python.id.mixtral.{world}/1.processor", busiest)
    bench.value("python.id.mixtral.gb/s", [one["bytes"] / one["id"] / 1e9 for one in reports[1]])
    bench.peaks["python.id.mixtral.peak.mb"] = max(one["peak"] for each in reports.values() for one in each)
