"""Mixtral 8x7B by several processes: winit.dist over torch.distributed, each process on one thread."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .harness import CORES, Bench

PACKAGE = Path(__file__).parents[2] / "python" / "src"
LAYERS = 2
WORLDS = (1, 2, 4)


def measure(bench: Bench) -> None:
    """Adds the rows python.id.mixtral and python.verify.mixtral: how many times faster than one process."""
    reports: dict[int, list[dict[str, Any]]] = {world: [] for world in WORLDS}

    def seconds(world: int) -> float:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("peer_dist.py")), str(world), str(LAYERS)],
            cwd=bench.work,
            env={**os.environ, "PYTHONPATH": str(PACKAGE)},
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "the process ended")
        reports[world].append(json.loads(done.stdout))
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
            aim = 0.9 * world if world <= CORES else None
            bench.ratio(f"python.{task}.mixtral.{world}/1", rounds, at_least=aim)
            if task == "id":
                bench.ratio(f"python.id.mixtral.{world}/1.processor", busiest, at_least=0.9 * world)
    bench.value("python.id.mixtral.gb/s", [one["bytes"] / one["id"] / 1e9 for one in reports[1]])
    bench.peaks["python.id.mixtral.peak.mb"] = max(one["peak"] for each in reports.values() for one in each)
